"""Correcting what a recording got wrong (GDPR Art. 16), and taking that back.

A correction is written into every recording of the activity, so that it holds
whichever of them a reader may open and whatever is taken back later; of heart rate,
power and notes into those that have them. What was recorded is kept with it, by file,
so that the same file comes back corrected. Which recordings belong together is settled
again around it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from pierre_mcp.errors import (
    ActivityAmbiguousError,
    ActivityUnknownError,
    CorrectionUnknownError,
    CorrectionUnsoundError,
    GearUnknownError,
)
from pierre_mcp.model.correction import Change, Correction, Part, Value
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Recording
from pierre_mcp.policy import correcting
from pierre_mcp.policy.folding import fold_whole
from pierre_mcp.services import activities, matching
from pierre_mcp.store import activity, corrections, gear, recordings, rewriting
from pierre_mcp.store.corrections import Held, Key
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Wanted

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ONE_DAY: Final = timedelta(days=1)
_ORDERED: Final = (
    (Part.MOVING, Part.ELAPSED, "The moving time would be longer than the whole."),
    (
        Part.MEAN_HEART_RATE,
        Part.MAX_HEART_RATE,
        "The mean heart rate would be over the highest.",
    ),
)

Asked: TypeAlias = Value | Callable[[Recording], Value]
"""A value, or what finds it once the activity is known."""


_Changed: TypeAlias = tuple[Recording, Recording, Key, Correction]
"""A recording before and after, and what is kept of that."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """One value of one activity, corrected or put back.

    Attributes:
        activity: Its id by now.
        utc_offset_s: Local time minus UTC where it was.
        was: What was shown before.
        now: What is shown from now on.
        recordings: In how many of its recordings.
    """

    activity: str
    day: str
    utc_offset_s: int
    part: Part
    was: Value
    now: Value
    recordings: int


def rectify(  # noqa: PLR0913 - what, to what and why
    tx: Tx,
    grant: Grant,
    ref: str,
    part: Part,
    asked: Asked,
    *,
    why: str = "",
    keep: bool = True,
) -> Corrected:
    """Correct one value of an activity.

    Args:
        tx: A writing transaction, unless nothing is kept.
        grant: The owner's.
        ref: The activity's id, or a local day on which there is one alone.
        part: What to correct.
        asked: What is right, within the bounds of an import; of gear its title.
        why: The person's own words.
        keep: False: only tell what would change.

    Raises:
        ActivityUnknownError: There is no such activity.
        ActivityAmbiguousError: There are more on that day.
        CorrectionUnsoundError: With this, the activity would contradict itself.
        GearUnknownError: No gear has this title.
    """
    found, titles = find(tx, grant, ref), _titles(tx, grant)
    whole = fold_whole(found)
    value = asked(whole) if callable(asked) else asked
    if part is Part.GEAR and value is not None and value not in titles.values():
        raise GearUnknownError
    _check(correcting.with_values(whole, {part: value}, titles), titles, grant)
    changed = []
    for one in _concerned(found, part):
        mine = _own(value, part, one, whole)
        key = corrections.key_of(tx, grant, one.id)
        change = Change(
            was=correcting.values(one, titles)[part],
            now=mine,
            at=grant.here.now,
            why=why,
        )
        held = corrections.find(tx, grant, key).with_(part, change)
        new = correcting.with_values(one, {part: mine}, titles)
        changed.append((one, new, key, held))
    return _finish(tx, grant, found, changed, [part], keep=keep)[0]


def undo(
    tx: Tx, grant: Grant, ref: str, part: Part | None, *, keep: bool = True
) -> Sequence[Corrected]:
    """Put back what was recorded, of one part of an activity or of all corrected.

    Raises:
        ActivityUnknownError: There is no such activity.
        ActivityAmbiguousError: There are more on that day.
        CorrectionUnknownError: Nothing of it was corrected.
    """
    found, titles = find(tx, grant, ref), _titles(tx, grant)
    changed: list[_Changed] = []
    parts: set[Part] = set()
    for one in found:
        key = corrections.key_of(tx, grant, one.id)
        held = corrections.find(tx, grant, key)
        gone = {p: value for p, value in held.was.items() if part in {None, p}}
        if gone:
            new = correcting.with_values(one, gone, titles)
            changed.append((one, new, key, held.without(part)))
            parts |= gone.keys()
    if not changed:
        raise CorrectionUnknownError
    return _finish(tx, grant, found, changed, sorted(parts), keep=keep)


def listed(tx: Tx, grant: Grant) -> list[Held]:
    """Return every correction, by day; those whose file is not imported come first."""
    return list(corrections.listed(tx, grant))


def find(tx: Tx, grant: Grant, ref: str) -> list[Recording]:
    """Return the recordings of an activity, by its id or by a day it has for itself.

    Raises:
        ActivityUnknownError: There is none.
        ActivityAmbiguousError: There are more on that day.
    """
    if not _DAY.fullmatch(ref):
        found = activity.recordings_of(tx, grant, ref)
    else:
        days = activities.newest(tx, grant, Wanted(from_day=ref, to_day=ref))
        there = [row.activity_id for day in days for row in day]
        if len(there) > 1:
            raise ActivityAmbiguousError
        found = activity.recordings_of(tx, grant, there[0]) if there else []
    if not found:
        raise ActivityUnknownError
    return found


def mended(
    tx: Tx, grant: Grant, new: NewRecording, digest: bytes, instead: bytes | None = None
) -> NewRecording:
    """Return a recording about to be imported, with what was corrected of its file.

    Args:
        tx: Any.
        grant: Whoever imports; gear it may not read stays as it came.
        new: As its file tells it.
        digest: The file's.
        instead: That of a row which stood for the file until it came.
    """
    for one in (digest, instead):
        if one is not None:
            key = _key(tx, grant, one, new)
            correction = corrections.find(tx, grant, key)
            if correction.changes:
                return correcting.corrected(new, correction, _titles(tx, grant))
    return new


def follow(tx: Tx, grant: Grant, old: bytes, new: bytes, source: str) -> None:
    """Put the corrections of a row to the file that came in its place."""
    before, after = (
        Key(recordings.keyed_digest(tx.ring, grant, one, source), 0)
        for one in (old, new)
    )
    corrections.move(tx, grant, before, after)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A recording computed again from what was recorded, and corrected again.

    Attributes:
        before: What was corrected of it when it was computed.
        correction: The same, over what it is computed to be.
    """

    recording: Recording
    key: Key
    before: Correction
    correction: Correction

    def put(self, tx: Tx, grant: Grant) -> None:
        """Keep what was corrected over what is recorded now."""
        if self.correction != self.before:
            corrections.put(tx, grant, self.key, self.correction)

    def stands(self, tx: Tx, grant: Grant) -> bool:
        """Tell whether nothing was corrected meanwhile, nor taken back."""
        return corrections.find(tx, grant, self.key) == self.before


