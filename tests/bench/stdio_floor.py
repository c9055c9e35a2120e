"""How fast a stdio server is beside the bare SDK's, both measured in one run.

    python tests/bench/stdio_floor.py --calls 400 -- python -m pierre_mcp serve

The command after ``--`` is the server under test (the toy beside the server's tests
when absent); the other is the SDK's own ``MCPServer`` with one tool that does nothing.
Both are driven by the same raw client over pipes, in alternating rounds, so that what
slows the machine slows both. Prints medians and their ratios; trust the ratios.
"""

import argparse
import json
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

BARE = textwrap.dedent(
    """
    from mcp.server import MCPServer
    server = MCPServer("bare", version="0", log_level="ERROR")
    @server.tool()
    async def noop(days: int = 7) -> str:
        "Nothing."
        return "ok"
    server.run("stdio")
    """
)
HELLO: dict[str, object] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "0"},
}


class Raw:
    """A client of bytes and pipes: nothing of the SDK's is in the measured path."""

    def __init__(self, command: Sequence[str]) -> None:
        self._began = time.perf_counter()
        self._process = subprocess.Popen(  # as asked for
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._next_id = 0
        self.ask("initialize", HELLO)
        self.cold_start_s = time.perf_counter() - self._began
        self._put({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _put(self, *messages: dict[str, object]) -> None:
        assert self._process.stdin is not None
        lines = "".join(json.dumps(message) + "\n" for message in messages)
        self._process.stdin.write(lines.encode())
        self._process.stdin.flush()

    def _take(self) -> dict[str, object]:
        assert self._process.stdout is not None
        while True:
            line = self._process.stdout.readline()
            if not line:
                sys.exit("the server ended")
            reply: dict[str, object] = json.loads(line)
            if "id" in reply:
                return reply

    def ask(self, method: str, params: dict[str, object]) -> dict[str, object]:
        """Send one request and return its reply."""
        return self.flood(method, params, 1)[0]

    def flood(
        self, method: str, params: dict[str, object], count: int
    ) -> list[dict[str, object]]:
        """Send ``count`` requests at once and return their replies."""
        ids = range(self._next_id + 1, self._next_id + 1 + count)
        self._next_id += count
        self._put(
            *(
                {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
                for i in ids
            )
        )
        return [self._take() for _ in ids]

    def close(self) -> None:
        """End the server by ending its input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def latencies_s(client: Raw, tool: str, arguments: str, count: int) -> list[float]:
    """Time ``count`` calls, one after the other."""
    params: dict[str, object] = {"name": tool, "arguments": json.loads(arguments)}
    took = []
    for _ in range(count):
        began = time.perf_counter()
        reply = client.ask("tools/call", params)
        took.append(time.perf_counter() - began)
        if "error" in reply:
            sys.exit(f"the call failed: {reply['error']}")
    return took


def rate(client: Raw, tool: str, arguments: str, count: int) -> float:
    """Return calls a second with 32 in flight."""
    params: dict[str, object] = {"name": tool, "arguments": json.loads(arguments)}
    began = time.perf_counter()
    for _ in range(count // 32):
        client.flood("tools/call", params, 32)
    return (count // 32) * 32 / (time.perf_counter() - began)


def main() -> None:
    """Measure both servers in alternating rounds, and print the comparison."""
    toy = Path(__file__).parent.parent / "server" / "toy.py"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", default="echo")
    parser.add_argument("--arguments", default='{"days": 7}')
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("command", nargs="*", default=[sys.executable, str(toy)])
    asked = parser.parse_args()
    measure(asked)


def measure(asked: argparse.Namespace) -> None:
    """Run the rounds and print one line a quantity."""
    bare = [sys.executable, "-c", BARE]
    cold: dict[str, list[float]] = {"bare": [], "ours": []}
    call: dict[str, list[float]] = {"bare": [], "ours": []}
    many: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(asked.rounds):
        for who, command, tool, arguments in (
            ("bare", bare, "noop", '{"days": 7}'),
            ("ours", asked.command, asked.tool, asked.arguments),
        ):
            client = Raw(command)
            cold[who].append(client.cold_start_s)
            latencies_s(client, tool, arguments, 20)
            call[who] += latencies_s(client, tool, arguments, asked.calls)
            many[who].append(rate(client, tool, arguments, asked.calls))
            client.close()
    for name, unit, rows in (
        ("cold start", "ms", cold),
        ("call", "ms", call),
        ("rate, 32 in flight", "/s", many),
    ):
        show(f"{name}, p50", unit, *(statistics.median(rows[who]) for who in rows))
    show("call, p99", "ms", *(statistics.quantiles(call[w], n=100)[98] for w in call))


def show(name: str, unit: str, bare: float, ours: float) -> None:
    """Print one comparison."""
    scale = 1e3 if unit == "ms" else 1.0
    print(  # noqa: T201  # this is what the script is for
        f"{name:24} bare {bare * scale:9.2f} {unit}  ours {ours * scale:9.2f} {unit}"
        f"  ratio {ours / bare:.2f}"
    )


if __name__ == "__main__":
    main()
