"""What is known of a key without opening it: its scope, purpose, version and state.

::

    system · tenant:<uuid> · person:<tenant>/<person>          each once a purpose
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pierre_mcp.errors import KeyExhaustedError

DEK_BYTES: Final = 32
SYSTEM: Final = "system"

# Random 96-bit nonces hold for 2**32 seals (NIST SP 800-38D, 8.3). A block is counted
# in a committed transaction before its first seal, so a crash loses
# seals, never the count.
SEAL_BLOCK: Final = 2**16
ROTATE_AT_SEALS: Final = 2**30
REFUSE_AT_SEALS: Final = 2**31


class Purpose(StrEnum):
    """What a key is for. No key serves two."""

    SEAL = "seal"
    INDEX = "index"
    AUDIT = "audit"
    CHECKPOINT_SIGN = "checkpoint-sign"
    RECEIPT_SIGN = "receipt-sign"
    CONSENT_LOCK = "consent-lock"
    TOKEN_MAC = "token-mac"  # noqa: S105 - the name of a purpose, not a password
    PSEUDONYM = "pseudonym"
    ZONE = "zone"
    MANIFEST = "manifest"
    LEDGER = "ledger"


class KeyState(StrEnum):
    """Where a key is in its life (NIST SP 800-57 part 1, 7)."""

    ACTIVE = "active"
    DECRYPT_ONLY = "decrypt_only"
    COMPROMISED = "compromised"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What is known of a key without opening it.

    Attributes:
        id: 1 to 2**32 - 1, never used again.
        scope: ``"system"``, ``"tenant:<uuid>"`` or ``"person:<tenant>/<person>"``.
        purpose: The one thing it is for.
        version: From 1; grows with each rotation of this scope and purpose.
        state: Only an active key seals; all but a destroyed one open, a compromised
            one only what it had sealed when it was marked.
        mek_id: The public id of the master key it is wrapped under, 16 bytes.
    """

    id: int
    scope: str
    purpose: Purpose
    version: int
    state: KeyState
    mek_id: bytes


def tenant_scope(tenant: str) -> str:
    """Return the scope of what belongs to a whole tenant."""
    return f"tenant:{tenant}"


def person_scope(tenant: str, person: str) -> str:
    """Return the scope of what belongs to one person."""
    return f"person:{tenant}/{person}"


def count_after_block(seals: int) -> int:
    """Return the count to store for a key once one more block is reserved.

    Args:
        seals: What the keyring counts for the key now.

    Raises:
        KeyExhaustedError: It would pass 2**31.
    """
    if seals + SEAL_BLOCK > REFUSE_AT_SEALS:
        raise KeyExhaustedError
    return seals + SEAL_BLOCK


def rotation_due(seals: int) -> bool:
    """Tell whether a key has sealed enough to be replaced by itself."""
    return seals >= ROTATE_AT_SEALS
