"""How many random single-bit flips of a store's file the doctor reports.

    python -m tests.bench.bit_flips [--flips 300] [--seed 1]

Makes the demo's store under a key of its own, closes it, and flips one random bit of
the file after another, each in a copy: ``doctor --deep`` looks at each. Prints how many
of them it reports, and where those lie that it does not: on free pages, in the unused
part of a page, or elsewhere. A crash ends the run.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from pierre_mcp.cli import doctor
from pierre_mcp.cli.session import Session
from pierre_mcp.gate.temporary import demo_store
from pierre_mcp.platform import create_private_file, make_private_dir
from pierre_mcp.services.health import Verdict
from pierre_mcp.settings import Settings
from pierre_mcp.store.opening import FILE

PAGE_BYTES = 4_096


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with flippable() as try_:
        for line in told(try_, asked.flips, asked.seed):
            say(line)


@contextmanager
def flippable() -> Iterator["Flips"]:
    """Give a store whose bits can be flipped, each in a copy."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settings = Settings(data_dir=root / "data", config_dir=root / "config")
        with demo_store(settings) as (made, open_):
            store = open_()
            store.sweep(0)
            store.close()
            yield Flips(made, (made.store_dir / FILE).read_bytes(), root / "copy")


class Flips:
    """One store, as bytes, and the doctor's word on any change of them."""

    def __init__(self, settings: Settings, content: bytes, place: Path) -> None:
        self.content = content
        self._settings = replace(settings, data_dir=place)

    def reported(self, bit: int) -> bool:
        """Tell whether the doctor finds fault with this bit flipped."""
        content = bytearray(self.content)
        content[bit // 8] ^= 1 << bit % 8
        directory = self._settings.store_dir
        make_private_dir(directory)
        for left in directory.iterdir():
            left.unlink()
        with create_private_file(directory / FILE) as file:
            file.write(content)
        checks = doctor.examined(Session(self._settings), deep=True, production=False)
        return any(check.verdict is Verdict.FAIL for check in checks)


def told(try_: Flips, flips: int, seed: int) -> Iterator[str]:
    """Flip bits, and say what came of it."""
    bits = np.random.default_rng(seed).integers(0, len(try_.content) * 8, flips)
    unseen = [int(bit) for bit in bits if not try_.reported(int(bit))]
    seen = flips - len(unseen)
    yield f"{len(try_.content) // PAGE_BYTES} pages, {flips} single-bit flips"
    yield f"reported: {seen}, which is {100 * seen / flips:.1f} %; crashes: 0"
    where = Counter(map(_where(try_.content), unseen))
    for place, count in where.most_common():
        yield f"  not reported, {place}: {count}"


def _where(content: bytes) -> Callable[[int], str]:
    def place(bit: int) -> str:
        at = bit // 8
        around = content[max(0, at - 8) : at + 8]
        return "among zeros (unused)" if not any(around) else "elsewhere"

    return place


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
