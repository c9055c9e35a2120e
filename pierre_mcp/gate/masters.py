"""The master keys of one process: found when a store first needs them, and kept.

A process may open its store several times, and a person is asked for a passphrase once.
They are looked for again only where a store needs a key that was not among them.
"""

import threading
from pathlib import Path

from pierre_mcp.errors import PierreError
from pierre_mcp.keyring.master import Master, MasterOrigin, StoreNeed
from pierre_mcp.keyring.masters import sources
from pierre_mcp.keyring.masters.sources import MasterSettings
from pierre_mcp.settings import Settings


class Masters:
    """The master keys that the settings name; one for all threads of a process."""

    __slots__ = ("_fault", "_found", "_given", "_lock", "_origin")

    def __init__(self, settings: Settings) -> None:
        self._given = MasterSettings(
            source=settings.mek_source,
            env_key=settings.master_key,
            previous=settings.previous_keys,
            config_dir=settings.config_dir,
            production=settings.production,
        )
        self._lock = threading.Lock()
        self._found: tuple[Master, ...] = ()
        self._origin: MasterOrigin | None = None
        self._fault: PierreError | None = None

    def __repr__(self) -> str:
        return "<Masters>"  # a key set as the source by mistake would be its word

    def for_store(self, need: StoreNeed) -> tuple[Master, ...]:
        """Return the master key in use, and then those that may only open.

        Raises:
            MasterKeyError: It cannot be had.
        """
        with self._lock:
            held = {master.id for master in self._found}
            if not self._found or not need.mek_ids <= held:
                self._find(need)
            return self._found

    def origin(self) -> MasterOrigin:
        """Say where the master key comes from, without its value.

        Raises:
            PierreError: It could not be had.
            RuntimeError: No store has asked for it yet.
        """
        if self._fault is not None:
            raise self._fault
        if self._origin is None:
            msg = "no store has asked for the master key yet"
            raise RuntimeError(msg)
        return self._origin

    def revealed(self) -> str:
        """Return the key in use as ``PIERRE_MASTER_ENCRYPTION_KEY`` takes it.

        Raises:
            MasterKeyInTokenError: A token never gives it away.
            MasterKeyElsewhereError: It is not kept by this program.
            MasterKeyError: It cannot be had any more.
        """
        return sources.revealed(self._given)

    @property
    def key_file(self) -> Path | None:
        """The file the key in use is in; None where it is in none."""
        return sources.key_file(self._given)

    @property
    def asked(self) -> bool:
        """Tell whether a store has asked for the master key yet."""
        return self._fault is not None or self._origin is not None

    def _find(self, need: StoreNeed) -> None:
        self._fault = None
        try:
            primary, self._origin = sources.load_master(self._given, need)
            self._found = (
                primary,
                *sources.load_previous(self._given, need, primary),
            )
        except PierreError as error:
            self._fault = error
            raise
