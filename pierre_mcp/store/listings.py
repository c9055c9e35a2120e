"""Listings: what a compromised key had sealed when it was marked, and nothing since.

Who knows a key can seal anything under it. So in the transaction that marks it, what
stands for each of its cells is listed, 16 bytes a cell (``cells.listed_as``), sealed
under the key that follows it; the ring opens what is listed and nothing else. The list
goes with the key.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.gcm import LISTED_BYTES
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose, Ring

_A_CELL: Final = 4_096 * LISTED_BYTES

_ADD: Final = "INSERT INTO listings (compromised, seq, kid, cell) VALUES (?, ?, ?, ?)"
_OF_KEY: Final = "SELECT seq, cell FROM listings WHERE compromised = ? ORDER BY seq"
_FORGET: Final = "DELETE FROM listings WHERE compromised = ?"


def add(
    db: sqlite3.Connection, ring: Ring, key: KeyInfo, listed: Sequence[bytes]
) -> None:
    """List what a key had sealed, under the key now in use for the same."""
    whole = b"".join(listed)
    for seq, start in enumerate(range(0, len(whole), _A_CELL)):
        place = _place(key, seq)
        kid, cell = ring.seal(whole[start : start + _A_CELL], place, key.scope)
        db.execute(_ADD, (key.id, seq, kid, cell))


def forget(db: sqlite3.Connection, key_id: int) -> None:
    """Drop the list of a key that goes."""
    db.execute(_FORGET, (key_id,))


def load(db: sqlite3.Connection, ring: Ring) -> None:
    """Let each compromised key of a ring open what is listed of it.

    A part of a list that was changed lists nothing.
    """
    infos = [
        info
        for info in ring.infos()
        if (info.purpose, info.state) == (Purpose.SEAL, KeyState.COMPROMISED)
    ]
    # The newest first: the list of one may stand under the next, if that is marked too.
    for info in sorted(infos, key=lambda info: info.version, reverse=True):
        ring.allow(info.id, frozenset(_listed(db, ring, info)))


def _listed(db: sqlite3.Connection, ring: Ring, info: KeyInfo) -> list[bytes]:
    found: list[bytes] = []
    for seq, cell in db.execute(_OF_KEY, (info.id,)).fetchall():
        try:
            part = ring.open(cell, _place(info, seq))
        except SealBrokenError:
            continue
        starts = range(0, len(part), LISTED_BYTES)
        found += (part[start : start + LISTED_BYTES] for start in starts)
    return found


def _place(key: KeyInfo, seq: int) -> Place:
    tenant, _, person = key.scope.partition(":")[2].partition("/")
    return Place("listings.cell/1", tenant, person, f"{key.id}/{seq}")
