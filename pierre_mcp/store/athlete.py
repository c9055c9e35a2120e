"""What was told of the athlete: a sealed cell for each value and month it was told in.

Thousands of files tell the same few values, so of one source, kind, value and month an
import keeps the first day and the last. That does not hang on the order of the files,
and an import that is taken back takes what it told along. Values of one kind, source
and month that follow each other to and fro are known by these days alone.

What the person says himself is of no import: one row for each kind and day since when
he says it, which stays until he takes it back.
"""

from collections.abc import Iterable, Iterator
from uuid import uuid4

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.athlete import CATEGORY_OF, Fact, Kind, Seen
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.telling import SELF
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Sealed, barred

_FIND = "SELECT id, cell FROM athlete WHERE tenant = ? AND person = ? AND digest = ?"
_ADD = """
    INSERT INTO athlete
        (id, tenant, person, source, category, import_id, digest, kid, cell)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SET = "UPDATE athlete SET kid = ?, cell = ? WHERE id = ?"
# An import is of one origin, which its recordings tell.
_ALL = """
    SELECT a.id, a.source, a.category, a.cell FROM athlete AS a
     WHERE a.tenant = ? AND a.person = ?
       AND coalesce((SELECT r.origin FROM recordings AS r
                      WHERE r.import_id = a.import_id LIMIT 1), '')
           NOT IN (SELECT value FROM json_each(?))
"""
_UNDO = "DELETE FROM athlete WHERE tenant = ? AND person = ? AND import_id = ?"
_OWN = """
    SELECT id, category, cell FROM athlete
     WHERE tenant = ? AND person = ? AND source = ? AND import_id IS NULL
"""
_UNSAY = "DELETE FROM athlete WHERE tenant = ? AND person = ? AND id = ?"


def note(tx: Tx, grant: Grant, written: Iterable[Sealed]) -> None:
    """Note what recordings that were written tell; of many at once it takes less."""
    grant.check()
    told: dict[tuple[str, str, Fact, str], Seen] = {}
    for one in written:
        for fact in one.athlete:
            seen = Seen(fact=fact, first_day=one.day, last_day=one.day)
            key = (one.import_id, one.source, fact, seen.month)
            told[key] = seen.over(told.get(key))
    for (import_id, source, *_), seen in told.items():
        _note(tx, grant, import_id, source, seen)


def seen(tx: Tx, grant: Grant) -> Iterator[tuple[str, Seen]]:
    """Give what was told and may be read, with its source, in no order.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    grant.check()
    asked = (grant.tenant, grant.person, barred(grant))
    for row_id, source, name, cell in tx.execute(_ALL, asked):
        if grant.reads(source, Category(name)):
            yield source, _opened(tx, grant, source, name, row_id, cell)


def undo(tx: Tx, grant: Grant, import_id: str) -> None:
    """Forget what one import told."""
    grant.check()
    tx.execute(_UNDO, (grant.tenant, grant.person, import_id))


def say(tx: Tx, grant: Grant, fact: Fact, since: str) -> None:
    """Keep what the person says himself, over what he said of that kind and day.

    Args:
        tx: The caller's transaction.
        grant: The owner's.
        fact: Of origin ``self``.
        since: Local day, ``YYYY-MM-DD``.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    unsay(tx, grant, fact.kind, since)
    digest = _digest(tx, grant, "athlete.self/1", fact.kind, since)
    seen = Seen(fact=fact, first_day=since, last_day=since)
    _add(tx, grant, SELF, None, digest, seen)


def unsay(tx: Tx, grant: Grant, kind: Kind, since: str | None = None) -> None:
    """Forget what the person said himself of a kind, since one very day or ever.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: A cell was altered or moved.
    """
    _check_owner(grant)
    who, name = (grant.tenant, grant.person), str(CATEGORY_OF[kind])
    for row_id, category, cell in tx.execute(_OWN, (*who, SELF)).fetchall():
        if category != name:
            continue
        said = _opened(tx, grant, SELF, name, row_id, cell)
        if said.fact.kind is kind and since in {None, said.first_day}:
            tx.execute(_UNSAY, (*who, row_id))


def own_categories(tx: Tx, grant: Grant) -> frozenset[Category]:
    """Return the categories in which the person said something himself.

    Raises:
        RuntimeError: The grant is a recipient's.
    """
    _check_owner(grant)
    rows = tx.execute(_OWN, (grant.tenant, grant.person, SELF))
    return frozenset(Category(name) for _, name, _ in rows)


def _check_owner(grant: Grant) -> None:
    grant.check()
    if not grant.owner:
        msg = "what the person said himself is the owner's to change and to list"
        raise RuntimeError(msg)


def _note(tx: Tx, grant: Grant, import_id: str, source: str, new: Seen) -> None:
    what = new.fact.model_dump_json()
    digest = _digest(tx, grant, "athlete/1", import_id, source, new.month, what)
    row = tx.one(_FIND, (grant.tenant, grant.person, digest))
    if row is None:
        _add(tx, grant, source, import_id, digest, new)
        return
    held = _opened(tx, grant, source, str(CATEGORY_OF[new.fact.kind]), *row)
    if (whole := new.over(held)) != held:
        tx.execute(_SET, (*_sealed(tx, grant, source, row[0], whole), row[0]))


def _add(
    tx: Tx, grant: Grant, source: str, import_id: str | None, digest: bytes, seen: Seen
) -> None:
    row_id, category = str(uuid4()), str(CATEGORY_OF[seen.fact.kind])
    who, cell = (grant.tenant, grant.person), _sealed(tx, grant, source, row_id, seen)
    tx.execute(_ADD, (row_id, *who, source, category, import_id, digest, *cell))


def _sealed(
    tx: Tx, grant: Grant, source: str, row: str, seen: Seen
) -> tuple[int, bytes]:
    place = _place(grant, source, str(CATEGORY_OF[seen.fact.kind]), row)
    scope = person_scope(grant.tenant, grant.person)
    return tx.ring.seal(seen.model_dump_json().encode(), place, scope)


def _digest(tx: Tx, grant: Grant, what: str, *pieces: str) -> bytes:
    scope = person_scope(grant.tenant, grant.person)
    encoded = [piece.encode() for piece in pieces]
    return tx.ring.digest(scope, what, *encoded)


def _opened(
    tx: Tx, grant: Grant, source: str, category: str, row: str, cell: bytes
) -> Seen:
    plain = tx.ring.open(cell, _place(grant, source, category, row))
    return Seen.model_validate_json(plain)


def _place(grant: Grant, source: str, category: str, row: str) -> Place:
    column = f"athlete.{category}/1"
    return Place(column, grant.tenant, grant.person, row, source)
