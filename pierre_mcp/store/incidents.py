"""The register of incidents: one sealed cell each; plain is only their order.

It is the person's own, and goes with the person.
"""

from dataclasses import dataclass
from uuid import uuid4

from pierre_mcp.errors import IncidentUnknownError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import Incident
from pierre_mcp.store.database import Tx

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM incidents"
_ADD = """
    INSERT INTO incidents (id, tenant, person, seq, kid, cell) VALUES (?, ?, ?, ?, ?, ?)
"""
_ALL = """
    SELECT id, seq, cell FROM incidents WHERE tenant = ? AND person = ? ORDER BY seq
"""
_UPDATE = """
    UPDATE incidents SET kid = ?, cell = ? WHERE tenant = ? AND person = ? AND id = ?
"""


@dataclass(frozen=True, slots=True)
class ListedIncident:
    """An incident as entered; ``number`` counts from 1."""

    id: str
    number: int
    incident: Incident


def add(tx: Tx, grant: Grant, incident: Incident) -> ListedIncident:
    """Enter an incident.

    Raises:
        RuntimeError: The grant is a recipient's; of every function here.
    """
    _check_owner(grant)
    (number,) = tx.one(_NEXT)
    made = ListedIncident(str(uuid4()), int(number), incident)
    kid, cell = _seal(tx, grant, made.id, incident)
    tx.execute(_ADD, (made.id, grant.tenant, grant.person, number, kid, cell))
    return made


def listed(tx: Tx, grant: Grant) -> list[ListedIncident]:
    """Return every incident, in the order they were entered.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    _check_owner(grant)
    rows = tx.execute(_ALL, (grant.tenant, grant.person))
    return [
        ListedIncident(
            row_id,
            number,
            Incident.model_validate_json(tx.ring.open(cell, _place(grant, row_id))),
        )
        for row_id, number, cell in rows
    ]


def find(tx: Tx, grant: Grant, ref: str) -> ListedIncident:
    """Return the incident of this number or id.

    Raises:
        IncidentUnknownError: There is none.
    """
    for one in listed(tx, grant):
        if ref in {str(one.number), one.id}:
            return one
    raise IncidentUnknownError


def update(tx: Tx, grant: Grant, changed: ListedIncident) -> None:
    """Write an incident that was found, as it is now."""
    _check_owner(grant)
    kid, cell = _seal(tx, grant, changed.id, changed.incident)
    tx.execute(_UPDATE, (kid, cell, grant.tenant, grant.person, changed.id))


def _check_owner(grant: Grant) -> None:
    grant.check()
    if not grant.owner:
        msg = "the register of incidents is the owner's"
        raise RuntimeError(msg)


def _seal(
    tx: Tx, grant: Grant, incident_id: str, incident: Incident
) -> tuple[int, bytes]:
    plain = incident.model_dump_json().encode()
    scope = person_scope(grant.tenant, grant.person)
    return tx.ring.seal(plain, _place(grant, incident_id), scope)


def _place(grant: Grant, incident_id: str) -> Place:
    return Place("incidents.cell/1", grant.tenant, grant.person, incident_id)
