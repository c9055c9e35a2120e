"""Originals: files as they came, byte for byte, sealed in chunks beside a recording.

A file of ``n`` chunks is ``n + 1`` cells of the file's first recording, with which it
goes::

    seq 0       head: how many chunks, how many bytes, and their SHA-256
    seq 1 ... n the bytes, 256 KiB in each but the last

The head is written last, so a file without one is not whole: it is not shown, and the
next writer begins again. Each cell is bound to its number, and the head to all of
them: chunks that were swapped, cut or put back do not open. A head that was removed
leaves no original, as a row that was removed leaves no recording.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Ring, person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Where
from pierre_mcp.store.database import Tx
from pierre_mcp.store.recordings import keyed_digest, place_of

CHUNK_BYTES: Final = 256 * 1024
HEAD: Final = 0

_RECORDING = """
    SELECT id FROM recordings
     WHERE tenant = ? AND person = ? AND digest = ? AND part = 0
"""
_HOME = """
    SELECT r.id, r.source, r.origin, r.local_day,
           EXISTS (SELECT 1 FROM originals o WHERE o.recording = r.id AND o.seq = 0),
           min(f.local_day), count(*)
      FROM recordings r JOIN recordings f USING (tenant, person, digest)
     WHERE tenant = ? AND person = ? AND r.id = ? GROUP BY r.id
"""
_LAST = """
    SELECT seq, kid, cell FROM originals WHERE recording = ? ORDER BY seq DESC LIMIT 1
"""
_CLEAR = "DELETE FROM originals WHERE recording = ?"
_ADD = "INSERT INTO originals (recording, seq, kid, cell) VALUES (?, ?, ?, ?)"
_CELLS = "SELECT seq, cell FROM originals WHERE recording = ? ORDER BY seq"
_HELD = """
    SELECT count(*) FILTER (WHERE o.seq = 0), coalesce(sum(length(o.cell)), 0)
      FROM recordings r JOIN originals o ON o.recording = r.id
     WHERE r.tenant = ? AND r.person = ?
"""


@dataclass(frozen=True, slots=True)
class Home:
    """The recording that an original is kept with.

    Attributes:
        day: Local, ``YYYY-MM-DD``.
        whole: Whether all of an original is there.
        first_day: Of all recordings of the file, the earliest local day.
        recordings: How many of the file there are.
    """

    id: str
    where: Where
    day: str
    whole: bool
    first_day: str
    recordings: int


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    chunks: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SealedCell:
    """One cell of an original, ready to be written."""

    seq: int
    kid: int
    cell: bytes


def recording_of(tx: Tx, grant: Grant, digest: bytes, source: str) -> str | None:
    """Return the first recording that came with this digest; None if none did."""
    grant.check()
    keyed = keyed_digest(tx.ring, grant, digest, source)
    row = tx.one(_RECORDING, (grant.tenant, grant.person, keyed))
    return None if row is None else str(row[0])


def home_of(tx: Tx, grant: Grant, recording: str) -> Home | None:
    """Return where a recording's original is or would be; None if it is gone."""
    grant.check()
    row = tx.one(_HOME, (grant.tenant, grant.person, recording))
    if row is None:
        return None
    row_id, source, origin, day, whole, *of_file = row
    return Home(row_id, Where(source, origin), day, bool(whole), *of_file)


def seal_chunk(
    ring: Ring, grant: Grant, home: Home, content: bytes, seq: int
) -> SealedCell:
    """Seal the chunk of ``content`` that ``seq`` numbers, from 1."""
    grant.check()
    start = (seq - 1) * CHUNK_BYTES
    return _sealed(ring, grant, home, seq, content[start : start + CHUNK_BYTES])


def seal_head(ring: Ring, grant: Grant, home: Home, content: bytes) -> SealedCell:
    """Seal what says how much there is of it."""
    grant.check()
    head = _Head(
        chunks=chunks_of(content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return _sealed(ring, grant, home, HEAD, head.model_dump_json().encode())


def chunks_of(content: bytes) -> int:
    """Return how many chunks ``content`` takes."""
    return -(-len(content) // CHUNK_BYTES)


def add(
    tx: Tx,
    grant: Grant,
    home: Home,
    cells: Sequence[SealedCell],
    *,
    after: SealedCell | None,
    content: bytes,
) -> bool:
    """Write the next cells of an original, and tell whether they were still wanted.

    Two processes may keep the same file. Whoever begins clears what is not whole; so
    while our last cell stands, all before it are ours, and else the other goes on. If
    the key was replaced meanwhile our cells were sealed again: then what stands there
    goes by its content.

    Args:
        tx: Writing.
        grant: Whose it is.
        home: As ``home_of`` returned it.
        cells: In the order of the file, the head last.
        after: The last cell written before these; None at the beginning.
        content: The whole file.
    """
    now = home_of(tx, grant, home.id)
    if now is None or now.whole or now.day != home.day:  # its day was corrected
        return False
    if after is None:
        tx.execute(_CLEAR, (home.id,))
    elif not _stands(tx, grant, home, after, content):
        return False
    for one in cells:
        tx.execute(_ADD, (home.id, one.seq, one.kid, one.cell))
    return True


def _stands(
    tx: Tx, grant: Grant, home: Home, after: SealedCell, content: bytes
) -> bool:
    """Tell whether the file is written up to our last cell, and no further."""
    last = tx.one(_LAST, (home.id,))
    if last is None or last[0] != after.seq:
        return False
    if tuple(last[1:]) == (after.kid, after.cell):
        return True
    if last[1] == after.kid:  # another process's: ours would not be sealed again
        return False
    chunks = (
        tx.ring.open(cell, _place(grant, home, seq))
        for seq, cell in tx.execute(_CELLS, (home.id,))
    )
    try:
        return b"".join(chunks) == content[: after.seq * CHUNK_BYTES]
    except SealBrokenError:
        return False


def content(tx: Tx, grant: Grant, recording: str) -> bytes | None:
    """Open an original, for its owner only; None where there is no whole one.

    Raises:
        RuntimeError: The grant is a recipient's.
        SealBrokenError: A chunk was altered, moved, cut off or put back.
    """
    grant.check()
    if not grant.owner:
        msg = "an original is for its owner"
        raise RuntimeError(msg)
    found = home_of(tx, grant, recording)
    if found is None or not found.whole:
        return None
    sealed = list(tx.execute(_CELLS, (recording,)))
    head, *chunks = (
        tx.ring.open(cell, _place(grant, found, seq)) for seq, cell in sealed
    )
    said, whole = _Head.model_validate_json(head), b"".join(chunks)
    digest = hashlib.sha256(whole).hexdigest()
    if (said.chunks, said.size, said.sha256) != (len(chunks), len(whole), digest):
        raise SealBrokenError
    return whole


def held(tx: Tx, grant: Grant) -> tuple[int, int]:
    """Return how many originals are whole, and the bytes of all chunks as sealed."""
    grant.check()
    count, size = tx.one(_HELD, (grant.tenant, grant.person))
    return int(count), int(size)


def _sealed(ring: Ring, grant: Grant, home: Home, seq: int, plain: bytes) -> SealedCell:
    scope = person_scope(grant.tenant, grant.person)
    return SealedCell(seq, *ring.seal(plain, _place(grant, home, seq), scope))


def _place(grant: Grant, home: Home, seq: int) -> Place:
    name = "head" if seq == HEAD else str(seq)
    return place_of(grant, home.id, home.where, home.day, f"originals.{name}/1")
