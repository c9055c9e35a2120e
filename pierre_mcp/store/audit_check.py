"""Checking the whole log: the first thing wrong with it, and where.

::

    each row             its number, its link to the row before, its epoch, its detail
    rows of this epoch   their MACs, and with a key kept away those of earlier ones too
    each checkpoint      root, newest link and MACs of its rows, against its note
    the notes            each by its hash in the next; the newest by the sealed one

The key of a closed epoch is gone, so what was done to its rows and then linked anew is
found by the next checkpoint: it lies after the one before.
"""

import sys
from contextlib import suppress

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring import notes
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit_notes, audit_rows, audit_state, keys
from pierre_mcp.store.audit_against import NOTHING, Evidence, contradicted
from pierre_mcp.store.audit_rows import Details
from pierre_mcp.store.audit_state import Epoch, Tail
from pierre_mcp.store.audit_walk import Walk
from pierre_mcp.store.database import Tx


def verify(
    tx: Tx,
    maintenance: Maintenance,
    who: Identity | None,
    against: Evidence = NOTHING,
) -> Finding | Health:
    """Walk the whole log and return the first thing wrong, or its health.

    A detail may be missing from a row where a later one says that it was erased, or
    pruned.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        who: Whose details the log has by now; None where that person was erased.
        against: What is kept elsewhere to hold it against.
    """
    epoch = _epoch(tx)
    if epoch is None:  # then no MAC can be checked, from the first row on
        return Finding(1, FindingKind.EDITED)
    tail = _tail(tx)
    elsewhere = against.checkpoints(notes.origin_of(keys.store_id(tx.db)))
    lost = audit_rows.lost_below(tx, maintenance, epoch)
    walk = Walk(
        tail=tail,
        epoch=epoch,
        notes=audit_notes.read(tx, epoch, tail),
        key=against.key,
        details=Details(tx.ring, who, lost),
        asked=frozenset(one.size for one in elsewhere.values()),
    )
    found = walk.through(tx)
    upto = sys.maxsize if found is None else found.seq - 1
    parted = contradicted(
        tx,
        maintenance,
        {d: one for d, one in elsewhere.items() if one.size <= upto},
        against.mark if found is None else None,
        walk.seen,
        ours=walk.notes,
        rows=walk.seq,
    )
    if parted or found:
        return min(filter(None, (parted, found)), key=lambda one: one.seq)
    return Health(walk.seq, walk.checked, epoch.anchor, walk.maced_from)


def _tail(tx: Tx) -> Tail | None:
    with suppress(AuditTamperedError):
        return audit_state.read_tail(tx)
    return None


def _epoch(tx: Tx) -> Epoch | None:
    with suppress(AuditTamperedError):
        return audit_state.read_epoch(tx)
    return None
