"""The source of the master key that the settings name, and those that may only open."""

from dataclasses import dataclass, field
from pathlib import Path

from pierre_mcp.errors import (
    MasterKeyElsewhereError,
    MasterKeyInTokenError,
    MasterKeyMissingError,
    MasterSourceError,
)
from pierre_mcp.keyring.master import (
    LocalMaster,
    Master,
    MasterOrigin,
    StoreNeed,
    as_text,
    key_of_text,
)
from pierre_mcp.keyring.masters.command import key_of_command
from pierre_mcp.keyring.masters.files import development_key, key_of_file


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterSettings:
    """What the settings say of the master key.

    Attributes:
        source: ``PIERRE_MEK_SOURCE``; empty is ``env`` where a key is given there, and
            ``dev`` where none is.
        env_key: ``PIERRE_MASTER_ENCRYPTION_KEY``, or None where it is not set. Set but
            empty is malformed, not absent.
        previous: ``PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS``: a comma list of keys and
            sources.
        config_dir: Where the development key is kept, away from the database.
        production: Refuses a development key.
    """

    source: str = ""
    env_key: str | None = field(default=None, repr=False)
    previous: str = field(default="", repr=False)
    config_dir: Path
    production: bool = False

    @property
    def kind(self) -> str:
        """The word of the source."""
        return self._parts[0]

    @property
    def rest(self) -> str:
        """What stands after that word and its colon."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str]:
        source = self.source or ("dev" if self.env_key is None else "env")
        kind, _, rest = source.partition(":")
        return kind, rest


def load_master(given: MasterSettings, need: StoreNeed) -> tuple[Master, MasterOrigin]:
    """Find the master key where the settings say it is.

    Raises:
        MasterKeyError: It is missing, malformed or cannot be read, each by its own
            class; or the settings name no source.
        StorePermissionsError: The configuration directory is open to others.
        StoreUnwritableError: The development key cannot be written there.
    """
    master = LocalMaster(_local_key(given, need))
    public_id = master.id.hex()
    return master, MasterOrigin(given.kind, public_id, given.kind == "dev")


def load_previous(given: MasterSettings, need: StoreNeed) -> list[Master]:
    """Return the master keys that may only open.

    One that is not there, or cannot be read just now, is left out where the store does
    not need it: whoever can open it is not kept out by a token in a drawer.

    Raises:
        MasterSourceError: One names no source.
        MasterKeyMalformedError: One is no key.
    """
    del need
    return [LocalMaster(key_of_text(t.strip())) for t in given.previous.split(",") if t]


def revealed(given: MasterSettings) -> str:
    """Return the key as ``PIERRE_MASTER_ENCRYPTION_KEY`` takes it, where we keep it.

    Raises:
        MasterKeyInTokenError: A token never gives it away.
        MasterKeyElsewhereError: The person keeps it: it can be seen there.
        MasterKeyError: It is missing, malformed or cannot be read.
    """
    match given.kind:
        case "dev":
            return as_text(development_key(given.config_dir, may_create=False))
        case "file":
            return as_text(key_of_file(Path(given.rest)))
        case "pkcs11":
            raise MasterKeyInTokenError
        case _:
            raise MasterKeyElsewhereError


def _local_key(given: MasterSettings, need: StoreNeed) -> bytes:
    match given.kind, given.rest:
        case "env", "":
            if given.env_key is None:
                raise MasterKeyMissingError
            return key_of_text(given.env_key)
        case "dev", "":
            if given.production:
                raise MasterKeyMissingError
            return development_key(given.config_dir, may_create=need.is_new)
        case "file", path if Path(path).is_absolute():
            return key_of_file(Path(path))
        case "command", words:
            return key_of_command(words)
        case _:
            raise MasterSourceError
