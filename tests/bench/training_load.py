"""Training load to today over a whole history, beside reading its rows.

    python -m tests.bench.training_load [--activities 8000] [--rounds 11]

Makes a store of 8,000 activities over ten years, with heart rate, every third of them
with power too, and thresholds. In alternating rounds it times ``analyze_training_load``
over all time as a recipient calls it (gate, consent, level, log); the tool alone,
without gate and log; the loads of activities that were read; and reading the rows, with
the details that loads need. Prints medians and how much each takes above reading.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import HeartRateCell, PowerCell
from pierre_mcp.model.details import (
    ActivityDetail,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.policy.bundles import training as bundle
from pierre_mcp.services import consents, distribution, history, loads, training
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.load import LoadParams, analyze_training_load
from tests.bench.path import RECIPIENT, say, unlimited
from tests.stores import a_grant, a_recording, a_store, owner_grant, owner_of, put

YEARS = 10
FIRST = date(2000, 1, 1)
TOLD = {
    Kind.FTP: 250.0,
    Kind.MAX_HEART_RATE: 190.0,
    Kind.THRESHOLD_HEART_RATE: 170.0,
    Kind.RESTING_HEART_RATE: 50.0,
    Kind.THRESHOLD_SPEED: 4.0,
    Kind.THRESHOLD_SWIM_SPEED: 1.2,
}


def main() -> None:
    """Make the store, time what is asked in turn, print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=11)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "data"
        with a_store(root) as store:
            fill(store, asked.activities)
            compare(store, asked.rounds)


def fill(store: Store, count: int) -> None:
    """Put activities into the store, evenly over the years, and give the bundle."""
    grant, rng = owner_grant(store), np.random.default_rng(7)
    today = SystemClock().now().date()
    days = [today - timedelta(n * 365 * YEARS // count) for n in range(count)]
    for first in range(0, count, 250):
        numbers = range(first, min(first + 250, count))
        put(store, grant, *(made(rng, days[n], n) for n in numbers))
    scopes = bundle(RECIPIENT, sources=["files"], tools=table().readers())
    gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
    gate.widen(
        Call(Owner(), "consent", "bench"),
        lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
    )
    unlimited(gate)
    store.checkpoint()


def made(rng: np.random.Generator, day: date, number: int) -> NewRecording:
    """Return an hour with 90 bins of heart rate, or a ride with 300 of power too."""
    one = a_recording(day=str(day), bare=True)
    beats = Histogram(first=90, seconds=tuple(rng.integers(0, 80, 90).tolist()))
    curve = tuple(np.linspace(190, 120, 37))
    found: dict[str, Any] = {
        "heart_rate": HeartRateCell(mean_bpm=140, max_bpm=180, measured_s=3_600),
        "details": {
            Category.ACTIVITIES: ActivityDetail(mean_max_speed_m_s=curve),
            Category.HEART_RATE: HeartRateDetail(bpm=beats, mean_max_bpm=curve),
        },
    }
    if number % 3 == 0:
        watts = Histogram(first=0, seconds=tuple(rng.integers(0, 24, 300).tolist()))
        found["sport"] = Sport.CYCLING
        found["power"] = PowerCell(
            mean_power_w=180, max_power_w=600, normalized_power_w=200, measured_s=3_600
        )
        found["details"][Category.POWER] = PowerDetail(
            power=watts, mean_max_power_w=curve
        )
    if number % 100 == 0:
        found["athlete"] = tuple(
            Fact(kind=kind, value=value * (1 + number % 7 / 100), origin=Origin.SESSION)
            for kind, value in TOLD.items()
        )
    return replace(one, **found)


def compare(store: Store, rounds: int) -> None:
    """Time each in turn, over all time and over the default days."""
    gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
    grant = a_grant(owner_of(store), now=SystemClock().now())
    begin = {"from_day": str(FIRST)}
    details = loads.NEEDS | distribution.DETAILS
    with store.reading() as tx:
        got = training.trained(tx, grant, FIRST, grant.here.today, details=details)

    def served() -> Any:
        call = Call(Recipient(RECIPIENT), "analyze_training_load", "bench")
        answer = gate.serve(call, begin)
        if answer.is_error:
            raise SystemExit(answer.text)

    def by_default() -> Any:
        call = Call(Recipient(RECIPIENT), "analyze_training_load", "bench")
        gate.serve(call, {})

    def tool() -> Any:
        with store.reading() as tx:
            analyze_training_load(tx, grant, LoadParams(from_day=FIRST))

    def loaded() -> Any:
        loads.loads(got.found, got.in_force)

    def read() -> Any:
        with store.reading() as tx:
            history.read(tx, grant, Wanted(), details=details)

    say(f"{got.found.day.size} activities, {np.isfinite(got.of.tss).sum()} loads")
    for clock in (time.perf_counter, time.process_time):
        say(f"by {clock.__name__}:")
        timed(clock, (served, by_default, tool, loaded, read), rounds)


def timed(
    clock: Callable[[], float], works: tuple[Callable[[], Any], ...], rounds: int
) -> None:
    """Time each in turn; print medians, and what is above the last one's."""
    took: dict[Callable[[], Any], list[float]] = {work: [] for work in works}
    for _ in range(rounds):
        for work, times in took.items():
            began = clock()
            work()
            times.append((clock() - began) * 1e3)
    read = took[works[-1]]
    for work, times in took.items():
        pairs = zip(times, read, strict=True)
        above = statistics.median(ours - theirs for ours, theirs in pairs)
        say(f"{work.__name__}: {statistics.median(times):.1f} ms, "
            f"{above:+.1f} ms above reading the rows")  # fmt: skip


if __name__ == "__main__":
    main()
