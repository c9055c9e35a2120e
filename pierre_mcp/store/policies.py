"""A person's policy cell and the ledger of how it came to be.

The cell is what the gate decides from; the ledger is the history, append-only, each
entry MACed over the one before. Both are written in one transaction with the audit
row that carries the new ``policy_epoch``, so a row put in by hand grants nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from pierre_mcp.errors import PolicyTamperedError, SealBrokenError
from pierre_mcp.keyring import shifts
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Purpose, Ring, person_scope
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Scope
from pierre_mcp.store.database import Tx

Who = Grant | Identity

_READ = "SELECT cell FROM policies WHERE tenant = ? AND person = ?"
_ADD = "INSERT INTO policies (tenant, person, kid, cell) VALUES (?, ?, ?, ?)"
_WRITE = "UPDATE policies SET kid = ?, cell = ? WHERE tenant = ? AND person = ?"
_LAST_MAC = """
    SELECT mac FROM ledger WHERE tenant = ? AND person = ? ORDER BY seq DESC LIMIT 1
"""
_APPEND = """
    INSERT INTO ledger (id, tenant, person, kid, cell, mac) VALUES (?, ?, ?, ?, ?, ?)
"""
_MAC_AGAIN = "UPDATE ledger SET kid = ?, cell = ?, mac = ? WHERE id = ?"
_HISTORY = """
    SELECT id, cell, mac FROM ledger WHERE tenant = ? AND person = ? ORDER BY seq
"""
_NEWEST_FIRST = """
    SELECT id, cell FROM ledger WHERE tenant = ? AND person = ? ORDER BY seq DESC
"""


class LedgerEvent(StrEnum):
    """What became of a consent."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    LEVEL = "level"
    ZONES = "zones"
    OBJECTED = "objected"
    OBJECTION_LIFTED = "objection_lifted"
    RETENTION = "retention"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    CLOCK_CONFIRMED = "clock_confirmed"
    TOKENS_ENDED = "tokens_ended"


class LedgerEntry(BaseModel):
    """One line of a person's consent history (times UTC).

    Attributes:
        scope: Empty where the line is about no single scope.
        by: Who had it done: the owner, the recipient, founding, a restore, the clock.
        notice: The version of the notice it was given upon; None where none was shown.
        level: The privacy level chosen.
        subject: What else it is about, in fixed words: what was objected to, kept.
        signature: By the consent lock, where it was on; what is signed says ``lock``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    event: LedgerEvent
    at: datetime
    recipient: str = ""
    scope: Scope = Scope("")
    expires_at: datetime | None = None
    by: str
    notice: int | None = None
    level: Level | None = None
    subject: str = ""
    signature: str = ""


_ENDS: Final = {LedgerEvent.WITHDRAWN, LedgerEvent.EXPIRED, LedgerEvent.SUPERSEDED}


def event_of(entry: LedgerEntry) -> tuple[object, ...]:
    """Return what lines have in common that were entered as one."""
    return (entry.event, entry.at, entry.recipient, entry.by, entry.expires_at)


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """A policy with the exact cell it was opened from, to see later if it changed."""

    policy: Policy
    cell: bytes


def create(tx: Tx, who: Identity, policy: Policy) -> None:
    """Write the first policy, in the transaction that creates the store."""
    kid, cell = _seal(tx.ring, who, policy)
    tx.execute(_ADD, (who.tenant, who.person, kid, cell))


def read(tx: Tx, who: Who) -> ReadPolicy:
    """Open a person's policy.

    Raises:
        PolicyTamperedError: The cell is gone or was not sealed by this store.
    """
    row = tx.one(_READ, (who.tenant, who.person))
    return opened(tx, who, None if row is None else row[0])


def opened(tx: Tx, who: Who, cell: bytes | None) -> ReadPolicy:
    """Open the policy that ``people.owner_beside`` gave; likewise."""
    if cell is None:
        raise PolicyTamperedError
    try:
        plain = tx.ring.open(cell, _place(who))
    except SealBrokenError:
        raise PolicyTamperedError from None
    return ReadPolicy(_parsed(plain), cell)


@lru_cache(maxsize=4)
def _parsed(plain: bytes) -> Policy:
    """Parse a policy that was opened; the same bytes are the same policy."""
    return Policy.model_validate_json(plain)


def unchanged(tx: Tx, who: Who, before: ReadPolicy) -> bool:
    """Tell whether the policy cell is still, to the byte, the one read before."""
    row = tx.one(_READ, (who.tenant, who.person))
    return row is not None and bytes(row[0]) == before.cell


def write(tx: Tx, grant: Grant, policy: Policy) -> None:
    """Replace the policy; the caller's transaction also records why."""
    grant.check()
    _write(tx, grant, policy)


