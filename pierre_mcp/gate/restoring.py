"""Putting a copy in a store's place, and accepting a store that was put back.

::

    the file ─► a directory of our own ─► brought to this version, opened, checked
             ─► accepted (services/restoring, one step) ─► into the place, one step

What is done before the last step touches nothing but the copy of the copy, so whoever
stops it, or kills it, loses nothing; and what comes into the place is accepted already.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from pierre_mcp.clock import Clock, SystemClock
from pierre_mcp.errors import (
    AuditTamperedError,
    CopyDamagedError,
    CopyTamperedError,
    DemoStoreError,
    LockTimeoutError,
    StoreDamagedError,
    StoreUnwritableError,
)
from pierre_mcp.gate.admission import About, Admission
from pierre_mcp.gate.house import about_of, opening_of
from pierre_mcp.gate.lines import Facts
from pierre_mcp.gate.masters import Masters
from pierre_mcp.gate.records import Records
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call
from pierre_mcp.platform import FileLock, make_private_dir
from pierre_mcp.services.backups import check_whole
from pierre_mcp.services.consent_lock import keep_on
from pierre_mcp.services.restoring import Accepted, Withdrawn, withdraw_all
from pierre_mcp.settings import Settings
from pierre_mcp.store import accepting, copies, erasing, keys, people
from pierre_mcp.store.copies import Contents
from pierre_mcp.store.database import Store
from pierre_mcp.store.high_water import HighWater, Mark
from pierre_mcp.store.opening import FILE, Opening, open_store
from pierre_mcp.store.outside_locks import OutsideLock
from pierre_mcp.store.people import DEMO_PREFIX
from pierre_mcp.store.tombstones import Tombstones

_PREFIX = "restoring-"


@dataclass(frozen=True, slots=True)
class Restoring:
    """A copy that can be restored: checked, and not in place yet.

    Attributes:
        copy: What it holds.
        there: What is in its place now; None where nothing is.
        noted: How far this store's log had come on this machine; None if it never was.
    """

    copy: Contents
    there: Contents | None
    noted: Mark | None
    _settings: Settings
    _masters: Masters
    _clock: Clock
    _opening: Opening

    def carry_out(self, call: Call) -> tuple[Accepted, Path | None]:
        """Accept it, and put it in place; return where what was there is kept."""
        place = opening_of(self._settings, self._masters, self._clock)
        erased = Tombstones(place.high_water, self.copy.store_id).erased()
        with _opened(self._opening, self._settings) as quarantine:
            accepted = quarantine.accept(call, erased, place.high_water)
        copy = self._opening.directory / FILE
        kept = copies.put_in_place(place, copy, at=self._clock.now())
        return accepted, kept


@contextmanager
def restoring(
    settings: Settings, masters: Masters, source: Path, clock: Clock | None = None
) -> Iterator[Restoring]:
    """Check a copy through and through, and give what can be done with it.

    Raises:
        CopyForeignError: It is no store of ours.
        CopyDamagedError: It is one, and is not whole.
        CopyTamperedError: Its log was changed.
        StoreNewerError: A later release made it.
        DemoStoreError: It is a demo's.
        KeyringError: The master key does not open it; the one needed is named.
        PlaceUnusableError: What is in its place cannot be read.
        LockTimeoutError: Another restore is at work.
    """
    clock = clock or SystemClock()
    with _workplace(settings.store_dir) as directory:
        copy = copies.take_in(source, directory)
        if copy.store_id.startswith(DEMO_PREFIX):
            raise DemoStoreError
        place = opening_of(settings, masters, clock)
        opening = copies.in_directory(place, directory)
        _check(opening, settings)
        noted = HighWater(place.high_water, copy.store_id).mark()
        there = copies.found_at(settings.store_dir)
        yield Restoring(copy, there, noted, settings, masters, clock, opening)


def _check(opening: Opening, settings: Settings) -> None:
    try:
        with _opened(opening, settings) as quarantine:
            quarantine.check()
    except StoreDamagedError:
        raise CopyDamagedError from None
    except AuditTamperedError:
        raise CopyTamperedError from None


@contextmanager
def _workplace(store_dir: Path) -> Iterator[Path]:
    """Give a private directory beside the store, so on the same disk, for one restore.

    What a killed one left is removed by the next.
    """
    try:
        make_private_dir(store_dir)
        lock = FileLock(store_dir / "restore.lock")
    except OSError:
        raise StoreUnwritableError from None
    try:
        if not lock.try_acquire():
            raise LockTimeoutError
        for left in store_dir.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        directory = _made_within(store_dir)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        lock.close()


def _made_within(store_dir: Path) -> Path:
    try:
        return Path(mkdtemp(prefix=_PREFIX, dir=store_dir))
    except OSError:
        raise StoreUnwritableError from None


class Quarantine:
    """Looks over a store that serves nobody, and accepts it."""

    def __init__(self, store: Store, clock: Clock, about: About) -> None:
        self._store = store
        self._admit = Admission(clock, about, tuple)
        self._record = Records(store, clock, self._admit.concerned)
        self._clock = clock

    def check(self) -> Contents:
        """Check all of it, and return what it holds.

        Raises:
            AuditTamperedError: Its log was changed.
            StoreDamagedError: It is not whole.
        """
        with self._store.reading() as tx:
            check_whole(tx, self._admit.maintenance(), people.whose(tx))
            return copies.contents(tx.db)

    def accept(
        self, call: Call, tombstones: Collection[bytes], outside: Path
    ) -> Accepted:
        """Make it fit to serve, and record that, in one step.

        Whoever was erased since the copy was made is erased again; then there is
        nobody whose consents could be withdrawn. It needs no passphrase, since it lets
        out less; but the consent lock that was on here, as noted outside, goes on.

        Raises:
            PierreError: It failed; rolled back, and not recorded, since a store that
                was put back takes no row.
        """
        leave, now = self._admit.to_upkeep(call), self._clock.now()
        with self._store.accepting() as tx:
            again = erasing.replay(tx, leave, tombstones, session=call.session, now=now)
            keys_replaced = accepting.replace_keys(tx, leave, now=now)
            if people.whose(tx) is None:
                withdrawn: Withdrawn = {}
                self._record.add(tx, call, Outcome.DONE, Facts(), None)
            else:
                with self._admit.of_owner(tx, call) as admitted:
                    withdrawn = withdraw_all(tx, admitted.grant)
                    store_id = keys.store_id(tx.db)
                    noted = OutsideLock(outside, store_id, admitted.who).read()
                    keep_on(tx, admitted.grant, noted)
                self._record.add_changed(tx, call, Outcome.DONE, Facts(), admitted.who)
        if again is not None:
            self._store.sweep()
        return Accepted(withdrawn, keys_replaced, erased=again is not None)


@contextmanager
def _opened(opening: Opening, settings: Settings) -> Iterator[Quarantine]:
    store = open_store(opening)
    try:
        yield Quarantine(store, opening.clock, about_of(settings))
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class PutBack:
    """A store in its place, checked, that may have been put back.

    Attributes:
        held: What it holds.
        noted: How far its log had come by the outside file; None where that is gone.
    """

    held: Contents
    noted: Mark | None
    _erased: frozenset[bytes]
    _outside: Path
    _quarantine: Quarantine

    @property
    def in_order(self) -> bool:
        """Whether it holds what was noted: then there is nothing to accept."""
        return self.noted is not None and self.held.goes_through(self.noted)

    def accept(self, call: Call) -> Accepted:
        """Accept it where it is."""
        return self._quarantine.accept(call, self._erased, self._outside)


@contextmanager
def put_back(
    settings: Settings, masters: Masters, clock: Clock | None = None
) -> Iterator[PutBack]:
    """Open the store whether it was put back or not, and check all of it.

    Raises:
        AuditTamperedError: Its log was changed: it is no copy that could be accepted.
        StoreDamagedError: It is not whole.
    """
    opening = replace(opening_of(settings, masters, clock), put_back_too=True)
    with _opened(opening, settings) as quarantine:
        held = quarantine.check()
        outside = HighWater(opening.high_water, held.store_id)
        erased = Tombstones(opening.high_water, held.store_id).erased()
        yield PutBack(held, outside.mark(), erased, opening.high_water, quarantine)
