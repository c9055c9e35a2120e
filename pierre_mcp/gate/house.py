"""Opening what the gate needs: settings in, a store and its gate out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version

from pierre_mcp.clock import Clock, SystemClock
from pierre_mcp.gate.admission import About
from pierre_mcp.gate.gate import Gate
from pierre_mcp.keyring.master import Master, MasterOrigin, load_master
from pierre_mcp.model.profile import Profile
from pierre_mcp.settings import APP, Settings, machine_zone
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import Founding, Opening, open_store
from pierre_mcp.tools.catalogue import table


def opener(
    settings: Settings,
    *,
    clock: Clock | None = None,
    profile: Profile | None = None,
    demo: bool = False,
    found: Founding | None = None,
    put_back_too: bool = False,
) -> Callable[[], Store]:
    """Return what opens the store, on whichever thread is to own it."""
    opening = replace(
        opening_of(settings, clock), demo=demo, found=found, put_back_too=put_back_too
    )
    if profile is not None:
        opening = replace(opening, profile=profile)
    return lambda: open_store(opening)


def opening_of(settings: Settings, clock: Clock | None = None) -> Opening:
    """Return how the store of ``settings`` is opened."""
    return Opening(
        directory=settings.store_dir,
        high_water=settings.high_water_dir,
        masters=lambda new: (_load(settings, may_create=new)[0],),
        clock=clock or SystemClock(),
        profile=Profile(zone=machine_zone()),
    )


def gate_on(store: Store, settings: Settings, clock: Clock | None = None) -> Gate:
    """Return the gate of an opened store."""
    return Gate(store, table(), clock or SystemClock(), about_of(settings))


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


def origin(settings: Settings) -> MasterOrigin:
    """Say where the master key comes from, without its value.

    Raises:
        KeyringError: It is missing, malformed or unreadable.
    """
    return _load(settings, may_create=False)[1]


def _load(settings: Settings, *, may_create: bool) -> tuple[Master, MasterOrigin]:
    return load_master(
        settings.mek_source,
        env_key=settings.master_key,
        config_dir=settings.config_dir,
        production=settings.production,
        may_create=may_create,
    )
