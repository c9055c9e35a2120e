"""Proofs from the log for who has neither store nor keys: JSON that speaks for itself.

::

    {"format": "pierre-mcp/audit-proof/1", "kind": "row", "key": <vkey>,
     "checkpoint": <signed note>, "hashes": [<base64>, …], "seq": 12, "entry": <text>}
    {…, "kind": "extension", "earlier": <signed note>, …}

A row is in the tree that the checkpoint signs (RFC 9162, 2.1.3); the log of a
checkpoint begins with that of an earlier one (2.1.4). Both are against the newest
checkpoint, whose key is the one in use, so that what an earlier key signed needs no
earlier key. ``examples/verify_proof.py`` checks them.
"""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from pierre_mcp.errors import (
    AuditTamperedError,
    KeyMissingError,
    NoteMalformedError,
    NotesForeignError,
    RowPrunedError,
    RowUnknownError,
)
from pierre_mcp.keyring import merkle, notes
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import audit_state, checkpoints, keys
from pierre_mcp.store.database import Tx
from pierre_mcp.store.outside_notes import notes_in

FORMAT: Final = "pierre-mcp/audit-proof/1"

_PRUNED = "SELECT size, hashes FROM anchors ORDER BY size DESC LIMIT 1"
_ENTRIES = """
    SELECT seq, CAST(entry AS BLOB) FROM audit WHERE seq <= ? ORDER BY seq
"""
_ENTRY = "SELECT CAST(entry AS BLOB) FROM audit WHERE seq = ?"
_NEWEST_ROW = "SELECT coalesce(max(seq), 0) FROM audit"
_OURS = "SELECT 1 FROM checkpoints WHERE size = ? AND note = ?"


def covers(tx: Tx, maintenance: Maintenance, seq: int) -> bool:
    """Tell whether a checkpoint speaks for a row, and is signed by the key in use.

    Raises:
        RowUnknownError: There is no such row.
        RowPrunedError: There is none any more.
    """
    del maintenance
    _check_there(tx, seq)
    newest = checkpoints.newest(tx)
    return newest is not None and newest.size >= seq and _signed(tx, newest.note)


def of_row(tx: Tx, maintenance: Maintenance, seq: int) -> dict[str, Any]:
    """Return the proof that a row is in the log.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        seq: The row's number; ``covers`` it.

    Raises:
        AuditTamperedError: The log is not as its checkpoint says.
        RowUnknownError: There is no such row.
        RowPrunedError: There is none any more.
    """
    del maintenance
    _check_there(tx, seq)
    note, newest, subtree = _tree(tx)
    if seq > newest.size:
        raise AuditTamperedError  # its checkpoint was there, and is gone
    hashes = merkle.inclusion_proof(seq - 1, newest.size, subtree)
    (entry,) = tx.one(_ENTRY, (seq,))
    leaf = merkle.leaf(entry)
    # Every row is in one of the hashes, so this holds the whole log to the checkpoint.
    if merkle.root_from_proof(seq - 1, newest.size, leaf, hashes) != newest.root:
        raise AuditTamperedError
    told = {"seq": seq, "entry": bytes(entry).decode()}
    return _proof(tx, "row", note, hashes) | told


def of_extension(tx: Tx, maintenance: Maintenance, kept: bytes) -> dict[str, Any]:
    """Return the proof that the log begins with what an earlier checkpoint signed.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        kept: Has checkpoints in it, of which the newest that is ours is the one.

    Raises:
        AuditTamperedError: The log is not as its checkpoint says.
        NotesForeignError: This log signed none of them.
        RowPrunedError: Rows were pruned since which the proof would need.
    """
    del maintenance
    earlier = next((one for one in notes_in(kept)[::-1] if _is_ours(tx, one)), None)
    if earlier is None:
        raise NotesForeignError
    first, (note, newest, subtree) = notes.parsed(earlier), _tree(tx)
    try:
        hashes = merkle.consistency_proof(first.size, newest.size, subtree)
    except ValueError:
        raise RowPrunedError from None
    begins, is_now = (merkle.Root(one.size, one.root) for one in (first, newest))
    if not merkle.extends(begins, is_now, hashes):
        raise AuditTamperedError
    return _proof(tx, "extension", note, hashes) | {"earlier": earlier}


def _tree(tx: Tx) -> tuple[str, Checkpoint, merkle.Subtree]:
    """Return the newest checkpoint, and the tree of the rows it should be of."""
    kept = checkpoints.newest(tx)
    sealed = audit_state.read_epoch(tx).note
    if kept is None or notes.digest(kept.note) != sealed or not _signed(tx, kept.note):
        raise AuditTamperedError
    said = notes.parsed(kept.note)
    size, hashes = tx.one(_PRUNED) or (0, b"")
    try:
        pruned = merkle.Range.from_bytes(size, bytes(hashes))
    except ValueError:
        raise AuditTamperedError from None
    rows = tx.execute(_ENTRIES, (said.size,)).fetchall()
    if [seq for seq, _ in rows] != list(range(size + 1, said.size + 1)):
        raise AuditTamperedError
    leaves = [merkle.leaf(entry) for _, entry in rows]
    return kept.note, said, merkle.subtree_of(pruned, leaves)


def _proof(tx: Tx, kind: str, note: str, hashes: Sequence[bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": kind,
        "key": notes.vkey(tx.ring, _origin(tx)),
        "checkpoint": note,
        "hashes": [b64encode(one).decode() for one in hashes],
    }


def _check_there(tx: Tx, seq: int) -> None:
    size, _ = tx.one(_PRUNED) or (0, b"")
    (newest,) = tx.one(_NEWEST_ROW)
    if seq <= size:
        raise RowPrunedError
    if seq > newest:
        raise RowUnknownError


def _is_ours(tx: Tx, note: str) -> bool:
    with suppress(NoteMalformedError):
        return tx.one(_OURS, (notes.parsed(note).size, note)) is not None
    return False


def _signed(tx: Tx, note: str) -> bool:
    try:
        return notes.signed_by(notes.vkey(tx.ring, _origin(tx)), note)
    except KeyMissingError:
        return False


def _origin(tx: Tx) -> str:
    return notes.origin_of(keys.store_id(tx.db))
