"""A big archive imported, beside fitdecode's time over its FIT files.

    python -m tests.bench.archive [--activities 8000] [--fast] [--interrupts 10]

Makes a Strava export (see ``big_export``) and, in one run: times ``fitdecode`` over a
sample of its FIT files, half of it before the import and half after, scaled by bytes to
all of them; times ``pierre-mcp import`` of the whole, as a process of its own; takes
the peak memory of that process (its workers apart); and meanwhile times
``get_activities`` of another client over stdio, and counts what is refused. With
``--interrupts`` a small archive is imported with so many Ctrl-C at random moments, then
once more, and the store is held against one that nobody disturbed. Each figure is
printed beside its limit; where others use the machine too, trust the processor's.
``--fast`` asks nothing of the store meanwhile.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents
from pierre_mcp.tools.catalogue import table
from tests.bench.big_export import fit_files, make
from tests.bench.fit import theirs
from tests.bench.path import ARGUMENTS, RECIPIENT, TOOL, say, settle, unlimited
from tests.bench.stdio_floor import Raw
from tests.canonical import dump
from tests.stores import a_store, owner_grant

PART_OF_FITDECODE, AN_ACTIVITY_S = 0.06, 0.005
MOST_RSS_MB = 300
MOST_P50_MS, MOST_P99_MS = 30, 250
_PAGE_S = 0.02
_SMALL = 300


def main() -> None:
    """Make the export, import it, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--sample", type=int, default=8)
    parser.add_argument("--interrupts", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        if asked.activities:
            whole_import(asked, root)
        if asked.interrupts:
            interrupted(asked, root)


def whole_import(asked: argparse.Namespace, root: Path) -> None:
    """Import all of it once; print times, memory and what others waited."""
    big = make(root / "export.zip", asked.activities, seed=asked.seed)
    zipped_mb = big.path.stat().st_size / 1e6
    say(
        f"an export of {big.entries} entries: {big.fits} FIT files of "
        f"{big.fit_bytes / 1e6:.0f} MB, {zipped_mb:.0f} MB zipped"
    )
    given(root / "whole")
    sample = fit_files(big.path, asked.sample)
    half = len(sample) // 2
    before = decoded_s(sample[:half])
    watch = Watch(None if asked.fast else server())
    watch.run(importing(big.path))
    their_s, their_cpu_s = np.add(before, decoded_s(sample[half:]))
    scale = big.fit_bytes / sum(map(len, sample))
    limit_s, limit_cpu_s = (
        PART_OF_FITDECODE * spent_s * scale + AN_ACTIVITY_S * big.entries
        for spent_s in (their_s, their_cpu_s)
    )
    say(
        f"fitdecode: {their_s:.1f} s for {len(sample)} files, {their_cpu_s:.1f} s of "
        f"the processor, so {their_s * scale:.0f} s and {their_cpu_s * scale:.0f} s "
        f"for {big.fits}"
    )
    against("import, wall", watch.took_s, limit_s, "s")
    against("  of the processor, by two cores", watch.cpu_s / 2, limit_cpu_s, "s")
    say(
        f"  of the processor {watch.own_cpu_s:.1f} s in the parent, "
        f"{watch.cpu_s:.1f} s in all; an activity "
        f"{watch.took_s / big.entries * 1e3:.1f} ms; ended with {watch.status}"
    )
    against("peak memory but the workers'", watch.rss_mb, MOST_RSS_MB, "MB")
    if watch.waited_s:
        waited(watch)
    count = len(dumped(root / "whole"))
    say(f"in the store: {count} activities and pieces of gear")


def waited(watch: "Watch") -> None:
    """Print what a client waited that asked while the import went on."""
    cuts = statistics.quantiles(watch.waited_s, n=100)
    p50_ms = statistics.median(watch.waited_s) * 1e3
    against(
        f"{TOOL} beside it, p50 of {len(watch.waited_s)}", p50_ms, MOST_P50_MS, "ms"
    )
    against("  p99", cuts[98] * 1e3, MOST_P99_MS, "ms")
    say(f"  most {max(watch.waited_s) * 1e3:.0f} ms")
    against("  errors", watch.errors, 0, "")


def interrupted(asked: argparse.Namespace, root: Path) -> None:
    """Press Ctrl-C at random moments, import again, and compare the stores."""
    drawn = np.random.default_rng(asked.seed)
    small = make(root / "small.zip", _SMALL, seed=asked.seed, shortest=5)
    given(root / "calm")
    calm = Watch(None)
    calm.run(importing(small.path))
    given(root / "disturbed")
    ends = []
    for _ in range(asked.interrupts):
        process = importing(small.path)
        time.sleep(drawn.uniform(0.0, 0.5 + 2 * calm.took_s / asked.interrupts))
        process.send_signal(signal.SIGINT)
        process.communicate()
        ends.append(process.returncode)
    again = Watch(None)
    again.run(importing(small.path))
    same = dumped(root / "calm") == dumped(root / "disturbed")
    verdict = "the same" if same else "ANOTHER"
    say(
        f"{len(ends)} imports of {small.entries} entries ended by Ctrl-C "
        f"({sorted(ends)}), then one to its end ({again.status}, {again.took_s:.1f} s "
        f"beside {calm.took_s:.1f} s): the store is {verdict}"
    )


def given(directory: Path) -> None:
    """Make a store there in which the bundle is given, and point processes at it."""
    settle(directory)
    with a_store(directory / "data" / "default") as store:
        sources = ["files", "strava"]
        scopes = training(RECIPIENT, sources=sources, tools=table().readers())
        gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
        gate.widen(
            Call(Owner(), "consent", "bench"),
            lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
        )
        unlimited(gate)


def dumped(directory: Path) -> list[str]:
    """Return all that was imported into the store there."""
    with a_store(directory / "data" / "default") as store:
        return dump(store, owner_grant(store))


def server() -> Raw:
    """Return a client of a server process of its own."""
    words = [sys.executable, "-m", "pierre_mcp", "serve", "--client", RECIPIENT]
    return Raw(words)


def importing(path: Path) -> "subprocess.Popen[bytes]":
    """Begin to import."""
    words = [sys.executable, "-m", "pierre_mcp", "import", str(path)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def decoded_s(files: list[bytes]) -> tuple[float, float]:
    """Return the seconds that fitdecode takes for these, and the processor's."""
    began, cpu_began = time.perf_counter(), time.process_time()
    for data in files:
        theirs(data)
    return time.perf_counter() - began, time.process_time() - cpu_began


class Watch:
    """What an import costs, and what another client waits meanwhile."""

    def __init__(self, client: Raw | None) -> None:
        self._client = client
        self.waited_s: list[float] = []
        self.errors = 0
        self.rss_mb = self.own_cpu_s = self.cpu_s = self.took_s = 0.0
        self.status = -1

    def run(self, process: "subprocess.Popen[bytes]") -> None:
        """Watch it to its end."""
        began = time.perf_counter()
        asking = threading.Thread(target=self._ask, args=(process.pid,))
        asking.start()
        while True:
            self._look(process.pid)
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(_PAGE_S)
        self.took_s = time.perf_counter() - began
        self.status = process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = used.ru_utime + used.ru_stime
        asking.join()

    def _look(self, pid: int) -> None:
        try:
            facts = Path(f"/proc/{pid}/status").read_text()
            spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        for line in facts.splitlines():
            if line.startswith("VmHWM:"):
                self.rss_mb = max(self.rss_mb, int(line.split()[1]) / 1_024)
        ticks = int(spent[11]) + int(spent[12])
        self.own_cpu_s = max(self.own_cpu_s, ticks / os.sysconf("SC_CLK_TCK"))

    def _ask(self, pid: int) -> None:
        if self._client is None:
            return
        params: dict[str, Any] = {"name": TOOL, "arguments": json.loads(ARGUMENTS)}
        for _ in range(20):
            self._client.ask("tools/call", params)
        while Path(f"/proc/{pid}").exists():
            began = time.perf_counter()
            reply: dict[str, Any] = self._client.ask("tools/call", params)
            self.waited_s.append(time.perf_counter() - began)
            self.errors += "error" in reply or bool(reply["result"].get("isError"))
            time.sleep(0.1)
        self._client.close()


def against(what: str, found: float, limit: float, unit: str) -> None:
    """Print a figure beside its limit."""
    verdict = "within" if found <= limit else "OVER"
    say(f"{what}: {found:.1f} {unit} of {limit:.1f} {unit} at most: {verdict}")


if __name__ == "__main__":
    main()
