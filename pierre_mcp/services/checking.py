"""Checks over a whole store that open values and return none of them."""

from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit_check, policies
from pierre_mcp.store.audit_against import NOTHING, Evidence
from pierre_mcp.store.database import Tx


def verify_log(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity | None,
    against: Evidence = NOTHING,
) -> Finding | Health:
    """Check the audit log and the consent ledger; return the first thing wrong.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        who: The store's person; None where erased.
        against: What is kept elsewhere to hold the log against.
    """
    found = audit_check.verify(tx, maintenance, who, against)
    if isinstance(found, Finding) or who is None:
        return found
    holds = policies.ledger_holds(tx, maintenance, who)
    return found if holds else Finding(found.rows, FindingKind.LEDGER)
