"""The source of the master key that the settings name, and those that may only open."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pierre_mcp.errors import (
    MasterKeyElsewhereError,
    MasterKeyError,
    MasterKeyInTokenError,
    MasterKeyMalformedError,
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
from pierre_mcp.keyring.masters.files import (
    DEVELOPMENT_KEY_NAME,
    development_key,
    key_of_file,
)
from pierre_mcp.keyring.masters.keychain import key_of_keychain
from pierre_mcp.keyring.masters.passphrase import asked_key
from pierre_mcp.keyring.masters.token import master_of_token


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

    source: str = field(default="", repr=False)
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
    master = _master(given, need)
    public_id = master.id.hex()
    return master, MasterOrigin(given.kind, public_id, given.kind == "dev")


def load_previous(
    given: MasterSettings, need: StoreNeed, primary: Master
) -> list[Master]:
    """Return the master keys that may only open.

    One that cannot be had is left out where the store does not need it: nobody is kept
    out of a store by a token in a drawer.

    Raises:
        MasterKeyError: One is no key, or names no source that may stand here; or one
            that the store may need cannot be had.
    """
    found: list[Master] = []
    faults: list[MasterKeyError] = []
    for text in filter(None, map(str.strip, given.previous.split(","))):
        try:
            found.append(_previous(given, text, replace(need, is_new=False)))
        except (MasterSourceError, MasterKeyMalformedError):
            raise
        except MasterKeyError as fault:
            faults.append(fault)
    if faults and not need.mek_ids <= {primary.id, *(one.id for one in found)}:
        raise faults[0]
    return found


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
        case "keychain":
            return as_text(key_of_keychain(given.rest))
        case "pkcs11":
            raise MasterKeyInTokenError
        case _:
            raise MasterKeyElsewhereError


def key_file(given: MasterSettings) -> Path | None:
    """Return the file the key in use is in; None where it is in none."""
    match given.kind:
        case "dev":
            return given.config_dir / DEVELOPMENT_KEY_NAME
        case "file":
            return Path(given.rest)
        case _:
            return None


def _master(given: MasterSettings, need: StoreNeed) -> Master:
    match given.kind, given.rest:
        case "pkcs11", rest if rest:
            return master_of_token(rest)
        case "passphrase", "":
            replacing = bool(given.previous)
            return LocalMaster(asked_key(need, replacing=replacing))
        case "dev", "":
            if given.production:
                raise MasterKeyMissingError
            raw = development_key(given.config_dir, may_create=need.is_new)
            return LocalMaster(raw)
        case "env", "":
            if given.env_key is None:
                raise MasterKeyMissingError
            return LocalMaster(key_of_text(given.env_key))
        case _:
            return LocalMaster(_fetched(given.kind, given.rest))


def _fetched(kind: str, rest: str) -> bytes:
    """Return the key from a place that is named in full."""
    match kind:
        case "file" if Path(rest).is_absolute():
            return key_of_file(Path(rest))
        case "keychain":
            return key_of_keychain(rest)
        case "command":
            return key_of_command(rest)
        case _:
            raise MasterSourceError


def _previous(given: MasterSettings, text: str, need: StoreNeed) -> Master:
    if ":" not in text and text not in {"dev", "passphrase"}:
        return LocalMaster(key_of_text(text))
    alone = replace(given, source=text, env_key=None, previous="", production=False)
    if alone.kind == "command":  # its words have commas of their own
        raise MasterSourceError
    return _master(alone, need)
