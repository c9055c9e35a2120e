"""What an export of everything costs: time, and the most memory it ever has.

    python -m tests.bench.export [--activities 8000] [--seconds 1800] [--originals 0.5]

Makes a store of so many activities with streams of so many samples, a part of them with
their files kept, and exports all of it to a ZIP in a process of its own, whose peak of
resident memory is told (VmHWM), with the longest time between two signs of progress.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.gate.jobs import pump
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.platform import new_private_file
from pierre_mcp.services.export import SECTIONS, Export
from pierre_mcp.services.packing import ZipPackage
from pierre_mcp.services.steps import Progress
from pierre_mcp.store import originals
from pierre_mcp.store.database import Store
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.services.made import activity, run
from tests.stores import a_store, database, owner_grant, put

_FILE_BYTES = 100_000
_BATCH = 200


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--seconds", type=int, default=1_800)
    parser.add_argument("--originals", type=float, default=0.5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made) / "store"
        with a_store(directory) as store:
            _fill(store, asked.activities, asked.seconds, asked.originals)
        size = database(directory).stat().st_size / 1e6
        say(f"{asked.activities} activities of {asked.seconds} s, store {size:.0f} MB")
        target = Path(made) / "export.zip"
        process = multiprocessing.get_context("spawn").Process(
            target=_export, args=(directory, target)
        )
        process.start()
        process.join()
        say(f"export: {target.stat().st_size / 1e6:.0f} MB")


def _fill(store: Store, count: int, seconds: int, part: float) -> None:
    grant, rng = owner_grant(store), np.random.default_rng(1)
    one = activity(run(seconds))
    noisy = {
        "lat_deg": 47.3 + np.cumsum(rng.normal(0, 2e-5, seconds)),
        "lon_deg": 8.5 + np.cumsum(rng.normal(0, 2e-5, seconds)),
        "heart_rate_bpm": 140 + np.cumsum(rng.normal(0, 0.5, seconds)),
        "speed_m_s": 3 + rng.normal(0, 0.2, seconds),
        "cadence_rpm": 85 + rng.normal(0, 2, seconds),
    }
    streams = {
        **one.streams,
        **{name: pack(column, STEPS[name]) for name, column in noisy.items()},
    }
    first = date(2005, 1, 1)
    began = one.activity.started_us
    for start in range(0, count, _BATCH):
        batch = []
        for n in range(start, min(start + _BATCH, count)):
            at = datetime.combine(first + timedelta(days=n), datetime.min.time(), UTC)
            began = int(at.timestamp() + 43_200) * 1_000_000
            cell = one.activity.model_copy(update={"started_us": began})
            day = str(at.date())
            batch.append(replace(one, activity=cell, local_day=day, streams=streams))
        put(store, grant, *batch)
    content = rng.bytes(_FILE_BYTES)
    with store.reading() as tx:
        ids = [row for (row,) in tx.execute("SELECT id FROM recordings ORDER BY id")]
    for recording in ids[: int(count * part)]:
        store.refill()
        with store.writing() as tx:
            home = originals.home_of(tx, grant, recording)
            assert home is not None
            chunk = originals.seal_chunk(tx.ring, grant, home, content, 1)
            head = originals.seal_head(tx.ring, grant, home, content)
            cells = (chunk, head)
            originals.add(tx, grant, home, cells, after=None, content=content)
        if not int(recording[:2], 16):
            store.tidy()


def _export(directory: Path, target: Path) -> None:
    before = _peak_mb()
    with a_store(directory) as store:
        gate = Gate(store, table(), StillClock(), About("pierre-mcp", "0"))
        heard = [time.perf_counter()]
        longest = 0.0

        def listen(progress: Progress) -> None:
            nonlocal longest
            del progress
            heard.append(time.perf_counter())
            longest = max(longest, heard[-1] - heard[-2])

        call = Call(Owner(), "export write", "bench")
        with (
            new_private_file(target) as file,
            ZipPackage(file, datetime.now(UTC)) as package,
        ):
            job = Export(package, SECTIONS)
            pump(gate, call, job.steps(), listen=listen)
        took = heard[-1] - heard[0]
        say(f"exported {job.activities} activities in {took:.0f} s")
        say(f"peak resident memory {_peak_mb():.0f} MB (before it: {before:.0f} MB)")
        say(f"signs of progress: {len(heard)}, at most {longest:.1f} s apart")
        say(json.dumps({"members": len(package.members)}))


def _peak_mb() -> float:
    """Of this process alone: what getrusage tells is inherited from its parent."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1_024


def say(text: str) -> None:
    """Print one line."""
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
