"""The register of alerts that were raised."""

from dataclasses import dataclass
from typing import Final

from pierre_mcp.errors import AlertUnknownError
from pierre_mcp.model.alert import Alert
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store.database import Tx
from pierre_mcp.store.registers import Register

_REGISTER: Final = Register("alerts", Alert)


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert as raised; ``number`` counts from 1."""

    id: str
    number: int
    alert: Alert


def add(tx: Tx, maintenance: Maintenance, who: Identity, alert: Alert) -> ListedAlert:
    """Keep an alert."""
    del maintenance
    return ListedAlert(*_REGISTER.add(tx, who, alert), alert)


def listed(tx: Tx, grant: Grant, *, after: int = 0) -> list[ListedAlert]:
    """Return the alerts beyond a number, oldest first.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: A cell was altered or moved.
    """
    _REGISTER.check(grant)
    return [ListedAlert(*row) for row in _REGISTER.listed(tx, grant, after=after)]


def find(tx: Tx, grant: Grant, ref: str) -> ListedAlert:
    """Return the alert of this number or id.

    Raises:
        AlertUnknownError: There is none.
    """
    for one in listed(tx, grant):
        if ref in {str(one.number), one.id}:
            return one
    raise AlertUnknownError
