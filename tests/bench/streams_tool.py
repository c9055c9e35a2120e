"""The samples of a long ride over stdio, beside the bare SDK's no-op.

    python -m tests.bench.streams_tool [--hours 5] [--points 300] [--calls 100]

Makes a store with one ride at one sample a second and ten streams, gives one recipient
the training bundle, and times ``get_activity_streams`` for 300 points of four columns:
gated, opened, thinned, logged, ``synchronous=FULL``. Prints medians and their ratio to
a bare SDK server's no-op tool, in alternating rounds; then the size of the answer.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pierre_mcp.clock import SystemClock
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents
from pierre_mcp.tools.catalogue import table
from tests.bench.path import RECIPIENT, say, settle, unlimited
from tests.bench.stdio_floor import Raw, measure
from tests.stores import a_recording, a_store, owner_grant, put

TYPES = ["heart_rate_bpm", "power_w", "speed_m_s", "cadence_rpm"]


def main() -> None:
    """Make the store, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=5)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settle(root)
        fill(root / "data" / "default", round(asked.hours * 3_600))
        asked.command = [
            sys.executable, "-m", "pierre_mcp", "serve", "--client", RECIPIENT,
        ]  # fmt: skip
        asked.tool = "get_activity_streams"
        call = {"id": only_id(asked), "types": TYPES, "max_points": asked.points}
        asked.arguments = json.dumps(call)
        say(f"{asked.tool}, {asked.hours:g} h, {asked.points} points of 4 columns")
        measure(asked)
        size(asked)


def fill(directory: Path, seconds: int) -> None:
    """Put one ride into a new store, and give the bundle."""
    with a_store(directory) as store:
        put(store, owner_grant(store), long_ride(seconds))
        scopes = training(RECIPIENT, sources=["files"], tools=table().readers())
        gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
        gate.widen(
            Call(Owner(), "consent", "bench"),
            lambda tx, own: consents.give(tx, own, RECIPIENT, scopes, expires_at=None),
        )
        unlimited(gate)
        store.checkpoint()


def long_ride(seconds: int) -> NewRecording:
    """A ride as a device records it: every second, every stream, noise in each."""
    rng = np.random.default_rng(1)
    time_s = np.arange(float(seconds))
    noise = rng.standard_normal((6, seconds))
    speed = 8 + 2 * np.sin(time_s / 300) + noise[0] / 5
    columns = {
        "t_s": time_s,
        "lat_deg": 47.3 + np.cumsum(noise[1]) * 1e-6 + time_s * 2e-5,
        "lon_deg": 8.5 + np.cumsum(noise[2]) * 1e-6 + time_s * 2e-5,
        "altitude_m": 600 + 200 * np.sin(time_s / 900) + noise[3] / 5,
        "distance_m": np.cumsum(speed),
        "speed_m_s": speed,
        "heart_rate_bpm": np.rint(140 + 20 * np.sin(time_s / 600) + noise[4]),
        "power_w": np.rint(np.clip(200 + 80 * noise[5], 0, None)),
        "cadence_rpm": np.rint(88 + 4 * noise[0]),
        "temperature_c": np.rint(17 + np.sin(time_s / 3_000)),
    }
    packed = {name: pack(column, STEPS[name]) for name, column in columns.items()}
    return replace(a_recording(), streams=packed)


def only_id(asked: argparse.Namespace) -> str:
    """Ask for the id of the one activity, as the recipient gets it."""
    return str(content(asked, "get_activities", {})["activities"]["id"][0])


def size(asked: argparse.Namespace) -> None:
    """Say what an answer costs, at four bytes a token."""
    told = content(asked, asked.tool, json.loads(asked.arguments))
    text = json.dumps(told, separators=(",", ":"))
    points = f"{told['returned_points']} of {told['source_points']} points"
    say(f"answer: {points}, {len(text)} bytes, about {len(text) // 4} tokens")


def content(asked: argparse.Namespace, tool: str, arguments: object) -> dict[str, Any]:
    """Call a tool in a process of its own and return its structured content."""
    client = Raw(asked.command)
    params: dict[str, object] = {"name": tool, "arguments": arguments}
    result: Any = client.ask("tools/call", params)["result"]
    client.close()
    found: dict[str, Any] = result["structuredContent"]
    return found


if __name__ == "__main__":
    main()
