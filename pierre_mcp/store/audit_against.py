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

    def checkpoints(self, origin: str) -> "Elsewhere":
        """Return what the notes say of the log of this origin, each by its hash."""
        said = ((notes.digest(note), _parsed(note)) for note in self.notes)
        return {
            digest: one
            for digest, one in said
            if one is not None and one.origin == origin
        }


Elsewhere = Mapping[bytes, Checkpoint]
"""Checkpoints kept elsewhere, by the hashes of their notes."""

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
    elsewhere: Elsewhere,
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
        elsewhere: Checkpoints to hold it against.
        mark: From the outside file.
        seen: What the log is at their sizes.
        ours: Its own notes.
        rows: How many it has.
    """
    for one in sorted(elsewhere.values(), key=lambda one: one.size):
        if one.size <= rows and _agrees(one, seen, ours):
            continue
        agreed = _agreed(one, elsewhere, seen, ours)
        for seq in reversed(audit.done(tx, maintenance, RESTORE)):
            if seq > agreed:  # a copy was accepted: that is why
                return Finding(seq, FindingKind.RESTORED)
        if one.size > rows:
            return Finding(rows + 1, FindingKind.RESTORED)
        return Finding(agreed + 1, FindingKind.FORKED, one.size)
    if mark is not None and not mark.is_in(tx.db):
        return Finding(min(rows + 1, mark.seq), FindingKind.RESTORED)
    return None


def _agreed(one: Checkpoint, elsewhere: Elsewhere, seen: Seen, ours: Notes) -> int:
    """Return to which row the log went the way of a checkpoint, by those before it."""
    while (before := elsewhere.get(one.previous)) is not None:
        if _agrees(before, seen, ours):
            return before.size
        one = before
    return 0


def _agrees(one: Checkpoint, seen: Seen, ours: Notes) -> bool:
    if one.size in seen:
        return seen[one.size] == (one.root, one.link)
    own = ours.of_size(one.size)  # of rows that were pruned
    return own is not None and (own[1].root, own[1].link) == (one.root, one.link)


def _parsed(note: str) -> Checkpoint | None:
    try:
        return notes.parsed(note)
    except NoteMalformedError:
        return None
