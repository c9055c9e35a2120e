"""The people of a store: one so far, its local owner."""

from functools import lru_cache
from typing import Any

from pierre_mcp.errors import PersonErasedError, StoreDamagedError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.profile import Profile
from pierre_mcp.store.database import Tx

DEMO_PREFIX = "demo-"

_OWNER = "SELECT tenant, person FROM people"
# One statement, since every call asks for all of it.
_BESIDE = """
    SELECT tenant, person, profile,
           (SELECT cell FROM policies
             WHERE tenant = people.tenant AND person = people.person)
      FROM people
"""
_ERASURE = "SELECT 1 FROM erasures LIMIT 1"
_PROFILE = "SELECT profile FROM people WHERE tenant = ? AND person = ?"
_ADD = "INSERT INTO people (tenant, person, kid, profile) VALUES (?, ?, ?, ?)"
_SET = "UPDATE people SET kid = ?, profile = ? WHERE tenant = ? AND person = ?"


def owner(tx: Tx) -> Identity:
    """Return the one person this store serves.

    Raises:
        PersonErasedError: There is none any more.
        StoreDamagedError: There is none, or more than one.
    """
    who = whose(tx)
    if who is None:
        raise PersonErasedError
    return who


def owner_beside(tx: Tx) -> tuple[Identity, bytes, bytes | None]:
    """Return likewise, with the person's settings and policy, sealed.

    Returns:
        The person; what ``opened`` opens; what ``policies.opened`` opens, or holds to
        be tampered with.
    """
    row = _only(tx, _BESIDE)
    if row is None:
        raise PersonErasedError
    tenant, person, profile, policy = row
    return Identity(tenant, person), profile, policy


def whose(tx: Tx) -> Identity | None:
    """Return the one person this store serves; None where that person was erased.

    Raises:
        StoreDamagedError: There is more than one; or none, and no erasure says why.
    """
    row = _only(tx, _OWNER)
    return None if row is None else Identity(*row)


def _only(tx: Tx, statement: str) -> tuple[Any, ...] | None:
    rows = tx.execute(statement).fetchall()
    if not rows and tx.one(_ERASURE) is not None:
        return None
    if len(rows) != 1:
        raise StoreDamagedError
    only: tuple[Any, ...] = rows[0]
    return only


def is_demo(tx: Tx) -> bool:
    """Tell whether this is a demo store, which never holds anyone's real data."""
    (store_id,) = tx.one("SELECT id FROM store")
    return str(store_id).startswith(DEMO_PREFIX)


def profile(tx: Tx, who: Grant | Identity) -> Profile:
    """Return what the person set about himself.

    Raises:
        StoreDamagedError: There is no such person.
    """
    row = tx.one(_PROFILE, (who.tenant, who.person))
    if row is None:
        raise StoreDamagedError
    return opened(tx, who, row[0])


def opened(tx: Tx, who: Grant | Identity, cell: bytes) -> Profile:
    """Open the profile that ``owner_beside`` gave.

    Raises:
        SealBrokenError: It was altered or moved.
    """
    return _parsed(tx.ring.open(cell, _place(who)))


@lru_cache(maxsize=4)
def _parsed(plain: bytes) -> Profile:
    """Parse settings that were opened; the same bytes are the same settings."""
    return Profile.model_validate_json(plain)


def add(tx: Tx, who: Identity, profile: Profile) -> None:
    """Add the owner, in the transaction that creates the store."""
    kid, cell = _seal(tx, who, profile)
    tx.execute(_ADD, (who.tenant, who.person, kid, cell))


def set_profile(tx: Tx, grant: Grant, profile: Profile) -> None:
    """Replace what the person set about himself."""
    grant.check()
    kid, cell = _seal(tx, grant, profile)
    tx.execute(_SET, (kid, cell, grant.tenant, grant.person))


def _seal(tx: Tx, who: Grant | Identity, profile: Profile) -> tuple[int, bytes]:
    plain = profile.model_dump_json().encode()
    return tx.ring.seal(plain, _place(who), person_scope(who.tenant, who.person))


def _place(who: Grant | Identity) -> Place:
    return Place("people.profile/1", who.tenant, who.person, who.person)
