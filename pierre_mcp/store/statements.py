"""What this store signs for its person; ``keyring/jws`` says how anyone checks it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pierre_mcp.errors import KeyMissingError
from pierre_mcp.keyring import jws
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.store import key_changes, receipts
from pierre_mcp.store.database import Tx


def can_sign(tx: Tx) -> bool:
    """Tell whether there is a key that signs."""
    try:
        tx.ring.active(*receipts.USE)
    except KeyMissingError:
        return False
    return True


def prepare(tx: Tx, maintenance: Maintenance, *, now: datetime) -> None:
    """Make the key that signs, unless there is one."""
    if not can_sign(tx):
        key_changes.renew(tx, maintenance, [receipts.USE], now=now)


def signed(tx: Tx, grant: Grant, kind: str, body: Mapping[str, Any]) -> str:
    """Return ``body`` as a signed statement of a kind.

    Raises:
        KeyMissingError: No key signs yet.
    """
    grant.check()
    return jws.signed(tx.ring, kind, body)


def read(statement: str, kind: str) -> dict[str, Any] | None:
    """Return what a statement says; None unless it was signed to the byte."""
    return jws.read(statement, kind)


def signed_here(tx: Tx, grant: Grant, said: Mapping[str, Any]) -> bool:
    """Tell whether it was this store, with the key it has now, that signed it."""
    grant.check()
    return can_sign(tx) and jws.signed_here(tx.ring, said)
