"""What is kept elsewhere to hold the log against, and what that shows.

Whoever holds the keys can write a whole new log, sealed and signed. It contradicts what
was kept where they could not write: checkpoints, or an epoch's key taken away earlier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pierre_mcp.errors import NoteMalformedError, NotesForeignError
from pierre_mcp.keyring import notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import audit
from pierre_mcp.store.audit_notes import Notes
from pierre_mcp.store.database import Tx
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.outside_notes import notes_in

RESTORE = "restore"
"""The action of the row by which a store put back was accepted."""

Seen = Mapping[int, tuple[bytes, bytes]]
"""Root and link of the log at each size that was asked for, as far as it was walked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is held against a log.

    Attributes:
        notes: Checkpoints of it, from elsewhere.
        mark: How far it had come, by what is noted outside.
        key: Written by the person at some moment, and kept away since.
    """

    notes: tuple[str, ...] = ()
    mark: Mark | None = None
    key: LogKey | None = None

    def checkpoints(self, origin: str) -> list[Checkpoint]:
        """Return what the notes say of the log of this origin, the smallest first."""
        said = (_parsed(note) for note in self.notes)
        ours = (one for one in said if one is not None and one.origin == origin)
        return sorted(ours, key=lambda one: one.size)


NOTHING = Evidence()


def kept_in(content: bytes, origin: str) -> tuple[str, ...]:
    """Return the notes of one log that a file holds.

    Raises:
        NotesForeignError: It holds none.
    """
    found = tuple(
        note
        for note in notes_in(content)
        if (said := _parsed(note)) is not None and said.origin == origin
    )
    if not found:
        raise NotesForeignError
    return found


def contradicted(  # noqa: PLR0913 - all that a log has to agree with
    tx: Tx,
    maintenance: Maintenance,
    kept: list[Checkpoint],
    mark: Mark | None,
    seen: Seen,
    *,
    ours: Notes,
    rows: int,
) -> Finding | None:
    """Return where a log parts from what is kept of it elsewhere, if it does.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        kept: Checkpoints from elsewhere, the smallest first.
        mark: From the outside file.
        seen: What the log is at their sizes.
        ours: Its own notes.
        rows: How many it has.
    """
    agreed = 0
    for one in kept:
        if one.size > rows:
            return _restored(tx, maintenance, agreed, Finding(rows + 1, _SHORT))
        if not _agrees(one, seen, ours):
            forked = Finding(agreed + 1, FindingKind.FORKED, one.size)
            return _restored(tx, maintenance, agreed, forked)
        agreed = one.size
    if mark is not None and mark.seq > rows:
        return Finding(rows + 1, _SHORT)
    if mark is not None and not mark.is_in(tx.db):
        return Finding(min(agreed + 1, mark.seq), FindingKind.FORKED, mark.seq)
    return None


_SHORT = FindingKind.RESTORED


def _agrees(one: Checkpoint, seen: Seen, ours: Notes) -> bool:
    if one.size in seen:
        return seen[one.size] == (one.root, one.link)
    own = ours.of_size(one.size)  # of rows that were pruned
    return own is not None and (own[1].root, own[1].link) == (one.root, one.link)


def _restored(tx: Tx, maintenance: Maintenance, agreed: int, found: Finding) -> Finding:
    """Say where a copy was put back and accepted, if that is why the log differs."""
    rows = [seq for seq in audit.done(tx, maintenance, RESTORE) if seq > agreed]
    return Finding(rows[-1], FindingKind.RESTORED) if rows else found


def _parsed(note: str) -> Checkpoint | None:
    try:
        return notes.parsed(note)
    except NoteMalformedError:
        return None