def expire(
    tx: Tx,
    leave: Grant | Maintenance,
    who: Who,
    *,
    now: datetime,
    of: str | None = None,
) -> int:
    """Take out of the policy what has run out, and enter it with the moment it ended.

    Args:
        tx: Also records why, where anything has.
        leave: The owner's grant, a recipient's for its own, or the system's leave.
        who: Whose.
        now: UTC.
        of: Only what this recipient held.

    Returns:
        How many scopes had run out.
    """
    if isinstance(leave, Grant):
        leave.check()
    policy, left, count = read(tx, who).policy, {}, 0
    for recipient, mine in policy.recipients.items():
        over = {} if of not in {None, recipient} else _over(mine, now)
        for scope, held in over.items():
            enter(tx, who, _expiry(recipient, scope, held))
        count += len(over)
        scopes = {s: held for s, held in mine.scopes.items() if s not in over}
        left[recipient] = mine.model_copy(update={"scopes": scopes})
    if count:
        epoch = policy.policy_epoch + 1
        update = {"policy_epoch": epoch, "recipients": left}
        _write(tx, who, policy.model_copy(update=update))
    return count


def settled(ring: Ring, who: Who, policy: Policy) -> Policy:
    """Return the policy with the shift of each of its zones.

    One of an earlier version has none: it is the same each time until keys rotate, and
    kept with the next change.
    """
    if all(zone.shift_m is not None for zone in policy.zones):
        return policy
    scope = person_scope(who.tenant, who.person)
    zones = shifts.settled(ring, scope, policy.zones)
    return policy.model_copy(update={"zones": zones})


def enter(tx: Tx, who: Who, entry: LedgerEntry, entry_id: str | None = None) -> str:
    """Append one line to the ledger and return its id."""
    entry_id = entry_id or str(uuid4())
    scope = person_scope(who.tenant, who.person)
    plain = entry.model_dump_json().encode()
    last = tx.one(_LAST_MAC, (who.tenant, who.person))
    mac = _mac(tx.ring, scope, bytes(last[0]) if last else b"", entry_id, plain)
    kid, cell = tx.ring.seal(plain, _ledger_place(who, entry_id), scope)
    tx.execute(_APPEND, (entry_id, who.tenant, who.person, kid, cell, mac))
    return entry_id


def due(tx: Tx, leave: Maintenance, who: Identity, *, now: datetime) -> bool:
    """Tell whether anything has run out that is not entered yet."""
    del leave
    recipients = read(tx, who).policy.recipients.values()
    return any(_over(mine, now) for mine in recipients)


def history(tx: Tx, grant: Grant) -> list[tuple[str, LedgerEntry]]:
    """Return the whole ledger of the grant's person, oldest first."""
    grant.check()
    rows = tx.execute(_HISTORY, (grant.tenant, grant.person))
    return [
        (entry_id, LedgerEntry.model_validate_json(_opened(tx, grant, entry_id, cell)))
        for entry_id, cell, _ in rows
    ]


def since(tx: Tx, grant: Grant, moment: datetime) -> list[LedgerEntry]:
    """Return the lines of ``moment`` (UTC) and later, newest first.

    An expiry bears the moment it ended, which may be long before it was entered.
    """
    grant.check()
    found = []
    for entry_id, cell in tx.execute(_NEWEST_FIRST, (grant.tenant, grant.person)):
        plain = _opened(tx, grant, entry_id, cell)
        entry = LedgerEntry.model_validate_json(plain)
        if entry.at >= moment:
            found.append(entry)
        elif entry.event is not LedgerEvent.EXPIRED:
            break
    return found


def ledger_holds(tx: Tx, maintenance: Maintenance, who: Identity) -> bool:
    """Check every line's MAC over the one before; nothing opened is returned.

    A cut of the newest lines leaves a chain that holds, so what was given by the ledger
    and has not ended by it must also be exactly what is held.
    """
    del maintenance
    return _holds(tx, who)


