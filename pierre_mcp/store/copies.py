"""Whole copies of a store: out of a snapshot, and into the place of another.

Both copy pages by SQLite's backup. Out of a store it copies exactly what the caller's
snapshot holds, so that the copy can be held against it (97 MB: 0.11 s; VACUUM INTO
takes 0.25 s, and runs in no transaction). Into the place of a store it is one write
transaction of the store that is there: every process that has it open goes on with the
new content at its next unit, and a kill leaves the old. Renaming files would not do:
who has the old file open would, in closing it, delete the new one's ``-wal`` by name.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pierre_mcp.errors import (
    CopyDamagedError,
    CopyForeignError,
    CopyUnreadableError,
    PlaceUnusableError,
    StoreDamagedError,
    StoreForeignError,
    StoreUnwritableError,
)
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.platform import create_private_file, make_private_dir, sync_file
from pierre_mcp.store import keys, migrations
from pierre_mcp.store.connection import connect, settle
from pierre_mcp.store.database import Tx
from pierre_mcp.store.faults import translated
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.store.lock import Turnstile
from pierre_mcp.store.opening import FILE, Opening
from pierre_mcp.store.write_ahead import WRITE_DEADLINE_S

Listen = Callable[[int, int], None]
"""Hears how many pages are copied, of how many."""

_PAGES: Final = 2_048
_MAGIC: Final = b"SQLite format 3\0"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_ENTRY: Final = "SELECT entry FROM audit ORDER BY seq DESC LIMIT 1"
_LINKS: Final = "SELECT link FROM audit"
_RECORDINGS: Final = "SELECT id FROM recordings"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds, to hold another against it; it needs no key.

    Attributes:
        last_at: Of the newest row of the log, UTC; None where that tells none.
        links: Of every row.
        recordings: The id of each.
    """

    store_id: str
    mark: Mark
    last_at: datetime | None
    links: frozenset[bytes]
    recordings: frozenset[str]

    def goes_through(self, mark: Mark) -> bool:
        """Tell whether its log holds a row."""
        return mark.seq == 0 or mark.link in self.links


def write_out(
    tx: Tx, maintenance: Maintenance, path: Path, listen: Listen | None = None
) -> None:
    """Copy the snapshot that ``tx`` is into the empty private file at ``path``.

    Raises:
        StoreUnwritableError: There is no room, or the medium fails.
    """
    del maintenance
    with translated(), closing(connect(path)) as copy:
        # A failed copy is removed, so it needs no journal.
        copy.execute("PRAGMA journal_mode = OFF")
        _copied(tx.db, copy, listen)
        # One file whole in itself: it opens from a medium that is read only, too.
        copy.execute("PRAGMA journal_mode = DELETE")
    try:
        sync_file(path)
    except OSError:
        raise StoreUnwritableError from None


@contextmanager
def opened(path: Path, ours: keys.Keys) -> Iterator[Tx]:
    """Open a copy that was just written, to read: schema, keyring and manifest hold.

    Raises:
        StoreDamagedError: It is not as it was written.
        KeyringError: Its keys do not open.
    """
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with (
        translated(),
        closing(sqlite3.connect(address, uri=True, isolation_level=None)) as db,
    ):
        migrations.version_of(db)
        migrations.check_schema(db)
        db.execute("BEGIN")
        tx = Tx(db, ours.load(db), ours)
        try:
            yield tx
        finally:
            tx.end()


def contents(db: sqlite3.Connection) -> Contents:
    """Return what a store of any version holds."""
    return Contents(
        store_id=keys.store_id(db),
        mark=Mark.newest(db),
        last_at=_last_at(db),
        links=frozenset(bytes(link) for (link,) in db.execute(_LINKS)),
        recordings=frozenset(str(one) for (one,) in db.execute(_RECORDINGS)),
    )


def _last_at(db: sqlite3.Connection) -> datetime | None:
    last = db.execute(_LAST_ENTRY).fetchone()
    try:
        at_us = None if last is None else int(json.loads(last[0])["at_us"])
    except (ValueError, KeyError, TypeError):
        return None  # whoever checks the log says more of it
    return None if at_us is None else _EPOCH + timedelta(microseconds=at_us)


