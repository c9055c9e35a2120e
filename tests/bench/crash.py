"""Processes killed at any moment, by hundreds.

    python -m tests.bench.crash [--kills 200] [--seed 1]

Two processes at a time write, import and take back, or rotate the keys of one store,
and are killed within a second; then everything is checked as ``tests/crashing.py``
says. It stops at the first value lost or cell broken, and names the round.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from tests.bench.path import say
from tests.crashing import DOING, a_crashed


def main() -> None:
    """Kill, check, and say how often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance, kinds = np.random.default_rng(asked.seed), list(DOING)
    with tempfile.TemporaryDirectory() as home:
        crashed = a_crashed(Path(home))
        while crashed.kills < asked.kills:
            doing = [str(chance.choice(kinds)) for _ in range(2)]
            try:
                crashed.round(chance, doing)
            except BaseException:
                say(f"after {crashed.kills} kills, while they did {doing}")
                raise
        crashed.settle()
    say(
        f"{crashed.kills} kills: 0 unreadable cells, 0 of {crashed.written} writes "
        f"lost but those of {crashed.erased} erased persons, the log holds"
    )


if __name__ == "__main__":
    main()
