"""Write-ahead logs damaged at random, as a power cut or a failing disk leaves them."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pierre_mcp.errors import PierreError
from pierre_mcp.model.audit import Health
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import audit, inspection, people, sealed
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.opening import Opening, open_store
from tests.stores import (
    NOW,
    a_line,
    a_recording,
    a_store,
    database,
    maintenance,
    marks_of,
    opening,
    owner_grant,
    put_within,
)

UNITS = 40
"""Each wrote one recording and one row of the log, and was acknowledged."""


@dataclass(frozen=True)
class Left:
    """What a damaged log left of a store.

    Attributes:
        rows: Of the audit log, which is whole.
        recordings: Which of them are there, each with every cell.
        refused: The code with which an ordinary start refuses the store; or none.
    """

    rows: int
    recordings: tuple[int, ...]
    refused: str


@dataclass(frozen=True)
class Cut:
    """A store in the instant of a power cut: the database, and its log."""

    made: Path
    database: bytes
    log: bytes

    def damaged(self, seed: int) -> bytes:
        """The log with its end cut off, zeroed or garbled, or a stretch of it."""
        rng = np.random.default_rng(seed)
        at = int(rng.integers(len(self.log)))
        end = len(self.log) if rng.random() < 0.5 else at + int(rng.integers(1, 9_000))
        gone = self.log[at:end]
        put = (b"", bytes(len(gone)), rng.bytes(len(gone)))[int(rng.integers(3))]
        if not put:  # a log only ever ends early
            return self.log[:at]
        return self.log[:at] + put + self.log[end:]

    def left_by(self, log: bytes, directory: Path) -> Left:
        """Open what a log leaves, in a directory of its own."""
        how = self.put(log, directory)
        store = open_store(replace(how, put_back_too=True))
        try:
            with store.reading() as tx:
                rows, found = _whole(tx)
        finally:
            store.close()
        return Left(rows, found, _refusal(how))

    def put(self, log: bytes, directory: Path) -> Opening:
        """Put the store there, with this log; return how it is opened."""
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        for name, content in (("", self.database), ("-wal", log)):
            path = database(directory).with_name(f"pierre.db{name}")
            path.write_bytes(content)
            path.chmod(0o600)
        return replace(opening(directory), high_water=marks_of(self.made))


def power_cut(directory: Path) -> Cut:
    """Make a store whose last ``UNITS`` units are all in its log."""
    made = directory / "made"
    with a_store(made):
        pass  # closed, so that its log is empty
    with a_store(made) as store:
        for n in range(UNITS):
            _unit(store, n)
        path = database(made)
        log = path.with_name("pierre.db-wal").read_bytes()
        return Cut(made, path.read_bytes(), log)


def _unit(store: Store, n: int) -> None:
    grant = owner_grant(store)
    with store.writing() as tx:
        put_within(tx, grant, a_recording(part=n, bare=n % 4 > 0))
        audit.append(tx, a_line(str(n)), now=NOW, who=grant)


def _whole(tx: Tx) -> tuple[int, tuple[int, ...]]:
    """Check that all there is opens; return how many rows, and which recordings."""
    assert inspection.intact(tx, maintenance())
    health = verify_log(tx, maintenance(), people.owner(tx))
    assert isinstance(health, Health)
    for table in sealed.TABLES:
        for row in sealed.every(tx, maintenance(), table):
            for _, place, cell in row.cells:
                tx.ring.open(cell, place)
    parts = tx.execute("SELECT part FROM recordings ORDER BY part").fetchall()
    return health.rows, tuple(part for (part,) in parts)


def _refusal(how: Opening) -> str:
    try:
        open_store(how).close()
    except PierreError as error:
        return error.code
    return ""
