"""Passphrases made into keys: Argon2id, at a cost that is stated beside each use.

::

    key = Argon2id(NFKC(passphrase), salt, t, m, p, 32 bytes)            RFC 9106
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

SALT_BYTES: Final = 16
KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What one try costs: passes, memory in KiB, and lanes (RFC 9106, 3.1)."""

    time: int
    memory_kib: int
    lanes: int


LOW_MEMORY: Final = Cost(time=3, memory_kib=65_536, lanes=4)
"""The second recommended option of RFC 9106, section 4."""


def stretch(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """Return the 32 bytes that a passphrase gives with this salt, at this cost."""
    # Imported here: only who uses it waits for it.
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415

    return hash_secret_raw(
        unicodedata.normalize("NFKC", passphrase).encode(),
        salt,
        time_cost=cost.time,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )
