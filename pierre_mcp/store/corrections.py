"""Corrections: one sealed cell for each recording of a file that the person mended.

The row is found by the file's keyed digest and the recording's place in it, as the
recording itself is known again, and not by the recording's id: so it outlives an undo.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import uuid4

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.category import Category
from pierre_mcp.model.correction import CATEGORY_OF, Correction
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.store.database import Tx

Who = Grant | Identity

_KEY = """
    SELECT digest, part FROM recordings WHERE tenant = ? AND person = ? AND id = ?
"""
_FIND = """
    SELECT id, cell FROM corrections
     WHERE tenant = ? AND person = ? AND digest = ? AND part = ?
"""
_ALL = """
    SELECT c.id, c.cell, c.digest, c.part, r.id, r.activity_id, r.local_day
      FROM corrections c
      LEFT JOIN recordings r USING (tenant, person, digest, part)
     WHERE c.tenant = ? AND c.person = ?
     ORDER BY r.local_day, c.id
"""
_ADD = """
    INSERT INTO corrections (id, tenant, person, digest, part, kid, cell)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_SET = "UPDATE corrections SET kid = ?, cell = ? WHERE id = ?"
_FORGET = "DELETE FROM corrections WHERE tenant = ? AND person = ? AND id = ?"
_MOVE = """
    UPDATE OR IGNORE corrections SET kid = ?, cell = ?, digest = ? WHERE id = ?
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What a correction is known by: the file's keyed digest, and the place in it."""

    digest: bytes
    part: int


@dataclass(frozen=True, slots=True)
class Held:
    """A correction as it is listed.

    Attributes:
        recording: The recording it is of; None while its file is not imported.
        activity: The activity that recording is of.
        day: Its local day.
    """

    id: str
    key: Key
    correction: Correction
    recording: str | None
    activity: str | None
    day: str | None


def key_of(tx: Tx, who: Who, recording: str) -> Key:
    """Return what the corrections of a recording are known by.

    Raises:
        LookupError: There is no such recording.
    """
    _check(who)
    row = tx.one(_KEY, (who.tenant, who.person, recording))
    if row is None:
        raise LookupError
    return Key(bytes(row[0]), int(row[1]))


def find(tx: Tx, who: Who, key: Key) -> Correction:
    """Return what was corrected there; an empty correction where nothing was.

    Raises:
        SealBrokenError: It was altered or moved.
    """
    row = _row(tx, who, key)
    return Correction() if row is None else _opened(tx, who, *row)


def listed(tx: Tx, grant: Grant) -> Iterator[Held]:
    """Give every correction, by day; those whose file is not imported come first.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: One was altered or moved.
    """
    grant.check()
    if not grant.owner:
        msg = "corrections are listed for their owner"
        raise RuntimeError(msg)
    for row in tx.execute(_ALL, (grant.tenant, grant.person)):
        row_id, cell, digest, part, *of = row
        correction = _opened(tx, grant, row_id, cell)
        yield Held(row_id, Key(bytes(digest), part), correction, *of)


def put(tx: Tx, who: Who, key: Key, correction: Correction) -> None:
    """Keep a correction in place of the one there; an empty one leaves none."""
    row = _row(tx, who, key)
    if not correction.changes:
        if row is not None:
            tx.execute(_FORGET, (who.tenant, who.person, row[0]))
        return
    row_id = str(uuid4()) if row is None else str(row[0])
    kid, cell = _sealed(tx, who, row_id, correction)
    if row is None:
        whose = (who.tenant, who.person)
        tx.execute(_ADD, (row_id, *whose, key.digest, key.part, kid, cell))
    else:
        tx.execute(_SET, (kid, cell, row_id))


def move(tx: Tx, grant: Grant, old: Key, new: Key) -> None:
    """Put a correction to another file, which stands for the same recording now.

    Where that one has its own, it counts.
    """
    row = _row(tx, grant, old)
    if row is not None:
        sealed = _sealed(tx, grant, str(row[0]), _opened(tx, grant, *row))
        tx.execute(_MOVE, (*sealed, new.digest, row[0]))


def forget(tx: Tx, who: Who, recording: str, categories: Collection[Category]) -> None:
    """Forget what was corrected of a recording whose values are deleted.

    Before the recording itself is, if it is: its corrections are found by it. One that
    does not open goes whole: nothing tells what it holds.

    Args:
        tx: Writing.
        who: The owner's grant, or whose it is where the system deletes.
        recording: Its id; nothing happens where it is gone.
        categories: Whose values are deleted.
    """
    try:
        key = key_of(tx, who, recording)
    except LookupError:
        return
    try:
        held = find(tx, who, key)
    except SealBrokenError:
        put(tx, who, key, Correction())
        return
    left = {
        part: change
        for part, change in held.changes.items()
        if CATEGORY_OF[part] not in categories
    }
    if left != held.changes:
        put(tx, who, key, Correction(changes=left))


def _row(tx: Tx, who: Who, key: Key) -> tuple[str, bytes] | None:
    _check(who)
    asked = (who.tenant, who.person, key.digest, key.part)
    found: tuple[str, bytes] | None = tx.one(_FIND, asked)
    return found


def _opened(tx: Tx, who: Who, row_id: str, cell: bytes) -> Correction:
    return Correction.model_validate_json(tx.ring.open(cell, _place(who, row_id)))


def _sealed(tx: Tx, who: Who, row_id: str, correction: Correction) -> tuple[int, bytes]:
    scope = person_scope(who.tenant, who.person)
    plain = correction.model_dump_json().encode()
    return tx.ring.seal(plain, _place(who, row_id), scope)


def _place(who: Who, row_id: str) -> Place:
    return Place("corrections.cell/1", who.tenant, who.person, row_id)


def _check(who: Who) -> None:
    if isinstance(who, Grant):
        who.check()
