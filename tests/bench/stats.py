"""Totals of a whole history by month, beside Python adding up plain rows.

    python -m tests.bench.stats [--activities 10000] [--rounds 11]

Makes a store of 10,000 recordings with every cell, and a plain SQLite table with the
same columns unencrypted. In alternating rounds it times ``get_stats`` by month over all
time as a recipient calls it (gate, consent, level, log); the tool alone, without gate
and log; and a Python loop over the plain rows that adds up the same values, counts what
is missing and each activity once. Prints medians and ratios, and refuses to print if
the two do not agree.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Recipient
from pierre_mcp.model.cells import ActivityCell, HeartRateCell, PowerCell
from pierre_mcp.model.packed import index_of
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from pierre_mcp.store.rows import Reader
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.stats import StatsParams, get_stats
from tests.bench.path import RECIPIENT, fill, say
from tests.stores import a_store, owner_grant

_MEAN_BPM = index_of(HeartRateCell, "mean_bpm")
_MEAN_POWER_W = index_of(PowerCell, "mean_power_w")

_MADE = """
    CREATE TABLE plain (
        id TEXT PRIMARY KEY, activity_id TEXT, tenant TEXT, person TEXT, source TEXT,
        origin TEXT, sport TEXT, local_day TEXT, import_id TEXT, digest BLOB,
        part INTEGER, formula INTEGER, elapsed_s REAL, moving_s REAL, distance_m REAL,
        ascent_m REAL, calories_kcal REAL, mean_bpm REAL, mean_power_w REAL,
        location BLOB, notes BLOB
    );
    CREATE INDEX plain_by_day
        ON plain (tenant, person, local_day DESC, id, source, sport);
"""
_COPIED = """
    SELECT id, activity_id, tenant, person, source, origin, sport, local_day,
           import_id, digest, part, formula, location, notes FROM recordings
"""
_PLAIN = """
    SELECT activity_id, local_day, elapsed_s, moving_s, distance_m, ascent_m,
           calories_kcal, mean_bpm, mean_power_w
      FROM plain
     WHERE tenant = ? AND person = ? AND source IN (SELECT value FROM json_each(?))
       AND local_day BETWEEN ? AND ?
"""


def main() -> None:
    """Make both, time them in turn, print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=11)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        fill(root / "data", asked.activities)
        with a_store(root / "data") as store:
            plain = beside(store, root / "plain.db")
            compare(store, plain, asked.rounds)
            plain.close()


def beside(store: Store, path: Path) -> sqlite3.Connection:
    """Return a plain table of what the store holds."""
    plain = sqlite3.connect(path, isolation_level=None)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.executescript(_MADE)
    grant = owner_grant(store)
    with store.reading() as tx:
        reader = Reader(tx, grant)
        opened = {s.id: reader.open(s) for s in recordings.newest(tx, grant, Wanted())}
        rows: list[tuple[Any, ...]] = []
        for *head, location, notes in tx.execute(_COPIED):
            row = opened[head[0]]
            own, heart, power = row.activities, row.heart_rate, row.power
            names = "elapsed_s", "moving_s", "distance_m", "ascent_m", "calories_kcal"
            values = (own[index_of(ActivityCell, name)] for name in names)
            assert isinstance(heart, tuple)
            assert isinstance(power, tuple)
            means = heart[_MEAN_BPM], power[_MEAN_POWER_W]
            rows.append((*head, *values, *means, location, notes))
    plain.execute("BEGIN")
    plain.executemany(f"INSERT INTO plain VALUES ({', '.join('?' * 21)})", rows)  # noqa: S608 - question marks
    plain.execute("COMMIT")
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return plain


def compare(store: Store, plain: sqlite3.Connection, rounds: int) -> None:
    """Time the three in turn, and hold them to each other."""
    gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
    grant = owner_grant(store)
    who = (grant.tenant, grant.person)

    def served() -> Any:
        call = Call(Recipient(RECIPIENT), "get_stats", "bench")
        return gate.serve(call, {"limit": 1_000})

    def tool() -> Any:
        with store.reading() as tx:
            return get_stats(tx, grant, StatsParams())

    def summed() -> Any:
        return by_month(plain, who)

    same(served(), summed())
    for clock in (time.perf_counter, time.process_time):
        say(f"by {clock.__name__}:")
        timed(clock, (served, tool, summed), rounds)


def timed(
    clock: Callable[[], float], works: tuple[Callable[[], Any], ...], rounds: int
) -> None:
    """Time each in turn, and print medians beside the last one's."""
    took: dict[Callable[[], Any], list[float]] = {work: [] for work in works}
    for _ in range(rounds):
        for work, times in took.items():
            began = clock()
            work()
            times.append(clock() - began)
    plainly = took[works[-1]]
    base = statistics.median(plainly)
    for work, times in took.items():
        ratio = statistics.median(
            ours / theirs for ours, theirs in zip(times, plainly, strict=True)
        )
        middle = statistics.median(times)
        say(f"{work.__name__}: {middle * 1e3:.1f} ms, {middle / base:.2f} times "
            f"(by rounds {ratio:.2f})")  # fmt: skip


def same(answer: Any, months: dict[str, list[Any]]) -> None:
    """Refuse two that do not agree on every month."""
    told = from_json(answer.structured)["totals"]
    names = ("activities", "distance_m", "duration_s", "work_kj", "no_calories")
    for i, month in enumerate(told["bucket"]):
        ours = [told[name][i] for name in names]
        m = months.get(month, [0] * 19)
        theirs = [m[0], m[3], m[1], m[8] / 1_000, m[15]]
        if any(abs(a - b) > 0.1 for a, b in zip(ours, theirs, strict=True)):
            raise SystemExit(month)


def by_month(plain: sqlite3.Connection, who: tuple[str, str]) -> dict[str, list[Any]]:  # noqa: C901, PLR0912 - as plain as it comes
    """Add up plain rows by month, each activity once."""
    asked = (*who, '["files"]', recordings.FIRST_DAY, recordings.LAST_DAY)
    months: dict[str, list[Any]] = {}
    seen: set[str] = set()
    rows = plain.execute(_PLAIN, asked).fetchall()
    for activity, day, elapsed, moving, distance, ascent, calories, bpm, power in rows:
        if activity in seen:
            continue
        seen.add(activity)
        month = day[:7]
        m = months.get(month)
        if m is None:
            m = months[month] = [0, *[0.0] * 10, set(), *[0] * 6]
        m[0] += 1
        m[1] += elapsed
        m[9] = max(m[9], elapsed)
        if moving is None:
            m[12] += 1
        else:
            m[2] += moving
        if distance is None:
            m[13] += 1
        else:
            m[3] += distance
            m[10] = max(m[10], distance)
        if ascent is None:
            m[14] += 1
        else:
            m[4] += ascent
        if calories is None:
            m[15] += 1
        else:
            m[5] += calories
        lasted = elapsed if moving is None else moving
        if bpm is None:
            m[16] += 1
        else:
            m[6] += bpm * lasted
            m[7] += lasted
        if power is None:
            m[17] += 1
        else:
            m[8] += power * lasted
        m[11].add(day)
    return months


if __name__ == "__main__":
    main()
