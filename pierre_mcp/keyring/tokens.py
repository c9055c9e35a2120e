"""Opaque tokens: a cursor or handle that says nothing, and works in one place only.

A token is, in bytes, then in base64url without padding::

    | 1: version 0x01 | 4: key id (BE) | 16: salt | n: ciphertext | 16: tag |

    key ‖ nonce = HKDF-Expand-SHA256(subkey of DEK(scope, token-mac),
                                     PAE("pierre/token/v1", salt), 44)
    AAD         = PAE("pierre/token", header, *context)

The context (person, recipient, tool, arguments: DESIGN.md 9) is authenticated, never
carried: a token opens only for the call it continues.

Each token has a key of its own. Tokens are made while reading, where no block of seals
can be counted first, so they may not lean on the budget of random nonces under one key
(SP 800-38D, 8.3); 128 random bits of salt need no count.
"""

import base64
import binascii
import secrets
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import KeyMissingError, SealBrokenError
from pierre_mcp.keyring import gcm
from pierre_mcp.keyring.hkdf import expand
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.ring import Purpose, Ring

TOKEN_MAX_CHARACTERS: Final = 4096

_VERSION = b"\x01"
_HEADER_BYTES = 5
_SALT_BYTES = 16
_BODY_AT = _HEADER_BYTES + _SALT_BYTES
_LABEL = "pierre/token/v1"


def seal_token(ring: Ring, scope: str, plain: bytes, context: tuple[bytes, ...]) -> str:
    """Return a token that gives ``plain`` back in this context, and nowhere else."""
    key_id = ring.active(scope, Purpose.TOKEN_MAC)
    header = _VERSION + key_id.to_bytes(4)
    salt = secrets.token_bytes(_SALT_BYTES)
    cipher, nonce = _once(ring, scope, key_id, salt)
    body = gcm.encrypt(cipher, nonce, plain, _aad(header, context))
    return base64.urlsafe_b64encode(header + salt + body).rstrip(b"=").decode()


def open_token(
    ring: Ring, scope: str, token: str, context: tuple[bytes, ...]
) -> bytes | None:
    """Return what a token holds, or None for anything that does not open here."""
    raw = _decode(token)
    if raw is None or raw[:1] != _VERSION:
        return None
    header, salt = raw[:_HEADER_BYTES], raw[_HEADER_BYTES:_BODY_AT]
    key_id = int.from_bytes(header[1:])
    try:
        # A compromised key opens none: who has it can make them, and none need be kept.
        cipher, nonce = _once(ring, scope, key_id, salt)
        return gcm.decrypt(cipher, nonce, raw[_BODY_AT:], _aad(header, context))
    except (KeyMissingError, SealBrokenError):
        return None


def _once(ring: Ring, scope: str, key_id: int, salt: bytes) -> tuple[AESGCM, bytes]:
    """Return the key and nonce that serve one token."""
    subkey = ring.derive(scope, Purpose.TOKEN_MAC, _LABEL, key_id=key_id)
    both = expand(subkey, pae(b"pierre/token/v1", salt), 32 + gcm.NONCE_BYTES)
    return AESGCM(both[:32]), both[32:]


def _aad(header: bytes, context: tuple[bytes, ...]) -> bytes:
    return pae(b"pierre/token", header, *context)


def _decode(token: str) -> bytes | None:
    """Decode the one canonical spelling, so that no two texts are the same token."""
    if len(token) > TOKEN_MAX_CHARACTERS or not token.isascii():
        return None
    try:
        padding = "=" * (-len(token) % 4)
        raw = base64.b64decode(token + padding, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return raw if canonical == token else None
