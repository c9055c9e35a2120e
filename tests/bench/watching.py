"""What watching costs a call and a look, and what it says of the real demo athlete.

    python -m tests.bench.watching [--calls 400]

Makes a demo store, times ``get_activities`` through the gate with the pace of its
recipient checked and unchecked in alternating rounds, the check alone, and a look at
the log after one call and at a full step of rows. Then a month of ordinary use and each
misuse script are replayed on copies of the whole demo athlete.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.house import gate_on
from pierre_mcp.gate.temporary import demo_store
from pierre_mcp.model.caller import Call, Owner, Recipient, System
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents, watching
from pierre_mcp.settings import Settings
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.watching import ordinary
from tests.watching.misuse import EXPECTED
from tests.watching.stage import Stage

LABELS = ("claude-desktop", "other-assistant")
OWNER = Owner()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    asked = parser.parse_args()
    costs(asked.calls)
    played("an ordinary month", a_month)
    for script, rule in EXPECTED.items():
        played(f"{script.__name__} ({rule})", script)


def a_month(stage: Stage) -> None:
    """Play four ordinary weeks."""
    for week in range(4):
        ordinary.a_week(stage, 7 * week)


class DemoWorld:
    """What a stage needs of a world, on a demo store."""

    def __init__(self, store: Store, gate: Gate, clock: StillClock) -> None:
        self.store, self.gate, self.clock = store, gate, clock


def on_demo(play: Callable[[DemoWorld], object]) -> None:
    """Play on the whole demo athlete, with everything given."""
    clock = StillClock()
    with tempfile.TemporaryDirectory() as directory:
        there = Path(directory)
        settings = Settings(there / "data", there / "config")
        with demo_store(settings, clock=clock) as (temporary, open_):
            store = open_()
            gate = gate_on(store, temporary, clock)
            for label, extras in (
                (LABELS[0], (Category.LOCATION, Category.NOTES)),
                (LABELS[1], ()),
            ):
                given(gate, label, extras)
            try:
                play(DemoWorld(store, gate, clock))
            finally:
                store.close()


def given(gate: Gate, label: str, extras: tuple[Category, ...]) -> None:
    """Give the bundle."""
    scopes = training(
        label, sources=("strava", "files"), tools=table().readers(), extras=extras
    )

    def work(tx: Tx, grant: Grant) -> None:
        consents.give(tx, grant, label, scopes, expires_at=None)

    gate.widen(Call(OWNER, "consent grant", "bench"), work)


def costs(calls: int) -> None:
    """Time calls with and without the check, the check alone, and looks."""

    def play(world: DemoWorld) -> None:
        gate, clock, store = world.gate, world.clock, world.store
        call = Call(Recipient(LABELS[0]), "get_activities", "bench")
        pacing, took = gate._pacing, {True: list[float](), False: list[float]()}
        check = pacing.check
        for number in range(calls):
            checked = number % 2 == 0
            pacing.check = check if checked else lambda *_: None  # type: ignore[method-assign]
            clock.pass_s(1.0)
            began = time.perf_counter()
            answer = gate.serve(call, {})
            took[checked].append(time.perf_counter() - began)
            assert not answer.is_error, answer.text
        pacing.check = check  # type: ignore[method-assign]
        with_, without = (statistics.median(took[is_]) for is_ in (True, False))
        say(f"get_activities: {with_ * 1e6:.0f} us checked, {without * 1e6:.0f} us not")
        with store.reading() as tx:
            who = gate._admit.concerned(tx)
            alone = timed(lambda: check(tx, call, who), 2_000)
        say(f"the check alone: {alone * 1e6:.1f} us")
        scan = Call(System(), "security scan", "bench")
        while gate.watch(scan).more:
            pass
        looks = []
        for _ in range(50):
            clock.pass_s(1.0)
            gate.serve(call, {})
            began = time.perf_counter()
            gate.watch(scan)
            looks.append(time.perf_counter() - began)
        say(f"a look after one call: {statistics.median(looks) * 1e3:.2f} ms")
        for _ in range(watching.ROWS_A_LOOK):
            clock.pass_s(1.0)
            gate.serve(call, {})
        began = time.perf_counter()
        gate.watch(scan)
        full = time.perf_counter() - began
        say(f"a look at {watching.ROWS_A_LOOK} rows: {full * 1e3:.1f} ms")

    on_demo(play)


def timed(work: Callable[[], object], times: int) -> float:
    """Return the median of several runs of so many, seconds each."""
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter() - began) / times)
    return statistics.median(rounds)


def played(name: str, script: Callable[[Stage], object]) -> None:
    """Replay a script, and say what it raised."""

    def play(world: DemoWorld) -> None:
        stage = Stage(world)  # type: ignore[arg-type]
        script(stage)
        stage.scan()
        say(f"{name}: {', '.join(sorted(stage.rules())) or 'nothing'}")

    on_demo(play)


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
