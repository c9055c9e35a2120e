"""Consent tokens: strict JWTs, for one person, recipient and operation, for minutes.

::

    token  = JWS compact (RFC 7515, 7.1), HS256 (RFC 7518, 3.2)
    header = {"alg": "HS256", "kid": "<key id>", "typ": "pierre-consent+jwt"}
    key    = subkey "pierre/consent-token/v1" of DEK(person, token-mac)      32 bytes
    claims = iss     the store's id              aud   "pierre-mcp/consent"
             sub     HMAC of the person, hex     tenant_id
             azp     the recipient               op    the tool
             scope   scopes, one space between   cver  the policy epoch
             jti     a random id                 iat = nbf < exp <= iat + 900, seconds

PyJWT computes and compares the MAC. It lets through what a strict reader must not
(several spellings in base64url, a name twice in JSON, headers that name keys, times as
text: SECURITY.md 4), so form and claims are held here to the one way in which tokens
are written. Only the key in use counts: a token does not outlive its replacement.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn
from uuid import UUID

from pierre_mcp.errors import (
    KeyMissingError,
    LabelMalformedError,
    ScopeMalformedError,
    TokenExpiredError,
    TokenRefusedError,
)
from pierre_mcp.keyring.ring import Purpose, Ring, person_scope
from pierre_mcp.model.consent_token import ConsentClaims
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import check_label, parse

MOST_CHARACTERS: Final = 4096
LONGEST: Final = timedelta(minutes=15)

_ALGORITHM: Final = "HS256"
_TYPE: Final = "pierre-consent+jwt"
_AUDIENCE: Final = "pierre-mcp/consent"
_LABEL: Final = "pierre/consent-token/v1"
_SUBJECT: Final = "pierre/consent-token/sub/v1"
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TEXTS: Final = ("iss", "aud", "sub", "tenant_id", "azp", "op", "scope", "jti")
_NUMBERS: Final = ("cver", "iat", "nbf", "exp")
_MOST_NUMBER: Final = 2**53
_OPERATION: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


def issue_token(ring: Ring, store_id: str, who: Identity, of: ConsentClaims) -> str:
    """Return the token that says ``of``. It grants nothing, and is a secret.

    Raises:
        ValueError: It would be in use for longer than 15 minutes, or for no time.
    """
    # Imported here: only who uses it waits for it.
    import jwt  # noqa: PLC0415

    issued, expires = (int(at.timestamp()) for at in (of.issued_at, of.expires_at))
    if not 0 < expires - issued <= LONGEST.total_seconds():
        msg = "a consent token lasts up to 15 minutes"
        raise ValueError(msg)
    scope = person_scope(who.tenant, who.person)
    key_id = ring.active(scope, Purpose.TOKEN_MAC)
    claims = {
        **_about(ring, store_id, who),
        "azp": of.recipient,
        "op": of.operation,
        "scope": " ".join(of.scopes),
        "cver": of.policy_epoch,
        "jti": of.jti,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
    }
    header = {"typ": _TYPE, "kid": str(key_id)}
    return jwt.encode(claims, _key(ring, scope), _ALGORITHM, headers=header)


def read_token(
    ring: Ring, store_id: str, who: Identity, token: str, *, now: datetime
) -> ConsentClaims:
    """Read a token of this person's in this store, in use at ``now`` (UTC).

    Raises:
        TokenExpiredError: It was one, and has run out.
        TokenRefusedError: It is anything else. Which check failed is deliberately not
            said.
    """
    import jwt  # noqa: PLC0415 - as above

    header, claims = _parts(token)
    scope = person_scope(who.tenant, who.person)
    try:
        _check_header(header, ring.active(scope, Purpose.TOKEN_MAC))
        jwt.decode(
            token,
            _key(ring, scope),
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            issuer=store_id,
            # The times are held against our clock, below.
            options={
                "require": [*_TEXTS, *_NUMBERS],
                "strict_aud": True,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except (KeyMissingError, jwt.PyJWTError):
        raise TokenRefusedError from None
    _check_claims(claims, _about(ring, store_id, who))
    return _read(claims, now)


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of what is spelt in the one canonical way."""
    if len(token) > MOST_CHARACTERS or not _FORM.fullmatch(token):
        raise TokenRefusedError
    header, claims, signature = token.split(".")
    _decoded(signature)
    return _object(_decoded(header)), _object(_decoded(claims))


def _decoded(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error:
        raise TokenRefusedError from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise TokenRefusedError
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise TokenRefusedError from None
    if not isinstance(found, dict):
        raise TokenRefusedError
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TokenRefusedError
    return found


def _no_number(_: str) -> NoReturn:
    raise TokenRefusedError


def _check_header(header: Mapping[str, Any], key_id: int) -> None:
    if header != {"alg": _ALGORITHM, "typ": _TYPE, "kid": str(key_id)}:
        raise TokenRefusedError


def _check_claims(claims: Mapping[str, Any], about: Mapping[str, str]) -> None:
    if claims.keys() != {*_TEXTS, *_NUMBERS}:
        raise TokenRefusedError
    texts = all(type(claims[name]) is str for name in _TEXTS)
    # ``bool`` is an ``int`` to Python, and to no other reader.
    numbers = all(
        type(claims[name]) is int and 0 <= claims[name] < _MOST_NUMBER
        for name in _NUMBERS
    )
    if not (texts and numbers and about.items() <= claims.items()):
        raise TokenRefusedError


def _read(claims: Mapping[str, Any], now: datetime) -> ConsentClaims:
    try:
        read = ConsentClaims(
            jti=str(UUID(claims["jti"])),
            recipient=check_label(claims["azp"]),
            operation=_operation(claims["op"]),
            scopes=tuple(parse(text) for text in claims["scope"].split(" ")),
            policy_epoch=claims["cver"],
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except (ValueError, OverflowError, LabelMalformedError, ScopeMalformedError):
        raise TokenRefusedError from None
    lasts = read.expires_at - read.issued_at
    if claims["nbf"] != claims["iat"] or not timedelta(0) < lasts <= LONGEST:
        raise TokenRefusedError
    if read.jti != claims["jti"] or now < read.issued_at:
        raise TokenRefusedError
    if now >= read.expires_at:
        raise TokenExpiredError
    return read


def _operation(text: str) -> str:
    if not _OPERATION.fullmatch(text):
        raise TokenRefusedError
    return text


def _about(ring: Ring, store_id: str, who: Identity) -> dict[str, str]:
    """Return the claims that say of which store and person it is."""
    scope = person_scope(who.tenant, who.person)
    subject = ring.mac(scope, Purpose.TOKEN_MAC, _SUBJECT, who.person.encode())
    return {
        "iss": store_id,
        "aud": _AUDIENCE,
        "sub": subject.hex()[:32],
        "tenant_id": who.tenant,
    }


def _key(ring: Ring, scope: str) -> bytes:
    return ring.derive(scope, Purpose.TOKEN_MAC, _LABEL)
