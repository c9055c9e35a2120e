"""How near an attacker comes to a home, from what recipients see of its tracks.

    python -m tests.bench.location [--homes 40] [--roads 400]

Prints the median error in metres over many homes, for 5 to 100 tracks of each, by a
circle through the visible ends and by totals of distance, which time and climb follow:
as a recipient at medium and at low sees them; without the secret shift; and with the
zone cut out of exact tracks. Fewer roads are harder to attack.
"""

import argparse

from pierre_mcp.policy.places import coarse
from tests.bench.path import say
from tests.location import LEVELS, in_open, medians

COUNTS = (5, 10, 30, 100)


def main() -> None:
    """Attack, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=40)
    parser.add_argument("--roads", type=int, default=400)
    asked = parser.parse_args()
    cases = [(name, shown, True) for name, shown in LEVELS.items()]
    cases += [("medium, not shifted", coarse, False), ("cut out", in_open, False)]
    for name, shown, shifted in cases:
        for count in COUNTS:
            found = medians(
                count, shown, homes=asked.homes, roads=asked.roads, shifted=shifted
            )
            by_ends, by_totals = map(round, found)
            say(f"{name}, {count} tracks: ends {by_ends} m, totals {by_totals} m")


if __name__ == "__main__":
    main()
