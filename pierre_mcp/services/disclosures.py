"""Who received what: told from a log that was checked first, in one snapshot."""

from datetime import datetime

from pierre_mcp.model.audit import Finding
from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import disclosures
from pierre_mcp.store.database import Tx


def received(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity | None,
    *,
    since: datetime | None = None,
    recipient: str | None = None,
) -> Finding | list[Disclosure]:
    """Return what left for whom, or the first thing that is wrong with the log."""
    found = verify_log(tx, maintenance, who)
    if isinstance(found, Finding):
        return found
    return disclosures.summed(tx, maintenance, since=since, recipient=recipient)
