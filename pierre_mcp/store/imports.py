"""Import runs and what became of each file in them.

File names, times and counts are personal and sealed; plain are only the order, the
state and the outcome's word.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from pierre_mcp.errors import ImportUnknownError
from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM imports"
_BEGIN = """
    INSERT INTO imports (id, tenant, person, seq, state, kid, cell)
    VALUES (?, ?, ?, ?, 'running', ?, ?)
"""
_UPDATE = """
    UPDATE imports SET state = ?, kid = ?, cell = ?
     WHERE tenant = ? AND person = ? AND id = ?
"""
_ALL = """
    SELECT id, seq, state, cell FROM imports WHERE tenant = ? AND person = ?
     ORDER BY seq
"""
_ADD_FILE = """
    INSERT INTO import_files (import_id, seq, outcome, kid, cell)
    VALUES (?, ?, ?, ?, ?)
"""
_FILES = "SELECT seq, cell FROM import_files WHERE import_id = ? ORDER BY seq"


_SHORTEST_START = 8


class State(StrEnum):
    """Where an import is in its life."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    UNDONE = "undone"


class FileOutcome(StrEnum):
    """What became of one file."""

    IMPORTED = "imported"
    REPAIRED = "repaired"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    FAILED = "failed"


class Run(BaseModel):
    """One import run, sealed (times UTC)."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    started_at: datetime
    finished_at: datetime | None = None
    outcomes: dict[FileOutcome, int] = {}
    activities: int = 0


def _as_text(name: str) -> str:
    """Return a file name as text: bytes that are not UTF-8 come as surrogates."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


class FileLine(BaseModel):
    """One file of a run, sealed.

    Attributes:
        name: The file's own name, without its folder.
        reason: Fixed words: why it was skipped, failed or repaired.
        recording: The first recording it gave, with which its original is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: Annotated[str, BeforeValidator(_as_text)]
    outcome: FileOutcome
    reason: str = ""
    activities: int = 0
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run as listed to the owner; ``number`` counts from 1."""

    id: str
    number: int
    state: State
    run: Run


def begin(tx: Tx, grant: Grant, import_id: str, run: Run) -> None:
    """Note that an import starts."""
    grant.check()
    (number,) = tx.one(_NEXT)
    kid, cell = _seal(tx, grant, "imports.cell/1", import_id, run)
    tx.execute(_BEGIN, (import_id, grant.tenant, grant.person, number, kid, cell))


def update(tx: Tx, grant: Grant, import_id: str, state: State, run: Run) -> None:
    """Note how far an import came."""
    grant.check()
    kid, cell = _seal(tx, grant, "imports.cell/1", import_id, run)
    tx.execute(_UPDATE, (state, kid, cell, grant.tenant, grant.person, import_id))


def add_file(tx: Tx, grant: Grant, import_id: str, seq: int, line: FileLine) -> None:
    """Note what became of one file."""
    grant.check()
    row = f"{import_id}/{seq}"
    kid, cell = _seal(tx, grant, "import_files.cell/1", row, line)
    tx.execute(_ADD_FILE, (import_id, seq, line.outcome, kid, cell))


def listed(tx: Tx, grant: Grant) -> list[ListedRun]:
    """Return every run of the owner, oldest first."""
    grant.check()
    rows = tx.execute(_ALL, (grant.tenant, grant.person))
    return [
        ListedRun(
            import_id,
            number,
            State(state),
            Run.model_validate_json(
                tx.ring.open(cell, _place(grant, "imports.cell/1", import_id))
            ),
        )
        for import_id, number, state, cell in rows
    ]


def files(tx: Tx, grant: Grant, import_id: str) -> list[FileLine]:
    """Return what became of each file of a run, in order."""
    grant.check()
    return [
        FileLine.model_validate_json(
            tx.ring.open(
                cell, _place(grant, "import_files.cell/1", f"{import_id}/{seq}")
            )
        )
        for seq, cell in tx.execute(_FILES, (import_id,))
    ]


def find(tx: Tx, grant: Grant, ref: str) -> ListedRun:
    """Return the run with this number, id or unambiguous start of an id.

    A start has eight characters at least: ``undo 4`` must never mean an id that
    happens to begin with 4.

    Raises:
        ImportUnknownError: There is none, or more than one.
    """
    every = listed(tx, grant)
    runs = [r for r in every if ref == str(r.number)]
    if len(ref) >= _SHORTEST_START:
        runs = runs or [r for r in every if r.id.startswith(ref)]
    if len(runs) != 1:
        raise ImportUnknownError
    return runs[0]


def _seal(
    tx: Tx, grant: Grant, column: str, row: str, value: Run | FileLine
) -> tuple[int, bytes]:
    plain = value.model_dump_json().encode()
    scope = person_scope(grant.tenant, grant.person)
    return tx.ring.seal(plain, _place(grant, column, row), scope)


def _place(grant: Grant, column: str, row: str) -> Place:
    return Place(column, grant.tenant, grant.person, row)
