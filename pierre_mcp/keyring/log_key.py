"""What a person keeps away from the machine, to check its log with later.

::

    vkey pierre-mcp/<store id>+<key id>+<base64>        checks signatures of checkpoints
    epoch <n> <hexadecimal>                             the epoch's key: checks MACs

From the epoch's key those of all later ones follow, so it shows every row written since
to be whole, whoever holds the store's keys by then. It could also make such MACs, and
so belongs off the machine.
"""

import re
from dataclasses import dataclass, field
from typing import Final, Self

from pierre_mcp.errors import LogKeyMalformedError
from pierre_mcp.keyring import chain, notes

_TEXT: Final = re.compile(r"vkey (\S+)\nepoch (0|[1-9][0-9]{0,17}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class LogKey:
    """What checks the signatures and MACs of a log from one epoch on.

    Attributes:
        vkey: Of its checkpoints, as C2SP writes it; the name in it is their origin.
        epoch: The first that it checks.
        key: Of that epoch.
    """

    vkey: str
    epoch: int
    key: bytes = field(repr=False)

    @property
    def origin(self) -> str:
        """Of which log it is."""
        return self.vkey.partition("+")[0]

    def text(self) -> str:
        """Return what is written to the file."""
        return f"vkey {self.vkey}\nepoch {self.epoch} {self.key.hex()}\n"

    @classmethod
    def parsed(cls, text: str) -> Self:
        """Return what such a file holds.

        Raises:
            LogKeyMalformedError: It is none.
        """
        found = _TEXT.fullmatch(text)
        if found is None or not notes.is_vkey(found[1]):
            raise LogKeyMalformedError
        return cls(found[1], int(found[2]), bytes.fromhex(found[3]))

    def at(self, epoch: int) -> bytes:
        """Return the key of this epoch or a later one, led on step by step."""
        key = self.key
        for _ in range(epoch - self.epoch):
            key = chain.next_epoch_key(key)
        return key
