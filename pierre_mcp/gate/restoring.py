"""Putting a copy in a store's place, and accepting a store that was put back.

::

    the file ─► a directory of our own ─► brought to this version, opened, checked
             ─► accepted (services/restoring, one step) ─► into the place, one step

What is done before the last step touches nothing but the copy of the copy, so whoever
stops it, or kills it, loses nothing; and what comes into the place is accepted already.
"""

import shutil
from collections.abc import Iterator
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
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.house import gate_on, opening_of
from pierre_mcp.model.caller import Call
from pierre_mcp.platform import FileLock, make_private_dir
from pierre_mcp.services.backups import check_whole
from pierre_mcp.services.restoring import Accepted, accept
from pierre_mcp.settings import Settings
from pierre_mcp.store import copies
from pierre_mcp.store.copies import Contents
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.opening import FILE, Opening, open_store
from pierre_mcp.store.people import DEMO_PREFIX

_PREFIX = "restoring-"


@dataclass(frozen=True, slots=True)
class Restoring:
    """A copy that can be restored: checked, and not in place yet.

    Attributes:
        copy: What it holds.
        there: What is in its place now; None where nothing is.
    """

    copy: Contents
    there: Contents | None
    _settings: Settings
    _clock: Clock
    _opening: Opening

    def carry_out(self, call: Call) -> tuple[Accepted, Path | None]:
        """Accept it, and put it in place; return where what was there is kept."""
        store = open_store(self._opening)
        try:
            accepted = gate_on(store, self._settings, self._clock).accept(call, accept)
        finally:
            store.close()
        copy = self._opening.directory / FILE
        place = opening_of(self._settings, self._clock)
        kept = copies.put_in_place(place, copy, at=self._clock.now())
        return accepted, kept


@contextmanager
def restoring(
    settings: Settings, source: Path, clock: Clock | None = None
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
        opening = copies.in_directory(opening_of(settings, clock), directory)
        _check(opening, settings, clock)
        there = copies.found_at(settings.store_dir)
        yield Restoring(copy, there, settings, clock, opening)


def _check(opening: Opening, settings: Settings, clock: Clock) -> None:
    try:
        store = open_store(opening)
        try:
            gate_on(store, settings, clock).inspect(check_whole)
        finally:
            store.close()
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
        directory = Path(mkdtemp(prefix=_PREFIX, dir=store_dir))
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        lock.close()


@dataclass(frozen=True, slots=True)
class PutBack:
    """A store in its place, checked, that may have been put back.

    Attributes:
        held: What it holds.
        noted: How far its log had come by the outside file; None where that is gone.
        accepted: It holds what was noted: there is nothing to accept.
    """

    held: Contents
    noted: Mark | None
    accepted: bool
    _gate: Gate

    def accept(self, call: Call) -> Accepted:
        """Accept it where it is."""
        return self._gate.accept(call, accept)


@contextmanager
def put_back(settings: Settings, clock: Clock | None = None) -> Iterator[PutBack]:
    """Open the store whether it was put back or not, and check all of it.

    Raises:
        AuditTamperedError: Its log was changed: it is no copy that could be accepted.
        StoreDamagedError: It is not whole.
    """
    clock = clock or SystemClock()
    opening = replace(opening_of(settings, clock), put_back_too=True)
    store = open_store(opening)
    try:
        gate = gate_on(store, settings, clock)
        gate.inspect(check_whole)
        held, noted = gate.inspect(lambda tx, *_: copies.contents(tx.db)), store.noted()
        accepted = noted is not None and held.goes_through(noted)
        yield PutBack(held, noted, accepted, gate)
    finally:
        store.close()
