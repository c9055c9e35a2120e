"""How long the report over a long log takes, and how large its page is.

    python -m tests.bench.report [--rows 100000] [--keep DIRECTORY]

Makes a log of that many rows over two years, a burst a day: two assistants, refusals,
the owner's acts, key rotations and words that try to be markup. Then times checking the
log, reporting on all of it beside that, and each way of writing it.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np

from pierre_mcp.formats.audit_writing import as_json, as_table, json_text
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.audit_report import Period, Report, SectionName
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.pictures.audit_page import page
from pierre_mcp.services.auditing.export import CSV, OCSF, Exporting, exported
from pierre_mcp.services.auditing.report import Asked, reported
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import audit
from pierre_mcp.store.database import Store
from pierre_mcp.tools.catalogue import table
from tests.bench.path import say
from tests.fakes import StillClock
from tests.stores import a_store, owner_of

T = TypeVar("T")
DAYS = 730
BEGUN = datetime(2024, 3, 1, tzinfo=UTC)
_BATCH = 2_000
TOOLS = ("get_activities", "analyze_training_load", "get_activity", "get_stats")
OPEN = ("files:activities", "files:heart_rate", "files:power", "strava:activities")


def main() -> None:
    """Make the log, time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="Write the page here.")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        a_store(Path(directory) / "s") as s,
    ):
        made = perf_counter()
        fill(s, asked.rows)
        say(f"{asked.rows} rows made in {perf_counter() - made:.1f} s")
        told = measure(s)
    if asked.keep is not None:
        asked.keep.write_text(page(told), "utf-8")


def measure(store: Store) -> Report:
    """Time each part, and return the report."""
    clock = StillClock(BEGUN + timedelta(days=DAYS))
    gate = Gate(store, table(), clock, About("pierre-mcp", "bench"))
    call = Call(Owner(), "audit report", "bench")
    days = Period(BEGUN.date(), clock.now().date())
    asked = Asked(days, tuple(SectionName), clock.now())
    checking = timed("check the log", lambda: gate.maintain(call, verify_log))[1]
    told, whole = timed(
        "check and report", lambda: gate.maintain(call, partial(reported, asked=asked))
    )
    say(f"  of which reporting: {whole - checking:.2f} s")
    for name, write in (
        ("page", lambda: page(told)),
        ("JSON", lambda: json_text(as_json(told))),
        ("table", lambda: "".join(as_table(told))),
    ):
        size = len(timed(f"write the {name}", write)[0].encode())
        say(f"  {size / 1e6:.2f} MB")
    for form in (OCSF, CSV):
        sizes: list[int] = []
        to = Exporting(lambda text: sizes.append(len(text)), form, days, "bench")  # noqa: B023 - called in this turn
        timed(
            f"check and export {form}",
            lambda: gate.maintain(call, partial(exported, to=to)),  # noqa: B023 - likewise
        )
        say(f"  {sum(sizes) / 1e6:.1f} MB")
    return told


def timed(what: str, work: Callable[[], T]) -> tuple[T, float]:
    """Do it, say how long it took, and return both."""
    begun, busy = perf_counter(), process_time()
    done = work()
    took, busy = perf_counter() - begun, process_time() - busy
    say(f"{what}: {took:.2f} s ({busy:.2f} s of a processor)")
    return done, took


def fill(store: Store, rows: int) -> None:
    """Append rows to the log, in steps of some thousand."""
    who = owner_of(store)
    lines = enumerate(made(rows))
    for _ in range(0, rows, _BATCH):
        with store.writing() as tx:
            for _, (place, line) in zip(range(_BATCH), lines, strict=False):
                day, within = divmod(place * DAYS, rows)
                at = BEGUN + timedelta(days=day, seconds=3 * within // DAYS)
                audit.append(tx, line, now=at, who=who)


def made(rows: int) -> Iterator[Line]:
    """Give lines as two assistants, an owner and a server leave them."""
    chance = np.random.default_rng(7)
    for place, roll in enumerate(chance.random(rows)):
        session = f"session-{place // 400}"
        if roll < 0.004:
            yield act("keys rotate", Event.KEY_ROTATION, session, caller="system")
        elif roll < 0.02:
            yield act("consent grant", Event.ADMINISTRATIVE_ACTION, session)
        elif roll < 0.05:
            yield act("initialize", Event.SESSION, session, risk=Risk.LOW)
        elif roll < 0.052:
            yield act("consent passphrase", Event.UNAUTHORISED_ACCESS, session)
        else:
            yield answered(place, float(roll), session)


def act(
    action: str,
    event: Event,
    session: str,
    *,
    caller: str = "owner",
    risk: Risk = Risk.MEDIUM,
) -> Line:
    """A line of the owner's, or of the program's."""
    return Line(
        event=event,
        risk=risk,
        outcome=Outcome.DONE,
        door="cli" if caller == "owner" else "system",
        action=action,
        caller=caller,
        session=session,
        policy_epoch=3,
    )


def answered(place: int, roll: float, session: str) -> Line:
    """A line of an assistant's call; some are refused, some fail."""
    refused, failed = roll < 0.09, roll > 0.985
    outcome = Outcome.RELEASED
    if refused or failed:
        outcome = Outcome.REFUSED if refused else Outcome.FAILED
    left = outcome is Outcome.RELEASED
    tool = (
        "<script>alert(1)</script>" if place % 997 == 0 else TOOLS[place % len(TOOLS)]
    )
    return Line(
        event=Event.UNAUTHORISED_ACCESS if refused else Event.DATA_ACCESS,
        risk=Risk.MEDIUM if refused else Risk.LOW,
        outcome=outcome,
        door="mcp",
        action=tool,
        caller="recipient",
        session=session,
        recipient="claude-desktop" if roll < 0.8 else "coach-bot",
        code="consent_missing" if refused else "internal" if failed else "",
        policy_epoch=3,
        opened=OPEN[: 1 + place % len(OPEN)] if left else (),
        arguments="0" * 32,
        answer="1" * 32 if left else "",
        size=1_800 if left else 0,
    )


if __name__ == "__main__":
    main()
