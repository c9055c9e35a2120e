"""The notices that consents were given upon, kept word for word, never changed."""

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.notices import Notice
from pierre_mcp.store.database import Tx

_KEEP = """
    INSERT INTO notices (version, language, sha256, body) VALUES (?, ?, ?, ?)
        ON CONFLICT (version, language) DO NOTHING
"""
_OF = "SELECT version, language, body, sha256 FROM notices WHERE version = ?"


def keep(tx: Tx, grant: Grant, notice: Notice) -> None:
    """Store a notice with the first consent given upon it.

    Raises:
        PolicyTamperedError: Another text was put in under its version.
    """
    grant.check()
    row = (notice.version, notice.language, notice.sha256, notice.text)
    tx.execute(_KEEP, row)
    if of(tx, grant, notice.version) != notice:
        raise PolicyTamperedError


def of(tx: Tx, grant: Grant, version: int) -> Notice | None:
    """Return the notice of a version as it was stored; None before the first consent.

    Raises:
        PolicyTamperedError: Its text is not the one that its digest is of.
    """
    grant.check()
    row = tx.one(_OF, (version,))
    if row is None:
        return None
    notice = Notice(*row[:3])
    if notice.sha256 != bytes(row[3]):
        raise PolicyTamperedError
    return notice
