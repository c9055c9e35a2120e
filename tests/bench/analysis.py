"""A five-hour ride analysed, beside a year of others.

    python -m tests.bench.analysis [--hours 5] [--activities 800] [--rounds 21]

Times the mean-max power curve of the ride at 1 Hz, all durations of the grid; then
``analyze_activity`` of it as a recipient asks (gate, consent, streams, the year, level,
log, ``synchronous=FULL``) and the tool alone. Prints medians, and the answer's size.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from pierre_mcp.analytics import curves
from pierre_mcp.clock import SystemClock
from pierre_mcp.formats.columns import unpack
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.caller import Call, Caller, Owner, Recipient
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DURATIONS_S
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.track import Track
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents
from pierre_mcp.store.database import Store
from pierre_mcp.tools.analysis import AnalysisParams, analyze_activity
from pierre_mcp.tools.catalogue import table
from tests.bench.path import RECIPIENT, say, unlimited
from tests.bench.streams_tool import long_ride
from tests.corpus import recorded
from tests.stores import a_store, owner_grant, put

_FACTS = {
    Kind.FTP: 250.0,
    Kind.THRESHOLD_HEART_RATE: 165.0,
    Kind.MAX_HEART_RATE: 185.0,
}


def main() -> None:
    """Make the store, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=5)
    parser.add_argument("--activities", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=21)
    asked = parser.parse_args()
    curve(round(asked.hours * 3_600), asked.rounds)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory) / "store"
        with a_store(root) as store:
            fill(store, round(asked.hours * 3_600), asked.activities)
            whole(store, asked.rounds)


def curve(seconds: int, rounds: int) -> None:
    """Time the mean-max curve of power, each second known."""
    watts = np.random.default_rng(1).normal(200, 60, seconds).clip(0)
    total = np.concatenate([[0.0], np.cumsum(watts)])
    took = median(lambda: curves.mean_max(total, 1), rounds)
    many = sum(d <= seconds for d in DURATIONS_S)
    say(f"mean-max power, {seconds} s, {many} durations: {took:.2f} ms")


def fill(store: Store, seconds: int, others: int) -> None:
    """Put the ride at the end of a year of others, and give the bundle."""
    columns = {n: unpack(c) for n, c in long_ride(seconds).streams.items()}
    began = datetime.now(UTC) - timedelta(days=2)
    track = Track(Sport.CYCLING, began, 0, columns)
    ride = recorded(track, facts=_FACTS)
    short = {name: column[:3_600] for name, column in columns.items()}
    other = recorded(Track(Sport.CYCLING, began, 0, short))
    put(store, owner_grant(store), ride, *(_ago(other, n) for n in range(others)))
    scopes = training(
        RECIPIENT, sources=["files"], tools=table().readers(),
        extras=[Category.LOCATION],
    )  # fmt: skip
    gate_of(store).widen(
        Call(Owner(), "consent", "bench"),
        lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
    )
    unlimited(gate_of(store))
    store.checkpoint()


def whole(store: Store, rounds: int) -> None:
    """Time the tool as asked by a recipient, and alone."""
    gate, grant = gate_of(store), owner_grant(store)
    own, theirs = newest(gate, Owner()), newest(gate, Recipient(RECIPIENT))
    asked = Call(Recipient(RECIPIENT), "analyze_activity", "bench")

    def alone() -> None:
        with store.reading() as tx:
            analyze_activity(tx, grant, AnalysisParams(id=own))

    answer = gate.serve(asked, {"id": theirs})
    size = len(answer.structured or b"")
    took = median(lambda: gate.serve(asked, {"id": theirs}), rounds)
    say(f"analyze_activity: {took:.1f} ms, {size} bytes; {answer.text.splitlines()[0]}")
    say(f"the tool alone: {median(alone, rounds):.1f} ms")


def newest(gate: Gate, caller: Caller) -> str:
    """Return the id of the newest activity, as this caller gets it."""
    answer = gate.serve(Call(caller, "get_activities", "bench"), {"limit": 1})
    told = json.loads(answer.structured or "{}")
    return str(told["activities"]["id"][0])


def gate_of(store: Store) -> Gate:
    """Return the gate of a store."""
    return Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))


def median(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of some rounds, after one to warm up, ms."""
    work()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1_000


def _ago(one: NewRecording, number: int) -> NewRecording:
    """Return a copy of an activity, half a day further back each."""
    day = datetime.fromisoformat(one.local_day) - timedelta(days=1 + number / 2.2)
    return replace(one, local_day=str(day.date()), streams={})


if __name__ == "__main__":
    main()