def take_in(source: Path, directory: Path) -> Contents:
    """Copy a file, and the write-ahead log beside it, to where a store is looked for.

    Byte by byte: it may lie where nothing can be written, and nobody is to change it
    while it is looked at. It may also be no store at all.

    Args:
        source: Not a store in use.
        directory: Private, and empty.

    Raises:
        CopyForeignError: It is no store of ours.
        StoreNewerError: A later release made it.
        CopyDamagedError: It is one, and cannot be read.
        CopyUnreadableError: It cannot be read.
        FileNotFoundError: There is none.
        StoreUnwritableError: There is no room for it.
    """
    path = directory / FILE
    _copy_bytes(source, path)
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise CopyForeignError
    with suppress(FileNotFoundError):
        beside = f"{FILE}-wal"
        _copy_bytes(source.with_name(f"{source.name}-wal"), path.with_name(beside))
    try:
        with translated(), closing(connect(path)) as db:
            if migrations.version_of(db) == 0:
                raise CopyForeignError
            return contents(db)
    except (StoreForeignError, sqlite3.Error):
        raise CopyForeignError from None
    except StoreDamagedError:
        raise CopyDamagedError from None


def found_at(directory: Path) -> Contents | None:
    """Return what the store in ``directory`` holds; None where there is none.

    Raises:
        PlaceUnusableError: What is there cannot be read.
    """
    path = directory / FILE
    if not path.exists():
        return None
    with (
        Turnstile(directory).hold(WRITE_DEADLINE_S),
        _usable(),
        closing(connect(path)) as db,
    ):
        return None if migrations.version_of(db) == 0 else contents(db)


def put_in_place(opening: Opening, copy: Path, *, at: datetime) -> Path | None:
    """Copy a store into the place of the one there; return where that one is kept.

    With it goes its mark: it is accepted.

    Args:
        opening: Of the place; what is there may be in use.
        copy: Whole, accepted and closed.
        at: Now, for the name of what is kept.

    Raises:
        PlaceUnusableError: What is there is no database that could be written.
        LockTimeoutError: Others held the store until the deadline.
        StoreUnwritableError: There is no room.
        HighWaterUnwritableError: It is in place, but its mark could not be made.
    """
    make_private_dir(opening.directory)
    path = opening.directory / FILE
    with Turnstile(opening.directory).hold(WRITE_DEADLINE_S), _usable():
        if not path.exists():
            create_private_file(path).close()
        with closing(connect(path)) as db, closing(connect(copy)) as new:
            kept = None
            if migrations.version_of(db) != 0:
                kept = _keep_aside(db, path, at)
            settle(db)
            _copied(new, db)
            outside = HighWater(opening.high_water, keys.store_id(db))
            outside.begin_as(db)
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()  # waits for nobody
    return kept


def _keep_aside(db: sqlite3.Connection, path: Path, at: datetime) -> Path:
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.replaced-{stamp}")
    try:
        create_private_file(kept).close()
    except FileExistsError:  # two in one second
        return _keep_aside(db, path, at + timedelta(seconds=1))
    try:
        with closing(connect(kept)) as aside:
            _copied(db, aside)
            aside.execute("PRAGMA journal_mode = DELETE")
    except BaseException:
        kept.unlink()
        raise
    return kept


def _copied(
    source: sqlite3.Connection, target: sqlite3.Connection, listen: Listen | None = None
) -> None:
    def hear(_: int, left: int, total: int) -> None:
        if listen is not None:
            listen(total - left, total)

    # In one go where nobody listens: into a store in use it must be one step.
    pages = -1 if listen is None else _PAGES
    source.backup(target, pages=pages, progress=hear, sleep=0)


def _copy_bytes(source: Path, to: Path) -> None:
    try:
        old = source.open("rb")
    except FileNotFoundError:
        raise
    except OSError:  # a folder, or not ours to read
        raise CopyUnreadableError from None
    try:
        with old, create_private_file(to) as new:
            shutil.copyfileobj(old, new)
    except OSError:
        raise StoreUnwritableError from None


@contextmanager
def _usable() -> Iterator[None]:
    try:
        with translated():
            yield
    except (StoreDamagedError, StoreForeignError):
        raise PlaceUnusableError from None
    except OSError:
        raise StoreUnwritableError from None


def in_directory(opening: Opening, directory: Path) -> Opening:
    """Return how a copy in ``directory`` is opened, with a mark of its own."""
    marks = directory / "high-water"
    return replace(
        opening, directory=directory, high_water=marks, found=None, put_back_too=True
    )
