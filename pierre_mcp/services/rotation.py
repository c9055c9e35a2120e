"""Rotation: the keys in use replaced, and all that the old ones sealed, sealed again.

::

    look ► finish what is pending ► else: new keys in use ► re-seal, few rows a step
         ► none left and destroyed, in one step

Stopped anywhere it is gone on with by the next: the keyring is the state. Reads and
writes go on throughout.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from pierre_mcp.clock import Clock
from pierre_mcp.errors import CancelledCallError, MasterKeySameError, StaleKeyError
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.services.steps import Progress, UpkeepStep
from pierre_mcp.store import emergency, key_changes, key_status, rotation
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use
from pierre_mcp.store.rotation import Replaced, RetiredKey
from pierre_mcp.store.sealed import Table

Choose = Callable[[Tx, Maintenance], Sequence[Use]]
"""Says which keys are to be replaced, as they stand."""


RESEALING: Final = "sealing again"
_LISTINGS: Final = 3

Steps = Generator[tuple[UpkeepStep, Progress]]


class Beginning(UpkeepStep, Protocol):
    """The step from which new keys are in use.

    Attributes:
        replaced: What it did.
    """

    replaced: Replaced

    def resumes(self, found: "Found") -> Sequence[RetiredKey]:
        """Return which of the retired keys are to be finished with instead."""
        ...


class Rotation:
    """One rotation, or the rest of an earlier one.

    Args:
        clock: Tells when keys are destroyed.
        begin: The step that makes the new keys, where nothing is to be finished.

    Attributes:
        resumed: Something was to be finished, and this did; no key was made.
        resealed: How many rows were sealed again.
        destroyed: How many keys.
        broken: How many rows do not open, and so keep their keys.
    """

    def __init__(self, clock: Clock, begin: Beginning) -> None:
        self._clock = clock
        self._begin = begin
        self._ending = False
        self.resumed = False
        self.resealed = 0
        self.destroyed = 0
        self.broken = 0

    @property
    def made(self) -> int:
        """How many new keys there are."""
        return self._begin.replaced.made

    def end(self) -> None:
        """Stop before the next step; from any thread."""
        self._ending = True

    def steps(self) -> Steps:
        """Give the steps.

        Raises:
            CancelledCallError: It was told to end.
        """
        look = _Look()
        yield look, Progress(0, None, "looking")
        yield from self._finish(self._begin.resumes(look.found), look.found.rows)
        self.resumed = bool(self.resealed or self.destroyed)
        if self.resumed:
            return
        self._check()
        yield self._begin, Progress(0, None, "making keys")
        self.destroyed += self._begin.replaced.destroyed
        look = _Look()
        yield look, Progress(0, None, "looking")
        yield from self._finish(look.found.keys, look.found.rows)

    def _finish(self, keys: Sequence[RetiredKey], rows: int) -> Steps:
        """Seal again what is under each key that retired, and destroy it."""
        self.broken = 0
        for key in keys:
            while True:
                before, broken = self.resealed, 0
                for table in key.passes():
                    broken += yield from self._pass(key, table, rows)
                last = _Destroy(key.id, self._clock)
                yield last, Progress(self.resealed, rows, RESEALING)
                self.destroyed += last.done
                # A row that moved meanwhile is missed: so again, while there are any.
                if last.done or self.resealed == before:
                    break
            self.broken += broken

    def _pass(
        self, key: RetiredKey, table: Table, rows: int
    ) -> Generator[tuple[UpkeepStep, Progress], None, int]:
        """Go through a table once; return how many rows do not open."""
        broken, beyond, more = 0, -1, True
        while more:
            self._check()
            step = _Reseal(table, key.id, beyond)
            yield step, Progress(self.resealed, rows, RESEALING)
            self.resealed += step.written
            broken += step.batch.broken
            beyond, more = step.batch.beyond, not step.batch.last
        return 0 if table.where else broken  # met again among the others

    def _check(self) -> None:
        if self._ending:
            raise CancelledCallError


class Replacing:
    """Makes new keys for those that seal, and lets the old ones only open.

    Args:
        clock: Tells when.
        choose: Which keys to replace.
    """

    def __init__(self, clock: Clock, choose: Choose) -> None:
        self._clock = clock
        self._choose = choose
        self.replaced = Replaced()

    def resumes(self, found: "Found") -> Sequence[RetiredKey]:
        """Return all of them: a rotation is finished before the next."""
        return found.keys

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing to seal ahead."""

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Make them."""
        uses, now = self._choose(tx, maintenance), self._clock.now()
        if uses:
            self.replaced = rotation.replace(tx, maintenance, uses, now=now)


def in_use(kind: str | None) -> Choose:
    """Choose the keys that seal: all of them, or those of one kind of scope."""
    return lambda tx, m: rotation.in_use(tx, m, rotation.SEALING, kind)


def due(clock: Clock, max_age: timedelta) -> Choose:
    """Choose the keys that are due, by age or by the count of their seals."""
    return lambda tx, m: key_status.due(tx, m, now=clock.now(), max_age=max_age)


class Emergency:
    """Marks every key of a kind of scope as known to others, and makes new ones.

    What they sealed is listed in a snapshot. Where somebody wrote meanwhile it is
    listed again; the last time under the lock, which then is held as long as it takes.

    Args:
        clock: Tells when.
        kind: ``"system"``, ``"tenant"`` or ``"person"``; None for every scope.
        rewrap: The master key may be known too: first wrap every key under the one set
            as primary.
        session: Of the process that does it, for the log.
    """

    def __init__(
        self,
        clock: Clock,
        kind: str | None,
        *,
        rewrap: bool = False,
        session: str = "",
    ) -> None:
        self._clock = clock
        self._kind = kind
        self._rewrap = rewrap
        self._session = session
        self._listed: emergency.Listed | None = None
        self._tries = 0
        self.replaced = Replaced()

    def resumes(self, found: "Found") -> Sequence[RetiredKey]:
        """Return those of an earlier emergency: nothing else may delay this one."""
        if self._rewrap and found.behind:
            return ()
        return [key for key in found.keys if key.compromised]

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """List what they sealed."""
        self._tries += 1
        self._listed = emergency.listed(tx, maintenance, self._kind)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Mark, list and replace them.

        Raises:
            StaleKeyError: Somebody wrote since they were listed: list them again.
            MasterKeySameError: The master key is to be replaced, and no other is set.
        """
        listed = self._listed
        if listed is None or not listed.current(tx):
            if self._tries < _LISTINGS:
                raise StaleKeyError
            listed = emergency.listed(tx, maintenance, self._kind)
        now = self._clock.now()
        if self._rewrap:
            primary = tx.keys.masters[0]
            if not key_changes.rewrap(
                tx, maintenance, primary, now=now, compromised=True
            ):
                raise MasterKeySameError
        self.replaced = emergency.replace(
            tx, maintenance, listed, self._kind, session=self._session, now=now
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a rotation begins from.

    Attributes:
        keys: Those that retired and are not destroyed.
        rows: How many rows are under them.
        behind: The keys are wrapped under another master key than the primary.
    """

    keys: Sequence[RetiredKey] = ()
    rows: int = 0
    behind: bool = False


class _Look:
    """The step that finds what there is to finish."""

    def __init__(self) -> None:
        self.found = Found()

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Look, and count."""
        keys = rotation.pending(tx, maintenance)
        rows = rotation.rows_under(tx, maintenance, [key.id for key in keys])
        self.found = Found(keys, rows, tx.keys.behind(tx.ring))

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing yet."""


class _Reseal:
    """A few rows: opened and sealed in a snapshot, written in one step."""

    def __init__(self, table: Table, key_id: int, beyond: int) -> None:
        self._table = table
        self._key_id = key_id
        self._beyond = beyond
        self.batch = rotation.Batch()
        self.written = 0

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Open and seal."""
        self.batch = rotation.reseal(
            tx,
            maintenance,
            self._table,
            self._key_id,
            beyond=self._beyond,
        )

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Write those that nobody wrote meanwhile."""
        self.written = rotation.write(tx, maintenance, self._table, self.batch)


class _Destroy:
    """The step that destroys a key, where nothing is under it any more."""

    def __init__(self, key_id: int, clock: Clock) -> None:
        self._key_id = key_id
        self._clock = clock
        self.done = False

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing to seal ahead."""

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Count none, and destroy."""
        now = self._clock.now()
        self.done = rotation.destroy(tx, maintenance, self._key_id, now=now)
