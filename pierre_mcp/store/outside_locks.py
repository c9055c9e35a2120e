"""The consent lock, noted outside the store too: an older copy does not take it off.

::

    <directory>/<the person's tombstone>.lock      0600, the lock as the policy holds it

It stands here before it is on, and goes after it is off: a kill in between leaves a
lock whose passphrase the person knows. Nobody opens it without that.
"""

from pathlib import Path

from pydantic import ValidationError

from pierre_mcp.errors import HighWaterUnreadableError, HighWaterUnwritableError
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.lock import ConsentLock
from pierre_mcp.platform import make_private_dir, replace_private_file
from pierre_mcp.store.tombstones import tombstone_of


class OutsideLock:
    """What is noted of one person's lock.

    Args:
        directory: Outside the store's own; made 0700 when something is noted.
        store_id: Of the person's store.
        who: Whose.
    """

    __slots__ = ("_path",)

    def __init__(self, directory: Path, store_id: str, who: Identity) -> None:
        self._path = directory / f"{tombstone_of(store_id, who).hex()}.lock"

    def note(self, lock: ConsentLock) -> None:
        """Note the lock, on the disk when this returns.

        Raises:
            HighWaterUnwritableError: It cannot be written.
            StorePermissionsError: The directory is not ours alone.
        """
        try:
            make_private_dir(self._path.parent)
            replace_private_file(self._path, lock.model_dump_json().encode())
        except OSError:
            raise HighWaterUnwritableError from None

    def forget(self) -> None:
        """Note that there is none.

        Raises:
            HighWaterUnwritableError: It stands there still.
        """
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            raise HighWaterUnwritableError from None

    def read(self) -> ConsentLock | None:
        """Return the lock that is on, as far as is noted here.

        Raises:
            HighWaterUnreadableError: There is one, and it cannot be read.
        """
        try:
            return ConsentLock.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            raise HighWaterUnreadableError from None
