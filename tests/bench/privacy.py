"""How much of a call goes into consent, levels and classes.

    python -m tests.bench.privacy [--activities 2000] [--calls 300] [--rounds 3]

Runs the real server with a timer around each function that weighs consent (the policy
opened and held against the log, before and at release), treats fields by level, or
looks up what a field declares; a client calls ``get_activities`` over stdio, at each
level, with a privacy zone. Prints the median of a call as the client sees it, and the
share of these three: of that, and of the gate's own part of it.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import Any

from pierre_mcp import app
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate import treating
from pierre_mcp.gate.admission import Admission
from pierre_mcp.gate.exits import Exit
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.scope import access
from pierre_mcp.services import consents, places, privacy
from pierre_mcp.tools.catalogue import table
from tests.bench.path import RECIPIENT, TOOL, fill, say
from tests.bench.path import settle as settle_home
from tests.bench.stdio_floor import Raw, latencies_s
from tests.stores import a_store

SPENT: Counter[str] = Counter()
WATCHED = (
    ("consent", Admission, "_weighed"),
    ("consent", Admission, "still_holds"),
    ("level", Exit, "incoming"),
    ("level", Exit, "leveled"),
    ("class", treating, "plan"),
    ("gate", Gate, "serve"),
)
REPORT_AT = "BENCH_REPORT"
ZONE = PrivacyZone(lat_deg=47.37, lon_deg=8.54, radius_m=400)


def main() -> None:
    """Make the store, serve, print; or be the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=2_000)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    if REPORT_AT in os.environ:
        serve(Path(os.environ[REPORT_AT]))
        return
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settle_home(root)
        os.environ[REPORT_AT] = str(root / "spent.json")
        fill(root / "data" / "default", asked.activities)
        with a_store(root / "data" / "default") as store:
            gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
            settle(gate)
            rounds: dict[Level, list[tuple[list[float], dict[str, float]]]] = {}
            for _ in range(asked.rounds):
                for level in Level:
                    choose(gate, level)
                    rounds.setdefault(level, []).append(measured(asked.calls))
        for level, found in rounds.items():
            report(level, found)


def serve(report_at: Path) -> None:
    """Be the server, timed; tell at the end where the time went."""
    for kind, owner, name in WATCHED:
        setattr(owner, name, timed(kind, getattr(owner, name)))
    status = app.run(["serve", "--client", RECIPIENT])
    report_at.write_text(json.dumps(SPENT))
    sys.exit(status)


def timed(kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Add what ``work`` takes to its kind's account."""

    @wraps(work)
    def watched(*args: Any, **kwargs: Any) -> Any:
        begun = perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            SPENT[kind] += perf_counter() - begun  # type: ignore[assignment]

    return watched


def settle(gate: Gate) -> None:
    """Give places and names too, and a zone."""
    extras = (access("files", Category.LOCATION), access("files", Category.NOTES))

    def work(tx: Any, grant: Any) -> None:
        consents.give(tx, grant, RECIPIENT, extras, expires_at=None)
        places.hide(tx, grant, [ZONE])

    gate.widen(Call(Owner(), "consent", "bench"), work)


def choose(gate: Gate, level: Level) -> None:
    gate.widen(
        Call(Owner(), "privacy set", "bench"),
        lambda tx, grant: privacy.choose(tx, grant, RECIPIENT, level),
    )


def measured(calls: int) -> tuple[list[float], dict[str, float]]:
    """Return what each of so many calls took, and what the server spent in all."""
    client = Raw([sys.executable, "-m", "tests.bench.privacy"])
    took = latencies_s(client, TOOL, "{}", calls)
    client.close()
    return took, json.loads(Path(os.environ[REPORT_AT]).read_text())


def report(level: Level, rounds: list[tuple[list[float], dict[str, float]]]) -> None:
    """Say where the time went, over all rounds."""
    took = [one for times, _ in rounds for one in times]
    spent = {kind: sum(of.get(kind, 0) for _, of in rounds) for kind in rounds[0][1]}
    # A class is looked up within the levelling, and counted there.
    both = spent["consent"] + spent["level"]
    said = ", ".join(
        f"{kind} {100 * spent[kind] / sum(took):.1f} %"
        for kind in ("consent", "level", "class")
    )
    say(f"{level}: median {statistics.median(took) * 1e3:.2f} ms; {said} (in level); "
        f"together {100 * both / sum(took):.1f} %, of the gate's part "
        f"{100 * both / spent['gate']:.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
