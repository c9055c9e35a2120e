"""The alerts that were raised: one sealed cell each; plain is only their order.

They are the person's own, and go with the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from pierre_mcp.errors import AlertUnknownError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.alert import Alert
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store.database import Tx

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM alerts"
_ADD = """
    INSERT INTO alerts (id, tenant, person, seq, kid, cell) VALUES (?, ?, ?, ?, ?, ?)
"""
_AFTER = """
    SELECT id, seq, cell FROM alerts
     WHERE tenant = ? AND person = ? AND seq > ? ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert as raised; ``number`` counts from 1."""

    id: str
    number: int
    alert: Alert


def add(tx: Tx, maintenance: Maintenance, who: Identity, alert: Alert) -> ListedAlert:
    """Keep an alert."""
    del maintenance
    (number,) = tx.one(_NEXT)
    made = ListedAlert(str(uuid4()), int(number), alert)
    scope = person_scope(who.tenant, who.person)
    plain = alert.model_dump_json().encode()
    kid, cell = tx.ring.seal(plain, _place(who, made.id), scope)
    tx.execute(_ADD, (made.id, who.tenant, who.person, number, kid, cell))
    return made


def listed(tx: Tx, grant: Grant, *, after: int = 0) -> list[ListedAlert]:
    """Return the alerts beyond a number, oldest first.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: A cell was altered or moved.
    """
    grant.check()
    if not grant.owner:
        msg = "the alerts are the owner's"
        raise RuntimeError(msg)
    return list(_after(tx, Identity(grant.tenant, grant.person), after))


def find(tx: Tx, grant: Grant, ref: str) -> ListedAlert:
    """Return the alert of this number or id.

    Raises:
        AlertUnknownError: There is none.
    """
    for one in listed(tx, grant):
        if ref in {str(one.number), one.id}:
            return one
    raise AlertUnknownError


def _after(tx: Tx, who: Identity, after: int) -> Iterator[ListedAlert]:
    for row_id, number, cell in tx.execute(_AFTER, (who.tenant, who.person, after)):
        plain = tx.ring.open(cell, _place(who, row_id))
        yield ListedAlert(row_id, number, Alert.model_validate_json(plain))


def _place(who: Identity, row_id: str) -> Place:
    return Place("alerts.cell/1", who.tenant, who.person, row_id)
