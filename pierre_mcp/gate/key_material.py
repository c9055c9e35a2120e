"""New master keys, and the one in use shown to its owner."""

from dataclasses import dataclass
from pathlib import Path

from pierre_mcp.keyring.master import LocalMaster, as_text, new_key
from pierre_mcp.keyring.masters import keychain
from pierre_mcp.keyring.masters.files import write_new_key


@dataclass(frozen=True, slots=True)
class NewKey:
    """A master key just made, without its value.

    Attributes:
        public_id: In hexadecimal.
        how: The sentence that says how to use it.
    """

    public_id: str
    how: str


def new_in_file(path: Path) -> NewKey:
    """Make a master key in a new file, 0600.

    Raises:
        MasterKeyTakenError: Something has the name already; it was left.
        StoreUnwritableError: It cannot be made there.
    """
    raw = new_key()
    write_new_key(path, raw)
    return _made(raw, f"Use it with: PIERRE_MEK_SOURCE=file:{path}")


def new_in_keychain(place: str) -> NewKey:
    """Make a master key at ``SERVICE/NAME`` in the system's keychain.

    Raises:
        MasterKeyTakenError: Something is kept there; it was left.
        MasterKeyError: There is no keychain to keep it in, or no such place.
    """
    raw = new_key()
    keychain.write_new_key(place, raw)
    return _made(raw, f"Use it with: PIERRE_MEK_SOURCE=keychain:{place}")


def new_to_see() -> tuple[NewKey, str]:
    """Make a master key to be kept by the person; return its text to show once."""
    raw = new_key()
    how = "It is shown this once. Use it as PIERRE_MASTER_ENCRYPTION_KEY."
    return _made(raw, how), as_text(raw)


def _made(raw: bytes, how: str) -> NewKey:
    return NewKey(LocalMaster(raw).id.hex(), how)
