"""What the log costs: to check all of it, to take a checkpoint, and in each call.

    python -m tests.bench.audit [--rows 100000] [--calls 300]

Makes a log of so many rows, a checkpoint every 256, and times ``audit verify`` on it;
one append, with a checkpoint and without; then ``get_activities`` through the gate with
timers around the step that records it, and counts that call's write transactions.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.gate.records import Records
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call, Recipient
from pierre_mcp.store import audit, audit_check, people
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.tools.catalogue import table
from tests.bench.path import RECIPIENT, TOOL, fill, say
from tests.stores import NOW, a_line, a_store, database, maintenance, owner_grant

_AT_ONCE = 1_000
_DETAIL_EVERY = 10


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--activities", type=int, default=2_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made) / "log"
        with a_store(directory) as store:
            _write(store, asked.rows)
            store.checkpoint()
            size = database(directory).stat().st_size / 1e6
            say(f"{asked.rows} rows, {size:.0f} MB")
            _verify(store, asked.rows)
            _append(store, asked.calls)
        served = Path(made) / "data" / "default"
        fill(served, asked.activities)
        with a_store(served) as store:
            _calls(store, asked.calls)


def _write(store: Store, rows: int) -> None:
    grant, started_s = owner_grant(store), time.perf_counter()
    for first in range(0, rows, _AT_ONCE):
        with store.writing() as tx:
            for seq in range(first, min(first + _AT_ONCE, rows)):
                told = {"level": "low"} if seq % _DETAIL_EVERY == 0 else None
                audit.append(tx, a_line(), now=NOW, who=grant, detail=told)
    each_us = (time.perf_counter() - started_s) / rows * 1e6
    say(f"written, {_AT_ONCE} rows a transaction: {each_us:.0f} us a row")


def _verify(store: Store, rows: int) -> None:
    took, of_us, checkpoints = [], [], 0
    for _ in range(3):
        started_s, cpu_s = time.perf_counter(), time.process_time()
        with store.reading() as tx:
            found = audit_check.verify(tx, maintenance(), people.owner(tx))
        took.append(time.perf_counter() - started_s)
        of_us.append(time.process_time() - cpu_s)
        if not isinstance(found, Health) or found.rows != rows:
            raise SystemExit(str(found))
        checkpoints = found.checkpoints
    say(
        f"verified with {checkpoints} checkpoints: "
        f"{statistics.median(took):.2f} s, best {min(took):.2f} s; of the processor "
        f"{statistics.median(of_us):.2f} s"
    )


def _append(store: Store, count: int) -> None:
    grant = owner_grant(store)
    for name, how, before in (
        ("one row, committed", None, 0),
        ("one row with a checkpoint of itself", Closing(), 0),
        ("one row with a checkpoint of 256", Closing(), 255),
    ):
        took = []
        for _ in range(count if not before else 20):
            with store.writing() as tx:
                for _ in range(before):
                    audit.append(tx, a_line(), now=NOW, who=grant)
            started_s = time.perf_counter()
            with store.writing() as tx:
                audit.append(tx, a_line(), now=NOW, who=grant, close=how)
            took.append(time.perf_counter() - started_s)
        say(f"{name}: {statistics.median(took) * 1e6:.0f} us")


class _Timed(Records):
    """The gate's own records, with a timer around the row and its digests."""

    took_s = 0.0

    def add(self, tx: Tx, *rest: Any, **named: Any) -> int:
        """Append, and note how long it took."""
        started_s = time.perf_counter()
        row = super().add(tx, *rest, **named)
        self.took_s += time.perf_counter() - started_s
        return row


def _calls(store: Store, count: int) -> None:
    gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
    records = _Timed(store, SystemClock(), gate._admit.concerned)
    gate._record = records
    step_s, writing = [0.0], store.writing

    @contextmanager
    def timed(*given: Any, **named: Any) -> Iterator[Tx]:
        started_s = time.perf_counter()
        with writing(*given, **named) as tx:
            yield tx
        step_s[0] += time.perf_counter() - started_s

    store.writing = timed  # type: ignore[method-assign]
    wholes, steps, rows = [], [], []
    for _ in range(count):
        records.took_s = step_s[0] = 0.0
        started_s = time.perf_counter()
        _call(gate)
        wholes.append(time.perf_counter() - started_s)
        steps.append(step_s[0])
        rows.append(records.took_s)
        store.tidy()
    whole, step, row = (statistics.median(one) * 1e6 for one in (wholes, steps, rows))
    say(
        f"get_activities in the process: {whole:.0f} us; the step that records it, "
        f"commit and all, {step:.0f} us ({step / whole:.0%}); of that the row "
        f"{row:.0f} us ({row / whole:.0%})"
    )
    said: list[str] = []
    store.db.set_trace_callback(said.append)
    _call(gate)
    store.db.set_trace_callback(None)
    begun = sum(one == "BEGIN IMMEDIATE" for one in said)
    written = sum(one.startswith(("INSERT", "UPDATE", "DELETE")) for one in said)
    say(f"write transactions of that call: {begun}, with {written} statements")


def _call(gate: Gate) -> None:
    answer = gate.serve(Call(Recipient(RECIPIENT), TOOL, "bench"), {})
    if answer.is_error:
        raise SystemExit(answer.text)


if __name__ == "__main__":
    main()
