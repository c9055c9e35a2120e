"""What a backup, a restore and the outside file cost.

    python -m tests.bench.backup [--recordings 5000] [--calls 2000]

Makes a store of so many recordings with every cell, and times: a backup (copied and
verified) and what else could have copied it; a restore, and how long it holds the
store's lock; what the outside file adds to each committed row, and to opening.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pierre_mcp.gate.masters import Masters
from pierre_mcp.gate.restoring import restoring
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.platform import create_private_file
from pierre_mcp.services.backups import back_up
from pierre_mcp.store import audit, copies, people
from pierre_mcp.store.database import Store
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.opening import Opening, open_store
from tests.stores import (
    NOW,
    a_line,
    a_recording,
    a_store,
    database,
    maintenance,
    opening,
    owner_of,
    put,
    settings_of,
)
from tests.stores import owner_grant as grant_of

RESTORE = Call(Owner(), "restore", "bench")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=5_000)
    parser.add_argument("--calls", type=int, default=2_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made) / "store"
        with a_store(directory) as store:
            _fill(store, asked.recordings, asked.calls)
            size = database(directory).stat().st_size / 1e6
            say(f"{asked.recordings} recordings, {asked.calls} rows, {size:.0f} MB")
            _backups(store, Path(made))
            _marks(store)
        _openings(directory)
        _restores(directory, Path(made) / "backup.db")


def _fill(store: Store, recordings: int, rows: int) -> None:
    grant = grant_of(store)
    for start in range(0, recordings, 500):
        batch = range(start, min(start + 500, recordings))
        put(store, grant, *(a_recording(part=n) for n in batch))
    for _ in range(rows):
        _row(store)
    store.checkpoint()


def _row(store: Store) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=people.owner(tx))


def _backups(store: Store, directory: Path) -> None:
    path = directory / "backup.db"
    create_private_file(path).close()
    who = owner_of(store)
    with store.reading() as tx:
        s = timed(lambda: back_up(path)(tx, maintenance(), who))
        say(f"backup, verified: {s:.2f} s")
        other = directory / "other.db"
        create_private_file(other).close()
        s = timed(lambda: copies.write_out(tx, maintenance(), other))
        say(f"  of which copying: {s:.2f} s")
    into = directory / "vacuum.db"
    s = timed(lambda: store.db.execute("VACUUM INTO ?", (str(into),)))
    say(f"  VACUUM INTO instead: {s:.2f} s")


def _marks(store: Store) -> None:
    outside, mark = store._outside, Mark.newest(store.db)
    row = median_us(lambda: _row(store))
    check = median_us(lambda: outside.check(store.db))
    note = median_us(lambda: outside.note(mark))
    say(f"a committed row: {row:.0f} us; of which check {check:.0f}, note {note:.0f}")


def _openings(directory: Path) -> None:
    checked = opening(directory)
    unchecked = replace(checked, put_back_too=True)
    took: dict[str, list[float]] = {"checked": [], "unchecked": []}
    for _ in range(100):  # in turn: the machine is not ours alone
        for name, how in zip(took, (checked, unchecked), strict=True):
            took[name].append(timed(partial(_open_and_close, how)))
    for name, times in took.items():
        say(f"open and close, {name}: {statistics.median(times) * 1e3:.2f} ms")


def _open_and_close(how: Opening) -> None:
    open_store(how).close()


def _restores(directory: Path, backup: Path) -> None:
    started = time.perf_counter()
    settings = settings_of(directory)
    with restoring(settings, Masters(settings), backup) as ready:
        say(f"restore, checked: {time.perf_counter() - started:.2f} s")
        put_in_place, held = copies.put_in_place, 0.0

        def measured(*args: object, **more: object) -> Path | None:
            nonlocal held
            before = time.perf_counter()
            kept = put_in_place(*args, **more)  # type: ignore[arg-type]
            held = time.perf_counter() - before
            return kept

        copies.put_in_place = measured
        s = timed(lambda: ready.carry_out(RESTORE))
        say(f"  accepted and put in place: {s:.2f} s, the lock held for {held:.2f} s")


def timed(work: Callable[[], object]) -> float:
    """Return how long it takes, in seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_us(work: Callable[[], object], times: int = 1_000) -> float:
    """Return the median of many, in microseconds."""
    return statistics.median(timed(work) for _ in range(times)) * 1e6


def say(text: str) -> None:
    """Print one line."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
