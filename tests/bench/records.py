"""Ten years of power curve beside the year before, over a store on disk.

    python -m tests.bench.records [--activities 8000] [--rounds 11]

Makes a store of 8,000 activities over ten years, each with every cell and details as
large as those of an hour and a half (curves, histograms, laps and splits). In
alternating rounds it times ``get_personal_records`` for power against the year before
as a recipient calls it (gate, consent, level, log), the tool alone, and its reading
alone; then the same for the default answer, with every kind. Prints medians, by the
clock and by processor time, and refuses to print if a curve is not what plain Python
finds in what was put in.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import Pieces
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents, history
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.records import RecordsParams, get_personal_records
from tests.bench.path import RECIPIENT, say, unlimited
from tests.stores import a_recording, a_store, owner_grant, put

LAST = date(2026, 10, 1)
YEARS = 10
REACHED = 38
"""Durations of the grid: up to an hour and a half (5,400 s)."""

Curves = Mapping[str, tuple[float, ...]]


def main() -> None:
    """Make the store, time the calls, print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=11)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "data"
        curves = fill(path, asked.activities)
        with a_store(path) as store:
            compare(store, curves, asked.rounds)


def fill(path: Path, count: int) -> Curves:
    """Put rides and runs into a new store, give the bundle; return the power curves."""
    made = ride_of(np.random.default_rng(7))
    with a_store(path) as store:
        grant = owner_grant(store)
        for first in range(0, count, 250):
            numbers = range(first, min(count, first + 250))
            put(store, grant, *(made(n, count) for n in numbers))
        scopes = training(RECIPIENT, sources=["files"], tools=table().readers())
        gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
        gate.widen(
            Call(Owner(), "consent", "bench"),
            lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
        )
        unlimited(gate)
        store.checkpoint()
    return made.curves


class ride_of:  # noqa: N801 - a function with a memory
    """Make the nth activity, and keep its power curve."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.curves: dict[str, tuple[float, ...]] = {}

    def __call__(self, number: int, count: int) -> NewRecording:
        """Return an activity of so many."""
        day = str(LAST - timedelta(days=365 * YEARS * number // count))
        sport = Sport.RUNNING if number % 3 == 0 else Sport.CYCLING
        sprint, fit = self._random.normal(1, 0.1, 2)
        seconds = np.array(DURATIONS_S[:REACHED], float)
        falling = np.exp(-np.log(seconds) / 2.2)
        watts = tuple(np.round(210 * fit + 700 * sprint * falling, 1).tolist())
        if sport is Sport.CYCLING:
            best = self.curves.get(day, (0.0,) * REACHED)
            self.curves[day] = tuple(map(max, best, watts))
        speeds = tuple(np.round(3.2 * fit + 4 * sprint * falling, 2).tolist())
        beats = tuple(np.round(135 + 50 * falling, 1).tolist())
        reached = [m for m in DISTANCES_M if m <= 20_000]
        times = tuple(round(m / 3.6 / fit * (m / 5_000) ** 0.06, 1) for m in reached)
        kilometres = tuple(280.0 * i for i in range(20))
        splits = Pieces(
            start_s=kilometres, duration_s=(280.0,) * 20, distance_m=(1_000.0,) * 20
        )
        return replace(
            a_recording(day=day, sport=sport),
            details={
                Category.ACTIVITIES: ActivityDetail(
                    laps=splits, splits=splits, speed=self._histogram(60),
                    mean_max_speed_m_s=speeds, best_s=times,
                ),
                Category.HEART_RATE: HeartRateDetail(
                    bpm=self._histogram(90), mean_max_bpm=beats,
                    split_mean_bpm=(140.0,) * 20,
                ),
                Category.POWER: PowerDetail(
                    power=self._histogram(420), mean_max_power_w=watts,
                    split_mean_power_w=(210.0,) * 20,
                ),
            },
        )  # fmt: skip

    def _histogram(self, bins: int) -> Histogram:
        seconds = self._random.integers(0, 5_400 * 2 // bins, bins)
        return Histogram(first=20, seconds=tuple(seconds.tolist()))


def compare(store: Store, curves: Curves, rounds: int) -> None:
    """Time the calls in turn, and hold the answer to what was put in."""
    gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
    grant = owner_grant(store)
    asked = {"kind": "power", "from_day": str(LAST - timedelta(days=365 * YEARS)),
             "to_day": str(LAST), "compare": "year_before"}  # fmt: skip

    def served(**question: Any) -> Any:
        call = Call(Recipient(RECIPIENT), "get_personal_records", "bench")
        return gate.serve(call, question)

    def tool(**question: Any) -> Any:
        params = RecordsParams.model_validate_json(_json(question))
        with store.reading() as tx:
            return get_personal_records(tx, grant, params)

    def read(*kinds: Category) -> Any:
        numbers = {Category.ACTIVITIES}.intersection(kinds)
        with store.reading() as tx:
            return history.curves(tx, grant, Wanted(), kinds, numbers=numbers)

    same(served(**asked), curves)
    works: dict[str, Callable[[], Any]] = {
        "power against the year before, as served": lambda: served(**asked),
        "  the tool alone": lambda: tool(**asked),
        "  reading alone": lambda: read(Category.POWER),
        "every kind, as served": served,
        "  the tool alone, every kind": tool,
        "  reading alone, every kind": lambda: read(
            Category.ACTIVITIES, Category.POWER, Category.HEART_RATE
        ),
    }
    for clock in (time.perf_counter, time.process_time):
        say(f"by {clock.__name__}:")
        timed(clock, works, rounds)
    say(f"the default answer: {len(served().structured)} bytes")


def _json(question: Mapping[str, Any]) -> str:
    return RecordsParams.model_validate(question, strict=False).model_dump_json()


def timed(
    clock: Callable[[], float], works: Mapping[str, Callable[[], Any]], rounds: int
) -> None:
    """Time each in turn and print its median and its least."""
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            began = clock()
            work()
            took[name].append(clock() - began)
    for name, times in took.items():
        middle, least = statistics.median(times) * 1e3, min(times) * 1e3
        say(f"{name}: {middle:.0f} ms (least {least:.0f})")


def same(answer: Any, curves: Curves) -> None:
    """Refuse an answer that differs from the plain maximum over the days."""
    told = from_json(answer.structured)["power"]
    first, last = LAST - timedelta(days=365 * YEARS), LAST
    before = last.replace(year=last.year - 1)
    for name, end in (("power_w", last), ("was_w", before)):
        within = [c for day, c in curves.items() if str(first) <= day <= str(end)]
        best = [max(column) for column in zip(*within, strict=True)]
        rows = zip(told["sport"], told["duration_s"], told[name], strict=True)
        for sport, seconds, watts in rows:
            plain = best[DURATIONS_S.index(seconds)]
            if sport == Sport.CYCLING and plain != watts:
                raise SystemExit(seconds)


if __name__ == "__main__":
    main()
