"""How many random single-bit flips of a store's file the doctor reports.

    python -m tests.bench.bit_flips [--flips 300] [--rides 20] [--no-originals]

Imports rides of an hour each, with their files kept, closes the store, and flips one
random bit of its file after another, each in a copy: ``doctor --deep`` looks at each.
Prints how many of them it reports, and of those that hit a byte which holds anything:
SQLite leaves a part of its pages empty, about a fifth of a store that keeps no files.
A crash ends the run.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pierre_mcp.cli import doctor
from pierre_mcp.cli.imports import run_import
from pierre_mcp.cli.session import Session
from pierre_mcp.platform import create_private_file, make_private_dir
from pierre_mcp.services import finding
from pierre_mcp.services.health import Verdict
from pierre_mcp.settings import Settings
from pierre_mcp.store.opening import FILE
from tests.formats.making import fit_activity, ride

PAGE_BYTES = 4_096


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rides", type=int, default=20)
    parser.add_argument("--no-originals", action="store_true")
    asked = parser.parse_args()
    with flippable(asked.rides, originals=not asked.no_originals) as try_:
        for line in told(try_, asked.flips, asked.seed):
            say(line)


@contextmanager
def flippable(
    rides: int, *, originals: bool = True, seconds: int = 3_600
) -> Iterator["Flips"]:
    """Give a store of some rides whose bits can be flipped, each in a copy."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        settings = Settings(data_dir=root / "data", config_dir=root / "config")
        (root / "rides").mkdir()
        for number in range(rides):
            began = datetime(2026, 1, 1 + number, 7, tzinfo=UTC)
            content = fit_activity(ride(seconds), started_at=began)
            (root / "rides" / f"{number}.fit").write_bytes(content)
        found = finding.find([root / "rides"])
        run_import(Session(settings), found, keep_originals=originals)
        yield Flips(settings, (settings.store_dir / FILE).read_bytes(), root / "copy")


class Flips:
    """One store, as bytes, and the doctor's word on any change of them."""

    def __init__(self, settings: Settings, content: bytes, place: Path) -> None:
        self.content = content
        self._settings = replace(settings, data_dir=place)
        outside = settings.high_water_dir.iterdir()
        self._outside = {path: path.read_bytes() for path in outside}

    def reported(self, bit: int | None) -> bool:
        """Tell whether the doctor finds fault with this bit flipped, or with none."""
        content = bytearray(self.content)
        if bit is not None:
            content[bit // 8] ^= 1 << bit % 8
        # The look before added to the log; else each copy would be an older one.
        for path, noted in self._outside.items():
            path.write_bytes(noted)
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
    assert not try_.reported(None), "it is reported with no bit flipped"
    size = len(try_.content) * 8
    bits = [int(bit) for bit in np.random.default_rng(seed).integers(0, size, flips)]
    unseen = [bit for bit in bits if not try_.reported(bit)]
    held = [bit for bit in bits if any(around(try_.content, bit))]
    missed = len(set(unseen) & set(held))
    yield f"{size // 8 // PAGE_BYTES} pages, {flips} single-bit flips, no crash"
    yield f"reported: {100 - 100 * len(unseen) / flips:.1f} %"
    yield (
        f"in bytes that hold anything: {len(held)}, "
        f"reported: {100 - 100 * missed / len(held):.1f} %"
    )


def around(content: bytes, bit: int) -> bytes:
    """Return the bytes around one: where all are zero, nothing is kept."""
    return content[max(0, bit // 8 - 8) : bit // 8 + 8]


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
