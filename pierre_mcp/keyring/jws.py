"""Signed statements: a compact JWS (RFC 7515) under Ed25519 (RFC 8037), read strictly.

::

    base64url(header) . base64url(body) . base64url(signature)

    header    = {"alg":"EdDSA","kid":"<thumbprint>","typ":"<type>"}
    body      = JSON, which holds the public key as a JWK under "public_key"
    signature = Ed25519 over the first two parts, with the dot between

The key is a subkey of its own ("pierre/statement/v1" of DEK(system, receipt-sign)): no
other signature of this store can pass for a statement. ``kid`` is its thumbprint (RFC
7638). Only the one canonical spelling is read: exactly this header, no padding, no
duplicate key.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from pierre_mcp.keyring import signing
from pierre_mcp.keyring.ring import Ring

MAX_CHARACTERS: Final = 256_000

_LABEL: Final = "pierre/statement/v1"
_KEY: Final = "public_key"


def signed(ring: Ring, kind: str, body: Mapping[str, Any]) -> str:
    """Return ``body``, with the public key in it, as a signed statement.

    Args:
        ring: Has the key that signs.
        kind: The ``typ`` of the header.
        body: JSON-able.

    Raises:
        KeyMissingError: No key signs receipts yet.
    """
    jwk = _jwk(signing.public_key(ring, _LABEL))
    header = {"alg": "EdDSA", "kid": _thumbprint(jwk), "typ": kind}
    message = f"{_encoded(header)}.{_encoded({**body, _KEY: jwk})}"
    signature = signing.sign(ring, message.encode(), _LABEL)
    return f"{message}.{_text(signature)}"


def read(statement: str, kind: str) -> dict[str, Any] | None:
    """Return what a statement says, if it was signed by the key that it names.

    Whose key that is, it does not tell: see ``signed_here``.
    """
    parts = statement.split(".")
    if len(statement) > MAX_CHARACTERS or len(parts) != 3:
        return None
    header, body, signature = (_bytes(part) for part in parts)
    said = _object(body)
    if header is None or said is None or signature is None:
        return None
    public = _public(said.get(_KEY))
    if public is None:
        return None
    expected = {"alg": "EdDSA", "kid": _thumbprint(said[_KEY]), "typ": kind}
    if _object(header) != expected:
        return None
    message = f"{parts[0]}.{parts[1]}".encode()
    return said if signing.signed_by(public, signature, message) else None


def signed_here(ring: Ring, said: Mapping[str, Any]) -> bool:
    """Tell whether the key that signed what ``read`` gave is this store's own.

    Raises:
        KeyMissingError: No key signs receipts yet.
    """
    return bool(said.get(_KEY) == _jwk(signing.public_key(ring, _LABEL)))


def _jwk(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _text(public)}


def _public(jwk: Any) -> bytes | None:
    """Return the key of a JWK of exactly our form."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("x"), str):
        return None
    public = _bytes(jwk["x"])
    return public if public is not None and jwk == _jwk(public) else None


def _thumbprint(jwk: Mapping[str, str]) -> str:
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return _text(hashlib.sha256(canonical.encode()).digest())


def _encoded(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """Decode the one canonical spelling, so that no two texts say the same."""
    if not text.isascii():
        return None
    try:
        padding = "=" * (-len(text) % 4)
        raw = base64.b64decode(text + padding, altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return raw if _text(raw) == text else None


def _object(content: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(content or b"", object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
