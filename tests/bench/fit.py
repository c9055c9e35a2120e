"""FIT decoding beside ``fitdecode``, over the corpus of real files.

    python -m tests.bench.fit [--corpus ../shared/corpus] [--rounds 5] [--each]

Each file is read by both in the same run: ours from bytes to tracks with every column,
laps, lengths, beats and repairs, the checksums of a file included; theirs from bytes to
messages, which is less. Ours is the quickest of so many rounds and theirs of two, of
processor time. Prints the median, the quartiles and the extremes of the ratio, that of
the sums, how many files each recovered, and how the outcome stands beside what four
other decoders agree on. No name of a file is printed but with ``--each``.
"""

import argparse
import io
import json
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fitdecode

from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_chain import parts
from pierre_mcp.formats.fit_messages import RECORD
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Track

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
GOLDEN = "golden_fit.json"


def main() -> None:
    """Measure every file, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    files = sorted(p for p in asked.corpus.rglob("*") if p.suffix.lower() == ".fit")
    if not files:
        parser.error("there is no FIT in the corpus, or no corpus")
    rows = [_row(path, asked) for path in files]
    times(rows)
    recovered(rows, json.loads((asked.corpus / GOLDEN).read_bytes()))


def _row(path: Path, asked: argparse.Namespace) -> dict[str, Any]:
    data = path.read_bytes()
    ours(data)  # it does not pay for the tables that are made once a process
    own_s, tracks = quickest(lambda: ours(data), asked.rounds)
    their_s, messages = quickest(lambda: theirs(data), 2)
    row = {"name": path.relative_to(asked.corpus).as_posix(), "bytes": len(data)}
    row |= {"own_s": own_s, "their_s": their_s, "ratio": their_s / own_s}
    row |= {"tracks": tracks, "messages": messages, "records": records(data)}
    if asked.each:
        say(f"{row['ratio']:7.1f}  {own_s * 1e3:8.2f} ms  {row['name']}")
    return row


def quickest(read: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the least processor time of so many rounds, and the outcome."""
    least, outcome = float("inf"), None
    for _ in range(rounds):
        began = time.process_time()
        outcome = read()
        least = min(least, time.process_time() - began)
    return least, outcome


def ours(data: bytes) -> list[Track]:
    """Return the tracks, none where there is a reason instead."""
    try:
        return read_fit(data, Limits())
    except UnreadableError:
        return []


def records(data: bytes) -> int:
    """Return how many records the scan reached, those left out for their time too."""
    scans = (Scan(data, part.body, part.end) for part in parts(data))
    return sum(scan.count(RECORD) for scan in scans)


def theirs(data: bytes) -> int | None:
    """Return how many messages, None where it gave up."""
    try:
        return sum(1 for _ in fitdecode.FitReader(io.BytesIO(data)))
    except fitdecode.FitError:
        return None


def times(rows: list[dict[str, Any]]) -> None:
    """Print the ratios of their time to ours."""
    ratios = sorted(row["ratio"] for row in rows)
    low, middle, high = statistics.quantiles(ratios, n=4)
    whole = sum(r["their_s"] for r in rows) / sum(r["own_s"] for r in rows)
    mebibytes = sum(row["bytes"] for row in rows) / 2**20
    say(
        f"{len(rows)} files, {mebibytes:.1f} MiB: their time over ours, "
        f"median {middle:.1f} (quartiles {low:.1f} and {high:.1f}, "
        f"least {ratios[0]:.1f}, most {ratios[-1]:.1f}); of the sums {whole:.1f}"
    )


def recovered(rows: list[dict[str, Any]], golden: dict[str, Any]) -> None:
    """Print what was read of the damaged files, and of those all agree on."""
    given_up = [row for row in rows if row["messages"] is None]
    salvaged = sum(1 for row in given_up if row["tracks"])
    say(f"given up by them {len(given_up)}, of which ours has tracks of {salvaged}")
    expected = {n: f["salvage_expect"] for n, f in golden.items() if _damaged(f)}
    found = {row["name"]: sum(t.samples for t in row["tracks"]) for row in rows}
    reached = {row["name"]: row["records"] for row in rows}
    least = [reached[n] >= e["records_at_least"] for n, e in expected.items()]
    say(f"salvage cases: {sum(least)} of {len(least)} with all their records")
    agreed = {n: _agreed(facts) for n, facts in golden.items()}
    counts = [found[n] == c for n, c in agreed.items() if c is not None and found[n]]
    say(f"records where four decoders agree: {sum(counts)} of {len(counts)} files")


def _damaged(facts: dict[str, Any]) -> bool:
    return "salvage_expect" in facts


def _agreed(facts: dict[str, Any]) -> int | None:
    vote = facts.get("consensus", {}).get("n", {"votes": ""})
    return int(vote["value"]) if vote["votes"] == "4/4" else None


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
