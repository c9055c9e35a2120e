"""Opening a store: made whole in one transaction, or found as we left it.

A new store is created under the lock in one step: schema, store id, first keys, owner,
an empty policy, the audit log's first state, and whatever ``found`` adds. Two first
starts at once make one store: the second finds it.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    AuditTamperedError,
    KeyringMissingError,
    LockTimeoutError,
    MasterKeyError,
    MasterKeyWrongError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.master import Master, StoreNeed
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.profile import Profile
from pierre_mcp.platform import (
    check_private_file,
    create_private_file,
    make_private_dir,
)
from pierre_mcp.store import audit, keys, migrations, people, policies
from pierre_mcp.store.connection import connect, settle
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.faults import translated
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.store.lock import Turnstile
from pierre_mcp.store.write_ahead import CLOSE_DEADLINE_S, WRITE_DEADLINE_S

FILE: Final = "pierre.db"

Founding = Callable[[Tx, Identity], None]


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open a store.

    Attributes:
        directory: Holds the database and its locks; 0700.
        high_water: Holds the outside files, away from the store.
        masters: Gives the master keys, the one in use first; told what the store
            needs. It may wait for a person, so it is called without the lock.
        clock: Tells when.
        profile: The owner's first settings, if the store is made now.
        demo: Mark a new store as a demo, for ever.
        found: Adds to a new store inside the transaction that creates it.
        put_back_too: Open a store that was put back, to look at it or to accept it:
            what writes is refused all the same.
    """

    directory: Path
    high_water: Path
    masters: Callable[[StoreNeed], tuple[Master, ...]]
    clock: Clock
    profile: Profile = field(default_factory=Profile)
    demo: bool = False
    found: Founding | None = None
    put_back_too: bool = False


def open_store(opening: Opening) -> Store:
    """Open the store, making it if this is its first start.

    Raises:
        StoreForeignError: The file is another program's; it was not touched.
        StoreNewerError: A later release made it; it was not touched.
        StorePermissionsError: Others could read it.
        StorePutBackError: It is an older copy, and was not accepted.
        StoreDamagedError: It is no database, or its schema was changed.
        StoreUnwritableError: The directory or file cannot be made or written.
        KeyringError: Its keys cannot be had; a wrong master key is named.
    """
    try:
        make_private_dir(opening.directory)
    except OSError:
        raise StoreUnwritableError from None
    lock = Turnstile(opening.directory)
    with lock.hold(WRITE_DEADLINE_S), translated():
        db = _connected(opening.directory / FILE)
        try:
            need = _need(db, opening)
        except BaseException:
            db.close()
            raise
    try:
        while True:
            masters = _masters(opening, need)
            with lock.hold(WRITE_DEADLINE_S), translated():
                found = _need(db, opening)
                if found == need or (found.is_new and need.is_new):
                    _make_ready(db, opening, need, masters)
                    return _opened(db, opening, lock, masters)
            need = found  # made or wrapped anew by another, while we asked
    except BaseException:
        # As a store closes: whoever cannot have the lock is not the last connected.
        with suppress(LockTimeoutError), lock.hold(CLOSE_DEADLINE_S, closing=True):
            db.close()
        db.close()
        raise


def _opened(
    db: sqlite3.Connection,
    opening: Opening,
    lock: Turnstile,
    masters: tuple[Master, ...],
) -> Store:
    path = opening.directory / FILE
    outside = HighWater(opening.high_water, keys.store_id(db))
    own = keys.Keys(masters)
    store = Store(db, lock=lock, keys=own, path=path, outside=outside)
    with store.reading() as tx:  # the keys open, or it is said here
        if not opening.put_back_too and _ends_well(tx):
            outside.check(db)
    return store


def _ends_well(tx: Tx) -> bool:
    """Tell whether the log ends as we left it; if not, the gate says so at each call.

    Then it is no older copy, and none that could be accepted.
    """
    try:
        audit.tail(tx)
    except AuditTamperedError:
        return False
    return True


def _connected(path: Path) -> sqlite3.Connection:
    try:
        if not path.exists():
            create_private_file(path).close()
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            if (beside := path.with_name(name)).exists():
                check_private_file(beside)
    except OSError:
        raise StoreUnwritableError from None
    return connect(path)


def _need(db: sqlite3.Connection, opening: Opening) -> StoreNeed:
    """Say which master keys the store needs; none yet, where it is to be made."""
    version = migrations.version_of(db)
    settle(db)
    if version == 0:
        prefix = people.DEMO_PREFIX if opening.demo else ""
        return StoreNeed(prefix + str(uuid4()), is_new=True)
    if version == migrations.VERSION:
        migrations.check_schema(db)  # before anything in it is believed
    needed = keys.needed_ids(db)
    if not needed:
        raise KeyringMissingError
    return StoreNeed(keys.store_id(db), mek_ids=needed)


def _masters(opening: Opening, need: StoreNeed) -> tuple[Master, ...]:
    """Return the master keys, or say which one the store needs."""
    try:
        masters = opening.masters(need)
    except MasterKeyError as error:
        raise (error.needing(min(need.mek_ids)) if need.mek_ids else error) from None
    lacking = need.mek_ids - {master.id for master in masters}
    if lacking:
        raise MasterKeyWrongError(min(lacking))
    return masters


def _make_ready(
    db: sqlite3.Connection,
    opening: Opening,
    need: StoreNeed,
    masters: tuple[Master, ...],
) -> None:
    """Make the store, or bring it to the newest schema, where it is not there yet."""
    if need.is_new:
        _create(db, opening, need.store_id, masters[0])
        return
    version = migrations.version_of(db)
    if version < migrations.VERSION:
        _upgrade(db, version, opening.directory / FILE, opening)


def _create(
    db: sqlite3.Connection, opening: Opening, store_id: str, master: Master
) -> None:
    who = Identity(str(uuid4()), str(uuid4()))
    with _one_step(db):
        migrations.migrate(db, 0)
        now = opening.clock.now()
        ring = keys.create(db, store_id=store_id, who=who, master=master, now=now)
        tx = Tx(db, ring, keys.Keys([master]))
        people.add(tx, who, opening.profile)
        policies.create(tx, who, Policy())
        audit.begin(tx)
        if opening.found is not None:
            opening.found(tx, who)
        tx.end()
        HighWater(opening.high_water, store_id).begin(Mark.newest(db))


def _upgrade(
    db: sqlite3.Connection, version: int, path: Path, opening: Opening
) -> None:
    """Migrate in one step, with a copy beside it until the step is verified."""
    copy = path.with_name(f"{path.name}.before-{version}")
    try:
        copy.unlink(missing_ok=True)
        # VACUUM INTO takes an empty file, and would make one with the umask's mode.
        create_private_file(copy).close()
    except OSError:
        raise StoreUnwritableError from None
    db.execute("VACUUM INTO ?", (str(copy),))
    with _one_step(db):
        migrations.migrate(db, version)
        migrations.check_schema(db)
        outside = HighWater(opening.high_water, keys.store_id(db))
        # Where there is one, this is an older copy of a store that had come further.
        begins = version < migrations.MARKED_FROM and outside.mark() is None
        if begins and not opening.put_back_too:
            outside.begin(Mark.newest(db))
    copy.unlink()


@contextmanager
def _one_step(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def remove_store(directory: Path) -> None:
    """Remove a whole store directory; used for temporary demo stores only."""
    shutil.rmtree(directory, ignore_errors=True)
