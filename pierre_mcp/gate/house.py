"""Opening what the gate needs: settings in, a store and its gate out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version

from pierre_mcp.clock import Clock, SystemClock
from pierre_mcp.errors import StoreError
from pierre_mcp.gate.admission import About
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.masters import Masters
from pierre_mcp.model.profile import Profile
from pierre_mcp.settings import APP, Settings, machine_zone
from pierre_mcp.store import erasing
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import Founding, Opening, open_store
from pierre_mcp.tools.late_table import TABLE


@dataclass(frozen=True, slots=True)
class Opener:
    """What opens the store, on whichever thread is to own it, as often as need be.

    Attributes:
        opening: How.
        masters: The master keys, asked for once however often it is opened.
    """

    opening: Opening
    masters: Masters

    def __call__(self) -> Store:
        """Open the store, made if this is its first start.

        An erasure that was cut short is finished, or the next opening tries again.
        """
        store = open_store(self.opening)
        # What may be an older copy says nothing of whether an erasure committed.
        if not self.opening.put_back_too:
            with suppress(StoreError):
                erasing.finish(store, self.opening.high_water)
        return store

    def put_back_too(self) -> "Opener":
        """Return one that also opens a store that was put back, to look at it."""
        return replace(self, opening=replace(self.opening, put_back_too=True))


def opener(
    settings: Settings,
    *,
    clock: Clock | None = None,
    profile: Profile | None = None,
    demo: bool = False,
    found: Founding | None = None,
    put_back_too: bool = False,
) -> Opener:
    """Return what opens the store where the settings say."""
    masters = Masters(settings)
    opening = replace(
        opening_of(settings, masters, clock),
        demo=demo,
        found=found,
        put_back_too=put_back_too,
    )
    if profile is not None:
        opening = replace(opening, profile=profile)
    return Opener(opening, masters)


def opening_of(
    settings: Settings, masters: Masters, clock: Clock | None = None
) -> Opening:
    """Return how the store of ``settings`` is opened."""
    return Opening(
        directory=settings.store_dir,
        high_water=settings.high_water_dir,
        masters=masters.for_store,
        clock=clock or SystemClock(),
        profile=Profile(zone=machine_zone()),
    )


def gate_on(store: Store, settings: Settings, clock: Clock | None = None) -> Gate:
    """Return the gate of an opened store."""
    return Gate(store, TABLE, clock or SystemClock(), about_of(settings))


def about_of(settings: Settings) -> About:
    """Return what the gate says of this program."""
    return About(command=settings.command, version=version(APP))


@contextmanager
def opened(
    settings: Settings, open_: Callable[[], Store] | None = None
) -> Iterator[Gate]:
    """Open the store for one command, and close it after."""
    store = (open_ or opener(settings))()
    try:
        yield gate_on(store, settings)
    finally:
        store.close()


def behind(store: Store) -> bool:
    """Tell whether the keys are wrapped under another master key than the primary."""
    with store.reading() as tx:
        return tx.keys.behind(tx.ring)
