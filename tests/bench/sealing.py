"""What the seal costs: sealed reads beside the same rows unsealed, in the same SQLite.

    python -m tests.bench.sealing [--activities 5000] [--rounds 15]

Makes a store, and beside it a table of the same columns whose cells hold what the seals
hold, under the same pragmas. In alternating rounds, in processor time, it reads a whole
history by column (``store.scan``) and single recordings by id (``store.activity``), and
each time the same rows from the plain table to the same values. Prints medians and the
median of the rounds' own ratios, and refuses to print if the two do not agree.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.packed import fixed_parts
from pierre_mcp.model.recording import CELLS, Recording, Where
from pierre_mcp.store import activity, scan
from pierre_mcp.store.connection import connect, settle
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import CELL_COLUMNS, Wanted, place_of, unpacked
from tests.bench.path import fill, say
from tests.stores import a_store, owner_grant

_COLUMNS = "id, activity_id, tenant, person, source, origin, sport, local_day, formula"
_CELLS = "activities, heart_rate, power, location, notes"
_MADE = (
    f"CREATE TABLE plain ({_COLUMNS}, {_CELLS}, PRIMARY KEY (id))",
    "CREATE INDEX plain_by_day ON plain (tenant, person, local_day DESC, id)",
)
_FILL = f"SELECT {_COLUMNS}, {_CELLS} FROM recordings"  # noqa: S608 - our own words
_SCAN = """
    SELECT id, activity_id, source, origin, sport, local_day, activities, heart_rate,
           power
      FROM plain WHERE tenant = ? AND person = ?
"""
_ONE = """
    SELECT id, activity_id, source, origin, sport, local_day, formula, activities,
           heart_rate, power, location, notes
      FROM plain WHERE tenant = ? AND person = ? AND id = ?
"""
_BATCH = 256
_POINTS = 200


def main() -> None:
    """Make both, time them in turn, print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        fill(root / "data", asked.activities)
        with a_store(root / "data") as store:
            plain = beside(store, root / "plain.db")
            for name, ratio in ratios(store, plain, asked.rounds).items():
                say(f"{name}: {ratio:.2f} times the plain rows")
            plain.close()


def beside(store: Store, path: Path) -> sqlite3.Connection:
    """Return a plain table of what the store holds."""
    plain, grant = connect(path), owner_grant(store)
    settle(plain)
    for sql in _MADE:
        plain.execute(sql)
    with store.reading() as tx:
        rows = [_opened(tx.ring, grant, row) for row in tx.execute(_FILL)]
    plain.execute("BEGIN")
    marks = ", ".join("?" * len(rows[0]))
    plain.executemany(f"INSERT INTO plain VALUES ({marks})", rows)  # noqa: S608 - likewise
    plain.execute("COMMIT")
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return plain


def _opened(ring: Any, grant: Grant, row: tuple[Any, ...]) -> tuple[Any, ...]:
    *head, own, heart, power, location, notes = row
    row_id, _, _, _, source, origin, _, day, _ = head
    where = Where(source, origin)
    cells = (own, heart, power, location, notes)
    return (
        *head,
        *(
            cell and ring.open(cell, place_of(grant, row_id, where, day, column))
            for cell, column in zip(cells, CELL_COLUMNS, strict=True)
        ),
    )


def ratios(store: Store, plain: sqlite3.Connection, rounds: int) -> dict[str, float]:
    """Time sealed and plain in turn; return the median of each round's ratio."""
    grant = owner_grant(store)
    who = (grant.tenant, grant.person)
    ids = [row_id for (row_id,) in plain.execute("SELECT id FROM plain LIMIT 2000")]
    some = ids[:: max(1, len(ids) // _POINTS)]

    def sealed_scan() -> float:
        with store.reading() as tx:
            found = scan.batches(tx, grant, Wanted())
            return sum(float(batch.summary["elapsed_s"].sum()) for batch in found)

    def plain_scan() -> float:
        plain.execute("BEGIN")
        total, rows = 0.0, plain.execute(_SCAN, who)
        while batch := rows.fetchmany(_BATCH):
            *_, own, heart, power = zip(*batch, strict=True)
            summary = fixed_parts(CELLS[Category.ACTIVITIES], own)
            fixed_parts(CELLS[Category.HEART_RATE], [one for one in heart if one])
            fixed_parts(CELLS[Category.POWER], [one for one in power if one])
            total += float(summary["elapsed_s"].sum())
        plain.execute("COMMIT")
        return total

    def sealed_points() -> list[Any]:
        with store.reading() as tx:
            return [activity.recording(tx, grant, row_id) for row_id in some]

    def plain_points() -> list[Any]:
        plain.execute("BEGIN")
        found = [_recording(plain.execute(_ONE, (*who, i)).fetchone()) for i in some]
        plain.execute("COMMIT")
        return found

    return {
        "scan of a history": _ratio(sealed_scan, plain_scan, rounds),
        "point reads": _ratio(sealed_points, plain_points, rounds),
    }


def _recording(row: tuple[Any, ...]) -> Recording:
    row_id, activity_id, source, origin, sport, day, formula, *cells = row
    seen: list[Any] = [
        cell and kind.model_validate(unpacked(kind, cell))
        for kind, cell in zip(CELLS.values(), cells, strict=True)
    ]
    return Recording(
        id=row_id, activity_id=activity_id, where=Where(source, origin),
        sport=Sport(sport), local_day=day, formula=formula, activity=seen[0],
        heart_rate=seen[1], power=seen[2], location=seen[3], notes=seen[4],
    )  # fmt: skip


def _ratio(sealed: Callable[[], Any], plain: Callable[[], Any], rounds: int) -> float:
    if sealed() != plain():
        message = "the two do not agree"
        raise SystemExit(message)
    pairs = [(_taken_s(sealed), _taken_s(plain)) for _ in range(rounds)]
    return statistics.median(ours / theirs for ours, theirs in pairs)


def _taken_s(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
