"""How much of a call goes into consent, levels and classes.

    python -m tests.bench.privacy [--activities 2000] [--calls 300]

Serves ``get_activities`` in this process with a timer around each function that weighs
consent (the policy opened and held against the log, before and at release), treats
fields by level, or looks up what a field declares; at each level, with a privacy zone.
Prints the median of a call and the share of these three.
"""

import argparse
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import Any

from pierre_mcp.clock import SystemClock
from pierre_mcp.gate import treating
from pierre_mcp.gate.admission import Admission
from pierre_mcp.gate.exits import Exit
from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.scope import access
from pierre_mcp.services import consents, places, privacy
from pierre_mcp.tools.catalogue import table
from tests.bench.path import RECIPIENT, fill, say
from tests.stores import a_store

SPENT: Counter[str] = Counter()
WATCHED = (
    ("consent", Admission, "_weighed"),
    ("consent", Admission, "still_holds"),
    ("level", Exit, "incoming"),
    ("level", Exit, "leveled"),
    ("class", treating, "plan"),
)
ZONE = PrivacyZone(lat_deg=47.37, lon_deg=8.54, radius_m=400)


def main() -> None:
    """Make the store, serve, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=2_000)
    parser.add_argument("--calls", type=int, default=300)
    asked = parser.parse_args()
    for kind, owner, name in WATCHED:
        setattr(owner, name, timed(kind, getattr(owner, name)))
    with tempfile.TemporaryDirectory() as directory:
        fill(Path(directory) / "store", asked.activities)
        with a_store(Path(directory) / "store") as store:
            gate = Gate(store, table(), SystemClock(), About("pierre-mcp", "bench"))
            settle(gate)
            for level in Level:
                choose(gate, level)
                report(gate, level, asked.calls)


def timed(kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Add what ``work`` takes to its kind's account."""

    @wraps(work)
    def watched(*args: Any, **kwargs: Any) -> Any:
        begun = perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            SPENT[kind] += perf_counter() - begun  # type: ignore[assignment]

    return watched


def settle(gate: Gate) -> None:
    """Give places and names too, and a zone."""
    extras = (access("files", Category.LOCATION), access("files", Category.NOTES))

    def work(tx: Any, grant: Any) -> None:
        consents.give(tx, grant, RECIPIENT, extras, expires_at=None)
        places.hide(tx, grant, [ZONE])

    gate.widen(Call(Owner(), "consent", "bench"), work)


def choose(gate: Gate, level: Level) -> None:
    gate.widen(
        Call(Owner(), "privacy set", "bench"),
        lambda tx, grant: privacy.choose(tx, grant, RECIPIENT, level),
    )


def report(gate: Gate, level: Level, calls: int) -> None:
    """Serve so many calls, and say where the time went."""
    call = Call(Recipient(RECIPIENT), "get_activities", "bench")
    for _ in range(20):
        assert not gate.serve(call, {}).is_error
    SPENT.clear()
    took = []
    for _ in range(calls):
        begun = perf_counter()
        gate.serve(call, {})
        took.append(perf_counter() - begun)
    whole = sum(took)
    # A class is looked up within the levelling, and counted there.
    shares = {kind: 100 * SPENT[kind] / whole for kind in ("consent", "level", "class")}
    both = shares["consent"] + shares["level"]
    said = ", ".join(f"{kind} {share:.1f} %" for kind, share in shares.items())
    say(f"{level}: median {statistics.median(took) * 1e3:.2f} ms; {said} (in level); "
        f"together {both:.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