def recomputed(
    tx: Tx, grant: Grant, one: Recording, compute: Callable[[Recording], Recording]
) -> Recomputed:
    """Compute a recording again as if nothing of it had been corrected.

    Args:
        tx: Any.
        grant: The owner's.
        one: As it stands, corrected.
        compute: Takes it as it was recorded.
    """
    key, titles = corrections.key_of(tx, grant, one.id), _titles(tx, grant)
    held = corrections.find(tx, grant, key)
    if not held.changes:
        return Recomputed(compute(one), key, held, held)
    # Nothing is computed from when it began, and by its day its cells are bound.
    apart = held.without(Part.START)
    fresh = compute(correcting.with_values(one, apart.was, titles))
    recorded = correcting.values(fresh, titles)
    over = held.recorded_as({part: recorded[part] for part in apart.changes})
    again = correcting.with_values(fresh, apart.now, titles)
    return Recomputed(again, key, held, over)


def _finish(
    tx: Tx,
    grant: Grant,
    found: Sequence[Recording],
    changed: Sequence[_Changed],
    parts: Sequence[Part],
    *,
    keep: bool,
) -> Sequence[Corrected]:
    titles = _titles(tx, grant)
    fresh = {new.id: new for _, new, _, _ in changed}
    whole = fold_whole([fresh.get(one.id, one) for one in found])
    before = correcting.values(fold_whole(found), titles)
    after = correcting.values(whole, titles)
    told = tuple(
        Corrected(
            whole.activity_id,
            whole.local_day,
            whole.activity.utc_offset_s,
            part,
            before[part],
            after[part],
            len(changed),
        )
        for part in parts
    )
    if keep:
        days = {one.local_day for pair in changed for one in pair[:2]}
        for old, new, key, correction in changed:
            rewriting.rewrite(tx, grant, old, new)
            corrections.put(tx, grant, key, correction)
        matching.around(tx, grant, whole.activity_id, days)
    return told


def _concerned(found: Sequence[Recording], part: Part) -> Sequence[Recording]:
    """Return the recordings to write a part into: of a cell, those that have it.

    Where none has, the one that speaks for the activity gets it.
    """
    cell = correcting.cell_of(part)
    if cell is None:
        return found
    having = [one for one in found if getattr(one, cell) is not None]
    speaker = fold_whole(found).id
    return having or [one for one in found if one.id == speaker]


def _own(value: Value, part: Part, one: Recording, whole: Recording) -> Value:
    """Return the value for one recording: each begins when it did beside the others."""
    if part is not Part.START or not isinstance(value, int):
        return value
    return value + one.activity.started_us - whole.activity.started_us


def _check(new: Recording, titles: Mapping[str, str], grant: Grant) -> None:
    held = correcting.values(new, titles)
    for lesser, greater, words in _ORDERED:
        low, high = held[lesser], held[greater]
        if low is not None and high is not None and low > high:
            raise CorrectionUnsoundError(words)
    latest = grant.here.now.replace(tzinfo=None) + _ONE_DAY
    if not datetime(1970, 1, 2) <= correcting.local_start(new.activity) <= latest:  # noqa: DTZ001 - local, where it was
        msg = "It would have begun before 1970, or be still to come."
        raise CorrectionUnsoundError(msg)


def _titles(tx: Tx, grant: Grant) -> dict[str, str]:
    return {gear_id: one.title for gear_id, one in gear.listed(tx, grant).items()}


def _key(tx: Tx, grant: Grant, digest: bytes, new: NewRecording) -> Key:
    source = new.where.source
    return Key(recordings.keyed_digest(tx.ring, grant, digest, source), new.part)
