"""The store's own notes, told from others by the sealed hash of the newest.

Each note holds the hash of the one before. Where one is missing or was changed, those
before it are only what the file says: the rows are held against them all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pierre_mcp.errors import KeyMissingError, NoteMalformedError
from pierre_mcp.keyring import notes
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.store import checkpoints, keys
from pierre_mcp.store.audit_state import Epoch, Tail
from pierre_mcp.store.checkpoints import Kept
from pierre_mcp.store.database import Tx


@dataclass(frozen=True, slots=True)
class Notes:
    """What the rows are held against.

    Attributes:
        kept: Those that can be read, by how many rows they speak for, ascending.
        fault: The lowest thing wrong with them; what it is about cannot be known
            better than from one checkpoint to the next.
    """

    kept: Sequence[tuple[Kept, Checkpoint]]
    fault: Finding | None

    def of_size(self, size: int) -> tuple[Kept, Checkpoint] | None:
        """Return the one that speaks for so many rows."""
        return next((one for one in self.kept if one[0].size == size), None)


def read(tx: Tx, epoch: Epoch, tail: Tail | None) -> Notes:
    """Read every note, and check each from the newest to the oldest."""
    found = [(one, _parsed(one)) for one in checkpoints.every(tx)]
    readable = [(one, said) for one, said in found if said is not None]
    readable.sort(key=lambda pair: pair[0].size)
    if tail is not None and tail.epoch > epoch.number:  # an older cell was put back
        return Notes(readable, Finding(epoch.size + 1, FindingKind.EPOCH))
    wrong = [
        Finding(below + 1, kind, max(below + 1, upto))
        for kind, number in _wrong(tx, epoch, found)
        for below, upto in [_between(number, found, epoch)]
    ]
    return Notes(readable, min(wrong, key=lambda one: one.seq, default=None))


def _parsed(kept: Kept) -> Checkpoint | None:
    try:
        said = notes.parsed(kept.note)
    except (NoteMalformedError, TypeError):
        return None
    return said if said.size == kept.size else None


def _wrong(
    tx: Tx, epoch: Epoch, found: Sequence[tuple[Kept, Checkpoint | None]]
) -> list[tuple[FindingKind, int]]:
    """Return what is wrong, and with the note of which number."""
    by_number = {one.number: (one, said) for one, said in found}
    wrong = [(FindingKind.INSERTED, n) for n in by_number if n > epoch.number]
    expected: bytes | None = epoch.note
    for number in range(epoch.number, 0, -1):
        one, said = by_number.get(number, (None, None))
        kind = None
        if one is None:
            kind = FindingKind.MISSING
        elif said is None or not _ours(tx, one, expected, epoch):
            kind = FindingKind.EDITED
        if kind is not None:
            wrong.append((kind, number))
            expected = None  # nothing speaks for those before it any more
        elif said is not None and expected is not None:
            expected = said.previous
    return wrong


def _ours(tx: Tx, one: Kept, expected: bytes | None, epoch: Epoch) -> bool:
    """Tell whether a note is the one expected; the newest is signed by our key, too."""
    if expected is not None and notes.digest(one.note) != expected:
        return False
    return one.number != epoch.number or _signed(tx, one.note)


def _signed(tx: Tx, note: str) -> bool:
    try:
        vkey = notes.vkey(tx.ring, notes.origin_of(keys.store_id(tx.db)))
    except KeyMissingError:
        return False
    return notes.signed_by(vkey, note)


def _between(
    number: int,
    found: Sequence[tuple[Kept, Checkpoint | None]],
    epoch: Epoch,
) -> tuple[int, int]:
    """Return the sizes between which the note of a number stands."""
    below = max((one.size for one, _ in found if one.number < number), default=0)
    at = [one.size for one, _ in found if one.number == number]
    above = [one.size for one, _ in found if one.number > number]
    upto = min([*at, *above], default=epoch.size)
    return max(below, epoch.anchor), upto