def own_ledger_holds(tx: Tx, grant: Grant) -> bool:
    """Likewise, for the grant's person."""
    grant.check()
    return _holds(tx, grant)


def _holds(tx: Tx, who: Who) -> bool:
    found = _lines(tx, who)
    if found is None:
        return False
    recipients = read(tx, who).policy.recipients.values()
    held = {h.ledger_id for one in recipients for h in one.scopes.values()}
    return held == _open(found)


def lines(
    tx: Tx, maintenance: Maintenance, who: Identity
) -> list[tuple[str, bytes]] | None:
    """Return each line's id and value, for ``mac_again``; None if the chain breaks."""
    del maintenance
    return _lines(tx, who)


def _lines(tx: Tx, who: Who) -> list[tuple[str, bytes]] | None:
    scope, before = person_scope(who.tenant, who.person), b""
    found: list[tuple[str, bytes]] = []
    for entry_id, cell, mac in tx.execute(_HISTORY, (who.tenant, who.person)):
        try:
            plain = _opened(tx, who, entry_id, cell)
        except SealBrokenError:
            return None
        if _mac(tx.ring, scope, before, entry_id, plain) != bytes(mac):
            return None
        before = bytes(mac)
        found.append((entry_id, plain))
    return found


def mac_again(
    tx: Tx, maintenance: Maintenance, who: Identity, found: Sequence[tuple[str, bytes]]
) -> None:
    """MAC the whole ledger under the key now in use, and seal it under the other.

    Args:
        tx: The writing transaction that replaced both keys.
        maintenance: From the gate.
        who: Whose.
        found: As ``lines`` gave it, under the key before.
    """
    del maintenance
    scope, before = person_scope(who.tenant, who.person), b""
    for entry_id, plain in found:
        before = _mac(tx.ring, scope, before, entry_id, plain)
        kid, cell = tx.ring.seal(plain, _ledger_place(who, entry_id), scope)
        tx.execute(_MAC_AGAIN, (kid, cell, before, entry_id))


def _over(mine: RecipientPolicy, now: datetime) -> dict[Scope, Held]:
    ends = ((scope, held, held.expires_at) for scope, held in mine.scopes.items())
    return {scope: held for scope, held, end in ends if end is not None and end <= now}


def _expiry(recipient: str, scope: Scope, held: Held) -> LedgerEntry:
    end = held.expires_at
    if end is None:
        msg = "what has no end does not run out"
        raise RuntimeError(msg)
    return LedgerEntry(
        event=LedgerEvent.EXPIRED,
        at=end,
        recipient=recipient,
        scope=scope,
        expires_at=end,
        by="clock",
        notice=held.notice,
    )


def _write(tx: Tx, who: Who, policy: Policy) -> None:
    kid, cell = _seal(tx.ring, who, settled(tx.ring, who, policy))
    tx.execute(_WRITE, (kid, cell, who.tenant, who.person))


def _open(found: Iterable[tuple[str, bytes]]) -> set[str]:
    """Return the lines by which something was given that no later one has ended."""
    given: dict[tuple[str, Scope], str] = {}
    for entry_id, plain in found:
        entry = LedgerEntry.model_validate_json(plain)
        of = (entry.recipient, entry.scope)
        if entry.event is LedgerEvent.GIVEN:
            given[of] = entry_id
        elif entry.event in _ENDS:
            given.pop(of, None)
    return set(given.values())


def _opened(tx: Tx, who: Who, entry_id: str, cell: bytes) -> bytes:
    return tx.ring.open(cell, _ledger_place(who, entry_id))


def _mac(ring: Ring, scope: str, before: bytes, entry_id: str, plain: bytes) -> bytes:
    pieces = (before, entry_id.encode(), plain)
    return ring.mac(scope, Purpose.LEDGER, "ledger/1", *pieces)


def _seal(ring: Ring, who: Who, policy: Policy) -> tuple[int, bytes]:
    plain = policy.model_dump_json().encode()
    return ring.seal(plain, _place(who), person_scope(who.tenant, who.person))


def _place(who: Who) -> Place:
    return Place("policies.cell/1", who.tenant, who.person, who.person)


def _ledger_place(who: Who, entry_id: str) -> Place:
    return Place("ledger.cell/1", who.tenant, who.person, entry_id)
