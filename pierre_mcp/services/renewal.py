"""Recordings that an older version computed, brought up to the newest formula.

What is stored suffices: streams, laps and what the file declared. Then what belongs
together is settled over everything, since an assistant's import may not compare with
what its assistant must not read.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Final

from pierre_mcp.analytics.stored import track_of
from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.errors import StoreDamagedError
from pierre_mcp.formats.columns import DamagedColumnError, unpack
from pierre_mcp.model.category import Category
from pierre_mcp.model.details import ActivityDetail, Details
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.services import corrections, matching
from pierre_mcp.services.corrections import Recomputed
from pierre_mcp.services.steps import Progress, Step
from pierre_mcp.store import activity, renewal
from pierre_mcp.store.database import Tx

MOST_A_STEP: Final = 8


class Renewal:
    """Everything of an older formula, newest first; stopped, it goes on the next time.

    Attributes:
        renewed: How many recordings were brought up.
        moved: How many activities were put together or parted.
    """

    def __init__(self) -> None:
        self.renewed = 0
        self.moved = 0

    def steps(self) -> Generator[tuple[Step, Progress]]:
        """Give a step that looks, one for every few recordings, and one to settle."""
        look = _Look()
        yield look, Progress(0, None, "looking")
        total = len(look.ids)
        for done, ids in _some(look.ids):
            step = _Renew(ids)
            yield step, Progress(done, total, "renewing")
            self.renewed += step.written
        settle = _Settle()
        yield settle, Progress(total, total, "matching")
        self.moved = len(settle.found)


def _some(ids: Sequence[str]) -> Generator[tuple[int, Sequence[str]]]:
    for start in range(0, len(ids), MOST_A_STEP):
        some = ids[start : start + MOST_A_STEP]
        yield start + len(some), some


class _Look:
    """The first step: which recordings are due."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Find them."""
        self.ids = renewal.due(tx, grant)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Nothing yet."""


class _Renew:
    """A few recordings: computed and sealed in a snapshot, written in one step."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ids = ids
        self._sealed: list[tuple[renewal.Renewed, Recomputed]] = []
        self.written = 0

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Compute and seal."""
        found = (activity.recording(tx, grant, one) for one in self._ids)
        self._sealed = [_renewed(tx, grant, one) for one in found if one is not None]

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write what is still of the older formula."""
        self.written = 0
        for sealed, of in self._sealed:
            # What was corrected meanwhile is left for the next time.
            if of.stands(tx, grant) and renewal.write(tx, grant, sealed):
                self.written += 1
                of.put(tx, grant)


class _Settle:
    """The last step: what belongs together, over everything."""

    def __init__(self) -> None:
        self.found: list[tuple[list[str], str]] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Compare."""
        self.found = matching.changes(tx, grant)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Move."""
        matching.settle(tx, grant, self.found)


def _renewed(
    tx: Tx, grant: Grant, one: Recording
) -> tuple[renewal.Renewed, Recomputed]:
    try:
        packed = renewal.streams_of(tx, grant, one)
        columns = {name: unpack(blob) for name, blob in packed.items()}
    except DamagedColumnError:
        raise StoreDamagedError from None
    kept = activity.details_of(tx, grant, one).get(Category.ACTIVITIES)
    detail = kept if isinstance(kept, ActivityDetail) else None
    details: Details = {}

    def compute(recorded: Recording) -> Recording:
        nonlocal details
        track = track_of(recorded.sport, recorded.activity, columns, detail)
        summary = summarise(track)
        details = summary.details
        return _over(recorded, summary)

    fresh = corrections.recomputed(tx, grant, one, compute)
    return renewal.seal(tx.ring, grant, fresh.recording, details), fresh


def _over(old: Recording, summary: Summary) -> Recording:
    """Return the recording with what the newest formula gives.

    Words and places stay as they are, and so do numbers that came without samples.
    """
    cell = old.activity
    fresh = summary.activity.at(
        utc_offset_s=cell.utc_offset_s, zone=cell.zone, source=cell.zone_source
    )
    return replace(
        old,
        activity=fresh.model_copy(update={"gear": cell.gear}),
        heart_rate=summary.heart_rate or old.heart_rate,
        power=summary.power or old.power,
    )
