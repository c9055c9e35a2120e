"""The whole path of a call beside the bare SDK's no-op, and beside an import.

    python -m tests.bench.path [--activities 10000] [--calls 300]

Makes a store of 10,000 activities, gives one recipient the training bundle, and times
``get_activities`` with its default limit of 20 over stdio: gated, levelled, logged,
``synchronous=FULL``. Prints medians and their ratio to a bare SDK server's no-op tool,
in alternating rounds; then latencies while another process imports files into the same
store; then what ``tools/list`` costs.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents, watching
from pierre_mcp.tools.catalogue import table
from tests.bench.stdio_floor import Raw, latencies_s, measure
from tests.formats.making import fit_activity, ride
from tests.stores import a_recording, a_store, owner_grant, put

RECIPIENT = "bench"
TOOL, ARGUMENTS = "get_activities", "{}"


def main() -> None:
    """Make the store, run the three measurements, print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settle(root)
        fill(root / "data" / "default", asked.activities)
        asked.tool, asked.arguments = TOOL, ARGUMENTS
        asked.command = [
            sys.executable, "-m", "pierre_mcp", "serve", "--client", RECIPIENT,
        ]  # fmt: skip
        say(f"get_activities, limit 20 of {asked.activities}")
        measure(asked)
        beside_an_import(asked, root)
        tokens(asked)


def settle(root: Path) -> None:
    """Point the processes to come at the store, under the key the fixtures use."""
    key = base64.b64encode(bytes(range(32))).decode()
    os.environ["PIERRE_DATA_DIR"] = str(root / "data")
    os.environ["PIERRE_CONFIG_DIR"] = str(root / "config")
    os.environ["PIERRE_MASTER_ENCRYPTION_KEY"] = key


def fill(directory: Path, count: int) -> None:
    """Put ``count`` activities into a new store, and give the bundle."""
    with a_store(directory) as store:
        grant = owner_grant(store)
        days = [date(2026, 10, 1) - timedelta(days=n // 2) for n in range(count)]
        for first in range(0, count, 250):
            put(store, grant, *(a_recording(day=str(d)) for d in days[first:][:250]))
        scopes = training(RECIPIENT, sources=["files"], tools=table().readers())
        gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
        gate.widen(
            Call(Owner(), "consent", "bench"),
            lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
        )
        unlimited(gate)
        store.checkpoint()


def unlimited(gate: Gate) -> None:
    """Let calls in as fast as a bench makes them."""
    for name, value in (("calls_a_minute", 1_000_000), ("slow_at", 101)):
        gate.widen(
            Call(Owner(), "security thresholds set", "bench"),
            partial(watching.set_threshold, name=name, value=value),
        )


def beside_an_import(asked: argparse.Namespace, root: Path) -> None:
    """Time the same call while another process imports."""
    folder = root / "files"
    folder.mkdir()
    for number in range(asked.files):
        ridden = fit_activity(ride(1_200 + number))
        (folder / f"{number:04}.fit").write_bytes(ridden)
    client = Raw(asked.command)
    latencies_s(client, TOOL, ARGUMENTS, 20)
    importing = subprocess.Popen(  # our own program
        [sys.executable, "-m", "pierre_mcp", "import", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    took = []
    while importing.poll() is None:
        took += latencies_s(client, TOOL, ARGUMENTS, 10)
    client.close()
    cuts = statistics.quantiles(took, n=100)
    say(
        f"beside an import of {asked.files} files: {len(took)} calls, "
        f"p50 {statistics.median(took) * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms, "
        f"most {max(took) * 1e3:.1f} ms; the import ended with {importing.returncode}"
    )


def tokens(asked: argparse.Namespace) -> None:
    """Say what the list of tools costs, at four bytes a token."""
    client = Raw(asked.command)
    reply = json.dumps(client.ask("tools/list", {})["result"], separators=(",", ":"))
    client.close()
    say(f"tools/list: {len(reply)} bytes, about {len(reply) // 4} tokens")


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
