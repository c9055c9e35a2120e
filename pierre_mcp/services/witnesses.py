"""Who keeps the checkpoints elsewhere: a list in the configuration directory.

::

    <directory>/<store id>.witnesses      0600, JSON: who, and how far each was told

Two locks beside it: one around each change of the list, held for no longer, and one
for whoever tells the witnesses, which takes as long as they do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from pierre_mcp.errors import WitnessesUnreadableError, WitnessesUnwritableError
from pierre_mcp.model.witness import ENDING, Witness
from pierre_mcp.platform import (
    FileLock,
    check_private_file,
    make_private_dir,
    replace_private_file,
)

_LIST: Final = TypeAdapter(tuple[Witness, ...])

Change = Callable[[tuple[Witness, ...]], tuple[Witness, ...]]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The witnesses of one store.

    Attributes:
        directory: Outside the store's own.
        store_id: Whose.
    """

    directory: Path
    store_id: str

    def listed(self) -> tuple[Witness, ...]:
        """Return them in the order in which they were added.

        Raises:
            WitnessesUnreadableError: The list is not as we write it, or others can
                read it.
        """
        path = self._beside(ENDING)
        try:
            check_private_file(path)
            return _LIST.validate_json(path.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError, WitnessesUnreadableError):
            raise WitnessesUnreadableError from None

    def change(self, change: Change) -> None:
        """Put what ``change`` makes of the list in its place; nobody else does then.

        Raises:
            WitnessesUnreadableError: As for ``listed``.
            WitnessesUnwritableError: It cannot be written.
        """
        try:
            make_private_dir(self.directory)
            with FileLock(self._beside(f"{ENDING}.lock")):
                changed = change(self.listed())
                content = _LIST.dump_json(changed, indent=2)
                replace_private_file(self._beside(ENDING), content)
        except OSError:
            raise WitnessesUnwritableError from None

    def telling(self) -> FileLock:
        """Return the lock of whoever tells them.

        Raises:
            WitnessesUnwritableError: It cannot be made.
        """
        try:
            return FileLock(self._beside(f"{ENDING}.telling"))
        except OSError:
            raise WitnessesUnwritableError from None

    def _beside(self, ending: str) -> Path:
        return self.directory / f"{self.store_id}{ending}"
