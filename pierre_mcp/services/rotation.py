"""Rotation: the keys in use replaced, and all that the old ones sealed, sealed again.

::

    look ► finish what is pending ► else: new keys in use ► re-seal, few rows a step
         ► none left and destroyed, in one step

Stopped anywhere it is gone on with by the next: the keyring is the state. Reads and
writes go on throughout.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final

from pierre_mcp.clock import Clock
from pierre_mcp.errors import CancelledCallError
from pierre_mcp.keyring.ring import KeyInfo
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.services.steps import Progress, UpkeepStep
from pierre_mcp.store import rotation, sealed
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use

Choose = Callable[[Tx, Maintenance], Sequence[Use]]
"""Says which keys are to be replaced, as they stand."""



def in_use(kind: str | None) -> Choose:
    """Choose the keys that seal: all of them, or those of one kind of scope."""
    return lambda tx, m: rotation.in_use(tx, m, rotation.SEALING, kind)


RESEALING: Final = "sealing again"

Steps = Generator[tuple[UpkeepStep, Progress]]


class Rotation:
    """One rotation, or the rest of an earlier one.

    Args:
        clock: Tells when keys are made and destroyed.
        choose: Which keys to replace, where nothing is pending.

    Attributes:
        made: The new keys.
        resumed: Something was pending, and this finished it instead.
        resealed: How many rows were sealed again.
        destroyed: How many keys.
        broken: How many rows do not open, and so keep their keys.
    """

    def __init__(self, clock: Clock, choose: Choose) -> None:
        self._clock = clock
        self._choose = choose
        self._ending = False
        self.made: list[KeyInfo] = []
        self.resumed = False
        self.resealed = 0
        self.destroyed = 0
        self.broken = 0

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
        yield from self._finish(look)
        self.resumed = bool(self.resealed or self.destroyed)
        if self.resumed:
            return
        begin = _Begin(self._clock, self._choose)
        yield begin, Progress(0, None, "making keys")
        self.made = begin.made
        look = _Look()
        yield look, Progress(0, None, "looking")
        yield from self._finish(look)

    def _finish(self, look: "_Look") -> Steps:
        """Seal again what is under each key that retired, and destroy it."""
        self.broken = 0
        for key in look.keys:
            while True:
                written = yield from self._pass(key, look.rows)
                self._check()
                last = _Destroy(key.id, self._clock)
                yield last, Progress(self.resealed, look.rows, RESEALING)
                self.destroyed += last.done
                # A pass may miss rows that moved meanwhile; one that wrote none won't.
                if last.done or not written:
                    break

    def _pass(self, key: KeyInfo, total: int) -> "Generator[tuple[UpkeepStep, Progress], None, int]":
        before, broken = self.resealed, 0
        for table in sealed.TABLES:
            if table.purpose is not key.purpose:
                continue
            beyond, more = -1, True
            while more:
                self._check()
                step = _Reseal(table, key.id, beyond)
                yield step, Progress(self.resealed, total, RESEALING)
                self.resealed += step.written
                broken += step.batch.broken
                beyond, more = step.batch.beyond, not step.batch.last
        self.broken += broken
        return self.resealed - before

    def _check(self) -> None:
        if self._ending:
            raise CancelledCallError


class _Look:
    """The step that finds what is pending."""

    def __init__(self) -> None:
        self.keys: list[KeyInfo] = []
        self.rows = 0

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Look, and count."""
        self.keys = rotation.pending(tx, maintenance)
        ids = [key.id for key in self.keys]
        self.rows = rotation.rows_under(tx, maintenance, ids)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing yet."""


@dataclass
class _Begin:
    """The step from which new keys are in use."""

    clock: Clock
    choose: Choose

    def __post_init__(self) -> None:
        self.made: list[KeyInfo] = []

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing to seal ahead."""

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Make them."""
        uses = self.choose(tx, maintenance)
        now = self.clock.now()
        self.made = rotation.replace(tx, maintenance, uses, now=now) if uses else []


class _Reseal:
    """A few rows: opened and sealed in a snapshot, written in one step."""

    def __init__(self, table: sealed.Table, key_id: int, beyond: int) -> None:
        self._table = table
        self._key_id = key_id
        self._beyond = beyond
        self.batch = rotation.Batch()
        self.written = 0

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Open and seal."""
        self.batch = rotation.reseal(
            tx, maintenance, self._table, self._key_id, beyond=self._beyond
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
