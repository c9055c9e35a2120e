"""Receipts signed: by RFC 8032's own check, and by nothing else."""

import pytest

from pierre_mcp.errors import KeyMissingError
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, KeyState, Purpose, Ring
from pierre_mcp.keyring.signing import public_key, sign, signed_by

INFO = KeyInfo(1, SYSTEM, Purpose.RECEIPT_SIGN, 1, KeyState.ACTIVE, bytes(16))
RING = Ring([(INFO, bytes(range(32)))])

# RFC 8032, 7.1, TEST 2.
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_the_vector_of_the_standard() -> None:
    public, signature = bytes.fromhex(PUBLIC), bytes.fromhex(SIGNATURE)
    assert signed_by(public, signature, b"\x72")
    assert not signed_by(public, signature, b"\x73")


def test_what_was_signed_and_nothing_else() -> None:
    signature = sign(RING, b"receipt")
    assert signed_by(public_key(RING), signature, b"receipt")
    assert signature == sign(RING, b"receipt")
    assert not signed_by(public_key(RING), signature, b"receipt.")
    assert not signed_by(public_key(RING), signature[:-1], b"receipt")
    assert not signed_by(b"short", signature, b"receipt")
    assert not signed_by(bytes(32), signature, b"receipt")


def test_frozen_key_and_signature() -> None:
    """A receipt of today must hold for ever, and be made alike."""
    assert public_key(RING).hex() == FROZEN_PUBLIC
    assert sign(RING, b"receipt").hex() == FROZEN_SIGNATURE


FROZEN_PUBLIC = "0ed469c859289c384ceac60d731b064428e4597c9eacb4b1dae81e71014d5e5c"
FROZEN_SIGNATURE = (
    "1056677f184d3ee0a7c22376fc5f7090563ed92f861ab5e98c8e47a803ed8e9f"
    "d23a4c37743420d94d3e21a545b02ff933569d6a27b624437189ac9e5aaea200"
)


def test_no_key_signs_nothing() -> None:
    with pytest.raises(KeyMissingError):
        sign(Ring([]), b"receipt")
