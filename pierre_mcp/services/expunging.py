"""Deleting what is held of some categories, a few recordings a step.

It shows nothing of what it deletes: the person has it done, or the system where the
person said for how long to keep what. Stopped anywhere, it is gone on with by the next
run, which finds what is left.
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final

from pierre_mcp.errors import CancelledCallError
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.steps import Progress, UpkeepStep
from pierre_mcp.store import expunging, expunging_told, people
from pierre_mcp.store.database import Tx
from pierre_mcp.store.expunging import Batch, Target
from pierre_mcp.store.expunging_told import Lines, Told

MOST_A_STEP: Final = 8
_WORD: Final = "deleting"

Choose = Callable[[Tx, Maintenance, Identity], Sequence[Target]]
"""Says what is to be deleted, as the store stands."""

Steps = Generator[tuple[UpkeepStep, Progress]]


@dataclass(frozen=True, slots=True)
class Due:
    """What is held of one target.

    Attributes:
        recordings: How many hold any of it; a kept file counts as all it may hold.
        values: How many values were told of the athlete, gear included.
    """

    target: Target
    recordings: int
    values: int

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self.recordings or self.values)


def due(
    tx: Tx, maintenance: Maintenance, who: Identity, targets: Sequence[Target]
) -> list[Due]:
    """Return what is held of each target."""
    return [
        Due(
            target,
            len(expunging.recordings(tx, maintenance, who, target)),
            len(expunging_told.told(tx, maintenance, who, target))
            + expunging_told.count_gear(tx, maintenance, who, target),
        )
        for target in targets
    ]


class Expunging:
    """One run of it.

    Args:
        choose: Says what is to be deleted, when it begins.

    Attributes:
        counts: By category, how many recordings and values lost it.
        broken: How many recordings do not open, and so keep what is to go.
    """

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._ending = False
        self.counts: Counter[str] = Counter()
        self.broken = 0

    def end(self) -> None:
        """Stop before the next step; from any thread."""
        self._ending = True

    def steps(self) -> Steps:
        """Give the steps.

        Raises:
            CancelledCallError: It was told to end.
        """
        look = _Look(self._choose)
        yield look, Progress(0, None, "looking")
        who = look.who
        if who is None:
            return
        for target in look.targets:
            yield from self._target(who, target)
        if any(target.category is Category.ACTIVITIES for target in look.targets):
            yield from self._lines(who)

    def _target(self, who: Identity, target: Target) -> Steps:
        find = _Find(who, target)
        yield find, Progress(0, None, "looking")
        total = len(find.ids)
        for done in range(0, total, MOST_A_STEP):
            some = find.ids[done : done + MOST_A_STEP]
            yield from self._deleted(who, target, some, Progress(done, total, _WORD))
        values = _Values(who, target)
        yield values, Progress(total, total, _WORD)
        self._count(target.category, values.deleted)

    def _deleted(
        self, who: Identity, target: Target, ids: Sequence[str], progress: Progress
    ) -> Steps:
        while True:
            self._check()
            step = _Delete(who, target, ids)
            yield step, progress
            if step.done:
                break
        self.broken += step.batch.broken
        self._count(target.category, len(ids) - step.batch.broken)

    def _lines(self, who: Identity) -> Steps:
        beyond: int | None = 0
        while beyond is not None:
            self._check()
            step = _Clear(who, beyond)
            yield step, Progress(0, None, _WORD)
            beyond = step.lines.beyond

    def _count(self, category: Category, count: int) -> None:
        if count:
            self.counts[str(category)] += count

    def _check(self) -> None:
        if self._ending:
            raise CancelledCallError


class _Look:
    """The first step: what is to be deleted, and whose."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.who: Identity | None = None
        self.targets: Sequence[Target] = ()

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Ask."""
        self.who = people.whose(tx)
        if self.who is not None:
            self.targets = self._choose(tx, maintenance, self.who)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing yet."""


class _Find:
    """The step that finds which recordings hold some of it, once others have gone."""

    def __init__(self, who: Identity, target: Target) -> None:
        self._who = who
        self._target = target
        self.ids: list[str] = []

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Find them."""
        self.ids = expunging.recordings(tx, maintenance, self._who, self._target)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Nothing yet."""


class _Delete:
    """What one step can delete of a few recordings."""

    def __init__(self, who: Identity, target: Target, ids: Sequence[str]) -> None:
        self._who = who
        self._target = target
        self._ids = ids
        self.batch = Batch()
        self.done = False

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Work it out; seal again what must be."""
        self.batch = expunging.batch(
            tx, maintenance, self._who, self._target, self._ids
        )

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Delete it."""
        stood = expunging.write(tx, maintenance, self._who, self._target, self.batch)
        self.done = stood and self.batch.last


class _Values:
    """What was told of the athlete, and gear."""

    def __init__(self, who: Identity, target: Target) -> None:
        self._who = who
        self._target = target
        self._told: Sequence[Told] = ()
        self.deleted = 0

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Find it."""
        self._told = expunging_told.told(tx, maintenance, self._who, self._target)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Delete it."""
        told = expunging_told.drop_told(tx, maintenance, self._told)
        gear = expunging_told.drop_gear(tx, maintenance, self._who, self._target)
        self.deleted = told + gear


class _Clear:
    """Some lines of imports, whose recordings went, without the names of the files."""

    def __init__(self, who: Identity, beyond: int) -> None:
        self._who = who
        self._beyond = beyond
        self.lines = Lines()

    def prepare(self, tx: Tx, maintenance: Maintenance) -> None:
        """Seal them."""
        self.lines = expunging_told.lines(tx, maintenance, self._who, self._beyond)

    def write(self, tx: Tx, maintenance: Maintenance) -> None:
        """Write them."""
        expunging_told.write_lines(tx, maintenance, self.lines)
