"""Rotation of a whole store, and reads beside it; and a master key's move.

    python -m tests.bench.rotation [--activities 10000] [--keys 1000] [--rounds 3]

Makes a store of activities with every cell and gives one recipient the bundle. Another
process asks for ``get_activities`` over and over: first alone, then while this one
rotates, some rounds of each in turn. Prints cells a second (a routine rotation pauses
half as long as it works, an emergency never), how long its steps held the store (the
first of an emergency lists every cell and folds every digest), and the latencies of the
asking process side by side. Then adds keys until there are so many, and times ``keys
rewrap`` of all of them, its commit included.

Asked: 10,000 cells a second on two cores; reads meanwhile p99 under 10 ms beside their
usual, and no error; rewrap of 1,000 keys in under 200 ms.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.gate.lines import EMERGENCY, ROTATE
from pierre_mcp.gate.rotations import carry_through
from pierre_mcp.keyring.ring import Purpose
from pierre_mcp.model.caller import Call, Owner, System
from pierre_mcp.services.rotation import (
    Beginning,
    Emergency,
    Replacing,
    Rotation,
    in_use,
)
from pierre_mcp.services.steps import silent
from pierre_mcp.store import key_changes, sealed
from pierre_mcp.store.database import Store
from pierre_mcp.store.lock import Turnstile
from pierre_mcp.store.opening import open_store
from pierre_mcp.tools.catalogue import table
from tests.bench.path import ARGUMENTS, RECIPIENT, TOOL, fill, say, settle
from tests.bench.stdio_floor import Raw, latencies_s
from tests.stores import MASTER, OTHER_MASTER, a_store, maintenance, opening

CALLS = 25


def main() -> None:
    """Make the store, rotate it beside reads, move its master key."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settle(root)
        store_dir = root / "data" / "default"
        fill(store_dir, asked.activities)
        with a_store(store_dir) as store:
            alone(store)
            beside_reads(store, asked.rounds)
        rewrapped(store_dir, asked.keys)


def alone(store: Store) -> None:
    """Rotate with nobody there."""
    found = cells(store)
    for name, job in (
        ("alone", Replacing(SystemClock(), in_use(None))),
        ("an emergency", Emergency(SystemClock(), None)),
    ):
        began_s = time.process_time()
        with held() as holds:
            took_s = rotated_s(store, job)
        busy_s = time.process_time() - began_s
        say(
            f"{name}: {found} cells, {found / took_s:,.0f} a second, "
            f"{found / busy_s:,.0f} a second of one processor; "
            f"the store held p99 {p99_s(holds) * 1e3:.1f} ms, "
            f"at most {max(holds) * 1e3:.1f} ms"
        )


def beside_reads(store: Store, rounds: int) -> None:
    """Rotate while another process reads, and let it read alone, in turn."""
    client = Raw([sys.executable, "-m", "pierre_mcp", "serve", "--client", RECIPIENT])
    latencies_s(client, TOOL, ARGUMENTS, CALLS)
    usual: list[float] = []
    meanwhile: list[float] = []
    rates, found = [], cells(store)
    for _ in range(rounds):
        usual += latencies_s(client, TOOL, ARGUMENTS, 4 * CALLS)
        over = threading.Event()
        took: list[float] = []

        def rotate(over: threading.Event = over, took: list[float] = took) -> None:
            took.append(rotated_in_a_process_s())
            over.set()

        thread = threading.Thread(target=rotate)
        thread.start()
        while not over.is_set():
            meanwhile += latencies_s(client, TOOL, ARGUMENTS, CALLS)
        thread.join()
        rates.append(found / took[0])
    client.close()
    say(
        f"beside reads: {statistics.median(rates):,.0f} cells a second, a command's "
        f"start and end included; {len(meanwhile)} calls, no error"
    )
    say(f"  reads alone: {told(usual)}")
    say(f"  meanwhile:   {told(meanwhile)}")
    more_s = p99_s(meanwhile) - p99_s(usual)
    say(f"  p99 meanwhile less p99 alone: {more_s * 1e3:.1f} ms")


def rewrapped(store_dir: Path, count: int) -> None:
    """Add keys until there are ``count``, and wrap them under another master key."""
    how = replace(opening(store_dir), masters=lambda _: (OTHER_MASTER, MASTER))
    with closing(open_store(how)) as store:
        with store.writing() as tx:
            uses = [(f"tenant:{n}", Purpose.INDEX) for n in range(count)]
            key_changes.renew(tx, maintenance(), uses, now=SystemClock().now())
        gate, call = gate_of(store), Call(Owner(), "keys rewrap", "bench")
        began_s = time.perf_counter()
        changed = gate.keep(
            call,
            lambda tx, m, _: key_changes.rewrap(
                tx, m, OTHER_MASTER, now=SystemClock().now()
            ),
        )
        took_s = time.perf_counter() - began_s
    say(f"rewrap of {changed} keys: {took_s * 1e3:.0f} ms")


def rotated_s(store: Store, begin: Beginning) -> float:
    """Rotate once, and return how long it took."""
    job = Rotation(SystemClock(), begin)
    call = Call(
        System(), ROTATE if isinstance(begin, Replacing) else EMERGENCY, "bench"
    )
    began_s = time.perf_counter()
    carry_through(gate_of(store), call, job.steps(), listen=silent)
    return time.perf_counter() - began_s


def rotated_in_a_process_s() -> float:
    """Run the command, and return how long it took."""
    began_s = time.perf_counter()
    subprocess.run(  # our own program
        [sys.executable, "-m", "pierre_mcp", "keys", "rotate"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - began_s


def gate_of(store: Store) -> Gate:
    """Return the gate of a store."""
    return Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))


def cells(store: Store) -> int:
    """Return how many cells a rotation seals again."""
    with store.reading() as tx:
        return sum(
            len(row.cells)
            for one in sealed.TABLES
            for row in sealed.every(tx, maintenance(), one)
        )


@contextmanager
def held() -> Iterator[list[float]]:
    """Note how long each unit of the body holds the store, seconds."""
    holds: list[float] = []
    whole = Turnstile.hold

    @contextmanager
    def hold(self: Turnstile, *given: Any, **named: Any) -> Iterator[None]:
        with whole(self, *given, **named):
            began_s = time.perf_counter()
            try:
                yield
            finally:
                holds.append(time.perf_counter() - began_s)

    Turnstile.hold = hold  # type: ignore[method-assign]
    try:
        yield holds
    finally:
        Turnstile.hold = whole  # type: ignore[method-assign]


def told(took_s: list[float]) -> str:
    """Say the median, the 99th percentile and the most."""
    return (
        f"p50 {statistics.median(took_s) * 1e3:.1f} ms, p99 {p99_s(took_s) * 1e3:.1f} "
        f"ms, most {max(took_s) * 1e3:.1f} ms"
    )


def p99_s(took_s: list[float]) -> float:
    """Return the 99th percentile."""
    return statistics.quantiles(took_s, n=100)[98]


if __name__ == "__main__":
    main()
