"""What was told of the athlete: a sealed cell for each value and month it was told in.

Thousands of files tell the same few values, so of one source, kind, value and month an
import keeps the first day and the last. That does not hang on the order of the files,
and an import that is taken back takes what it told along. Values of one kind, source
and month that follow each other to and fro are known by these days alone.
"""

from collections.abc import Iterable, Iterator
from uuid import uuid4

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Purpose, person_scope
from pierre_mcp.model.athlete import CATEGORY_OF, Fact, Seen
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import Sealed

_FIND = "SELECT id, cell FROM athlete WHERE tenant = ? AND person = ? AND digest = ?"
_ADD = """
    INSERT INTO athlete
        (id, tenant, person, source, category, import_id, digest, kid, cell)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SET = "UPDATE athlete SET kid = ?, cell = ? WHERE id = ?"
_ALL = "SELECT id, source, category, cell FROM athlete WHERE tenant = ? AND person = ?"
_UNDO = "DELETE FROM athlete WHERE tenant = ? AND person = ? AND import_id = ?"


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
    for row_id, source, name, cell in tx.execute(_ALL, (grant.tenant, grant.person)):
        if grant.reads(source, Category(name)):
            place = _place(grant, source, name, row_id)
            yield source, Seen.model_validate_json(tx.ring.open(cell, place))


def undo(tx: Tx, grant: Grant, import_id: str) -> None:
    """Forget what one import told."""
    grant.check()
    tx.execute(_UNDO, (grant.tenant, grant.person, import_id))


def _note(tx: Tx, grant: Grant, import_id: str, source: str, new: Seen) -> None:
    who = (grant.tenant, grant.person)
    scope, category = person_scope(*who), str(CATEGORY_OF[new.fact.kind])
    what = new.fact.model_dump_json().encode()
    pieces = (import_id.encode(), source.encode(), new.month.encode(), what)
    digest = tx.ring.mac(scope, Purpose.INDEX, "athlete/1", *pieces)
    row = tx.one(_FIND, (*who, digest))
    row_id = str(uuid4()) if row is None else str(row[0])
    place = _place(grant, source, category, row_id)
    held = (
        None if row is None else Seen.model_validate_json(tx.ring.open(row[1], place))
    )
    whole = new.over(held)
    if whole == held:
        return
    kid, cell = tx.ring.seal(whole.model_dump_json().encode(), place, scope)
    if held is not None:
        tx.execute(_SET, (kid, cell, row_id))
        return
    tx.execute(_ADD, (row_id, *who, source, category, import_id, digest, kid, cell))


def _place(grant: Grant, source: str, category: str, row: str) -> Place:
    column = f"athlete.{category}/1"
    return Place(column, grant.tenant, grant.person, row, source)
