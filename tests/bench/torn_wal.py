"""Write-ahead logs damaged at random: what is left, and whether it is said.

    python -m tests.bench.torn_wal [--logs 500]

Makes one store whose last 40 units (a recording and a row of the audit log each) are
in its log alone, damages that log in so many ways (cut off, zeroed, garbled; to the
end, or a stretch), and opens each. What is left must be a prefix, whole in every cell,
row and link, with as many recordings as rows; and where a unit is gone that was
acknowledged, an ordinary start must refuse it as put back.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.store.tearing import UNITS, power_cut


def main() -> None:
    """Damage, open, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=500)
    asked = parser.parse_args()
    lost: Counter[str] = Counter()
    units = 0
    with tempfile.TemporaryDirectory() as directory:
        cut = power_cut(Path(directory))
        for seed in range(asked.logs):
            left = cut.left_by(cut.damaged(seed), Path(directory) / "store")
            if left.recordings != tuple(range(left.rows)):
                lost["not a prefix"] += 1
            elif left.rows == UNITS:
                lost["nothing lost" if not left.refused else "refused wrongly"] += 1
            else:
                said = left.refused == "store_put_back"
                lost["a clean prefix, said" if said else "a prefix, unsaid"] += 1
                units += UNITS - left.rows
    print(f"{asked.logs} logs of {len(cut.log)} bytes: {dict(lost)}")  # noqa: T201
    print(f"{units} of {asked.logs * UNITS} units were in what was damaged")  # noqa: T201


if __name__ == "__main__":
    main()
