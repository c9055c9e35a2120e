"""What streams take at rest, over the corpus of real files.

    python -m tests.bench.streams

Packs every column of every track and adds the 34 bytes its seal takes. A **sample** is
one row of a track, with all the columns it has; a **value** is one column of it. The
bound is 6 bytes a sample. Beside it: JSON, float32 and zlib, and the time to pack and
to unpack.
"""

import io
import json
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pierre_mcp.formats.columns import STEPS, pack, unpack
from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.track import Track

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SEAL_BYTES = 34
MOST = 6.0


def main() -> None:
    """Print the figures; end with 1 where the bound is passed."""
    tracks = list(found())
    if not tracks:
        say("The corpus of real files is not beside this checkout.")
        return
    size, count = Counter[str](), Counter[str]()
    plain, took = Counter[str](), Counter[str]()
    for track in tracks:
        for name, column in track.columns.items():
            began = time.perf_counter_ns()
            blob = pack(column, STEPS[name])
            packed = time.perf_counter_ns()
            unpack(blob)
            took["pack"] += packed - began
            took["unpack"] += time.perf_counter_ns() - packed
            size[name] += len(blob) + SEAL_BYTES
            count[name] += len(column)
            plain["JSON"] += len(json.dumps(column.tolist()))
            plain["float32 and zlib"] += len(
                zlib.compress(np.float32(column).tobytes())
            )
    rows = sum(track.samples for track in tracks)
    total, values = size.total(), count.total()
    say(f"{len(tracks)} tracks, {rows} samples, {values} values, {total} bytes")
    say(f"{total / rows:.2f} bytes a sample (at most {MOST:.0f})")
    say(f"{total / values:.2f} bytes a value")
    for name in size:
        say(f"  {name}: {size[name] / count[name]:.2f} a value")
    for name, taken in plain.items():
        say(f"{name}: {taken / rows:.1f} bytes a sample")
    for name, spent in took.items():
        say(f"{name}: {spent / values:.0f} ns a value")
    if total / rows > MOST:
        raise SystemExit(1)


def found() -> Iterator[Track]:
    """Give the tracks of every file that can be read."""
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix in {".fit", ".gpx", ".tcx"}:
            try:
                yield from read_tracks(io.BytesIO(path.read_bytes()), Limits())
            except UnreadableError:
                continue


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
