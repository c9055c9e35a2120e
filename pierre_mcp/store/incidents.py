"""The register of incidents."""

from dataclasses import dataclass
from typing import Final

from pierre_mcp.errors import IncidentUnknownError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import Incident
from pierre_mcp.store.database import Tx
from pierre_mcp.store.registers import Register

_REGISTER: Final = Register("incidents", Incident)


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
    _REGISTER.check(grant)
    return ListedIncident(*_REGISTER.add(tx, grant, incident), incident)


def listed(tx: Tx, grant: Grant) -> list[ListedIncident]:
    """Return every incident, in the order they were entered.

    Raises:
        SealBrokenError: A cell was altered or moved.
    """
    _REGISTER.check(grant)
    return [ListedIncident(*row) for row in _REGISTER.listed(tx, grant)]


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
    _REGISTER.check(grant)
    _REGISTER.update(tx, grant, changed.id, changed.incident)
