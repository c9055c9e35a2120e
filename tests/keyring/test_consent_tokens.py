"""A consent token is read in the one way in which it is written, or refused."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pierre_mcp.errors import TokenExpiredError, TokenRefusedError
from pierre_mcp.keyring.consent_tokens import issue_token, read_token
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose, Ring, person_scope
from pierre_mcp.model.consent_token import ConsentClaims
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Scope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORE = "7c1f9a52-6f0e-4a7e-9a36-1f0a3a0f6f11"
ANNA = Identity("tenant", "anna")
BEN = Identity("tenant", "ben")
SAID = ConsentClaims(
    jti=str(UUID(int=7)),
    recipient="claude-desktop",
    operation="get_activities",
    scopes=(Scope("strava:activities"), Scope("analytics:insights")),
    policy_epoch=3,
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
)


def a_key(
    key_id: int, who: Identity, state: KeyState = KeyState.ACTIVE, version: int = 1
) -> tuple[KeyInfo, bytes]:
    scope = person_scope(who.tenant, who.person)
    info = KeyInfo(key_id, scope, Purpose.TOKEN_MAC, version, state, bytes(16))
    return info, bytes([key_id]) * 32


RING = Ring([a_key(1, ANNA), a_key(2, BEN)])
TOKEN = issue_token(RING, STORE, ANNA, SAID)
KEY = RING.derive(
    person_scope(ANNA.tenant, ANNA.person),
    Purpose.TOKEN_MAC,
    "pierre/consent-token/v1",
)


def read(token: str, *, now: datetime = NOW, **changed: Any) -> ConsentClaims:
    how = {"ring": RING, "store_id": STORE, "who": ANNA, **changed}
    return read_token(how["ring"], how["store_id"], how["who"], token, now=now)


def spelt(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(token: str, at: int) -> Any:
    text = token.split(".")[at]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


HEADER: Mapping[str, Any] = part(TOKEN, 0)
CLAIMS: Mapping[str, Any] = part(TOKEN, 1)
ISSUED = int(NOW.timestamp())


def signed(header: bytes, claims: bytes, key: bytes = KEY, alg: str = "sha256") -> str:
    """A token under the true key: whoever forges it may know that too."""
    body = f"{spelt(header)}.{spelt(claims)}"
    return f"{body}.{spelt(hmac.digest(key, body.encode(), alg))}"


def forged(
    header: Mapping[str, Any] = HEADER, claims: Mapping[str, Any] = CLAIMS, **how: Any
) -> str:
    return signed(json.dumps(header).encode(), json.dumps(claims).encode(), **how)


def headed(**changed: Any) -> str:
    return forged(header={**HEADER, **changed})


def claiming(**changed: Any) -> str:
    return forged(claims={**CLAIMS, **changed})


def without(name: str) -> str:
    return forged(claims={n: v for n, v in CLAIMS.items() if n != name})


def raw_claims(old: str, new: str) -> str:
    text = json.dumps(CLAIMS)
    assert old in text
    return signed(json.dumps(HEADER).encode(), text.replace(old, new, 1).encode())


def raw_header(new: str) -> str:
    return signed(new.encode(), json.dumps(CLAIMS).encode())


def unsigned(alg: str) -> str:
    return headed(alg=alg).rpartition(".")[0] + "."


def by_a_public_key() -> str:
    """An HMAC under the public half of a key, which anyone knows."""
    public = Ed25519PrivateKey.from_private_bytes(KEY).public_key()
    return forged(key=public.public_bytes_raw())


def by_eddsa() -> str:
    body = headed(alg="EdDSA").rpartition(".")[0]
    key = Ed25519PrivateKey.from_private_bytes(KEY)
    return f"{body}.{spelt(key.sign(body.encode()))}"


HEAD, BODY, MAC = TOKEN.split(".")
LAST = "AEIMQUYcgkosw048"
"""Last characters of 32 bytes in base64url that leave no bit over."""

ATTACKS: dict[str, str] = {
    **{f"alg {a}": unsigned(a) for a in ("none", "None", "NONE", "nOnE", "")},
    **{f"alg {a}, signed": headed(alg=a) for a in ("none", "hs256", "HS384", "RS256")},
    "alg a list": headed(alg=["HS256"]),
    "alg null": headed(alg=None),
    "HS512 truly": forged(header={**HEADER, "alg": "HS512"}, alg="sha512"),
    "EdDSA under our key": by_eddsa(),
    "key confusion": by_a_public_key(),
    "no alg": forged(header={n: v for n, v in HEADER.items() if n != "alg"}),
    "no typ": forged(header={n: v for n, v in HEADER.items() if n != "typ"}),
    "no kid": forged(header={n: v for n, v in HEADER.items() if n != "kid"}),
    "typ JWT": headed(typ="JWT"),
    "typ in capitals": headed(typ="PIERRE-CONSENT+JWT"),
    "typ a receipt's": headed(typ="consent-receipt+jwt"),
    **{
        f"header {name}": headed(**{name: value})
        for name, value in (
            ("jku", "https://example.org/keys"),
            ("x5u", "https://example.org/cert"),
            ("jwk", {"kty": "oct", "k": spelt(bytes(32))}),
            ("x5c", ["MA=="]),
            ("crit", ["exp"]),
            ("crit", ["b64"]),
            ("b64", False),
            ("zip", "DEF"),
            ("cty", "JWT"),
        )
    },
    "kid of nobody": headed(kid="9"),
    "kid another person's": headed(kid="2"),
    "kid a number": headed(kid=1),
    "kid with a zero before": headed(kid="01"),
    "kid a path": headed(kid="../../dev/null"),
    "kid of SQL": headed(kid="1' OR '1'='1"),
    "header alg twice": raw_header(
        '{"alg":"none","alg":"HS256","kid":"1","typ":"pierre-consent+jwt"}'
    ),
    "header a list": raw_header("[]"),
    "header no JSON": raw_header("{alg:HS256}"),
    "header deep": raw_header("[" * 1_000),
    "a claim twice": raw_claims('"azp":', '"azp": "other", "azp":'),
    "exp twice": raw_claims('"exp":', f'"exp": {ISSUED + 9_999}, "exp":'),
    "a claim twice, by escape": raw_claims('"azp":', '"\\u0061zp": "other", "azp":'),
    "claims a list": signed(json.dumps(HEADER).encode(), b"[]"),
    "claims text": signed(json.dumps(HEADER).encode(), b'"text"'),
    "claims not UTF-8": signed(json.dumps(HEADER).encode(), b'{"a":"\xff"}'),
    "claims empty": signed(json.dumps(HEADER).encode(), b""),
    **{f"no {name}": without(name) for name in CLAIMS},
    **{f"{name} null": claiming(**{name: None}) for name in CLAIMS},
    "a claim more": claiming(admin=True),
    **{
        f"{name} {value!r}": claiming(**{name: value})
        for name in ("exp", "iat", "nbf")
        for value in (str(CLAIMS[name]), float(CLAIMS[name]), True, -1, 2**60, [1])
    },
    **{
        f"exp {text}": raw_claims(f'"exp": {CLAIMS["exp"]}', f'"exp": {text}')
        for text in ("NaN", "Infinity", "-Infinity", "1e99", "9" * 5_000)
    },
    "aud of two": claiming(aud=["pierre-mcp/consent", "other"]),
    "aud a list of one": claiming(aud=["pierre-mcp/consent"]),
    "aud another": claiming(aud="pierre-mcp"),
    "iss another store": claiming(iss=str(UUID(int=1))),
    "sub another person": claiming(sub="0" * 32),
    "sub a list": claiming(sub=[CLAIMS["sub"]]),
    "tenant another": claiming(tenant_id="other"),
    "azp no label": claiming(azp="Claude Desktop"),
    "op no name": claiming(op="get activities; DROP TABLE"),
    "scope empty": claiming(scope=""),
    "scope a list": claiming(scope=["strava:activities"]),
    "scope a wildcard": claiming(scope="strava:*"),
    "scope two spaces": claiming(scope="strava:activities  strava:power"),
    "cver text": claiming(cver="3"),
    "cver true": claiming(cver=True),
    "jti no id": claiming(jti="1"),
    "jti in capitals": claiming(jti="ABCDEF00-0000-4000-8000-000000000000"),
    "lasts too long": claiming(exp=ISSUED + 901),
    "lasts no time": claiming(exp=ISSUED),
    "ends before it begins": claiming(exp=ISSUED - 1),
    "not before later": claiming(nbf=ISSUED + 60),
    "issued later": claiming(iat=ISSUED + 1, nbf=ISSUED + 1),
    "an empty key": forged(key=b""),
    "a key of 8 bytes": forged(key=KEY[:8]),
    "another key": forged(key=bytes(32)),
    "padded": TOKEN + "=" * (-len(MAC) % 4),
    "header padded": f"{HEAD}{'=' * (-len(HEAD) % 4 or 4)}.{BODY}.{MAC}",
    "last bits set": TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1),
    "the other alphabet": f"{HEAD}.{BODY}.{'+' + MAC[1:]}",
    "a line break within": f"{HEAD}.{BODY[:9]}\n{BODY[9:]}.{MAC}",
    "a line break after": TOKEN + "\n",
    "a space before": " " + TOKEN,
    "a null after": TOKEN + "\0",
    "letters of another script": TOKEN[:-1] + "\u0430",
    "a fourth part": TOKEN + ".e30",
    "trailing data": TOKEN + "AAAA",
    "two parts": f"{HEAD}.{BODY}",
    "no signature": f"{HEAD}.{BODY}.",
    "signature cut": TOKEN[:-4],
    "encrypted": f"{HEAD}.e30.e30.e30.e30",
    "JSON serialization": json.dumps(
        {"protected": HEAD, "payload": BODY, "signature": MAC}
    ),
    "too large": claiming(scope=" ".join(["strava:activities"] * 300)),
    "a bit flipped": TOKEN[:40] + ("A" if TOKEN[40] != "A" else "B") + TOKEN[41:],
    "parts of one letter": "a.b.c",
    "nothing": "",
    "Bearer": f"Bearer {TOKEN}",
}


@pytest.mark.promise("consent.verify")
def test_what_was_issued_is_read() -> None:
    assert read(TOKEN) == SAID
    assert read(forged()) == SAID, "what forges tokens here forges them well"
    assert set(HEADER) == {"alg", "typ", "kid"}
    assert TOKEN[-1] in LAST


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("token", ATTACKS.values(), ids=ATTACKS)
def test_every_attack_is_refused(token: str) -> None:
    with pytest.raises(TokenRefusedError) as caught:
        read(token)
    assert caught.type is TokenRefusedError, "which check failed is not said"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert token == "" or token not in str(caught.value)


@pytest.mark.promise("consent.verify")
def test_it_runs_out_to_the_instant() -> None:
    assert read(TOKEN, now=SAID.expires_at - timedelta(microseconds=1)) == SAID
    for late in (timedelta(0), timedelta(days=400)):
        with pytest.raises(TokenExpiredError):
            read(TOKEN, now=SAID.expires_at + late)
    with pytest.raises(TokenRefusedError):
        read(TOKEN, now=NOW - timedelta(microseconds=1))


ELSEWHERE: dict[str, Callable[[], Any]] = {
    "another person": lambda: read(TOKEN, who=BEN),
    "another store": lambda: read(TOKEN, store_id=str(UUID(int=1))),
    "another store's keys": lambda: read(TOKEN, ring=Ring([a_key(1, BEN)])),
    "no key": lambda: read(TOKEN, ring=Ring([])),
    "rotated": lambda: read(
        TOKEN,
        ring=Ring([a_key(1, ANNA, KeyState.DECRYPT_ONLY), a_key(3, ANNA, version=2)]),
    ),
    "compromised": lambda: read(
        TOKEN,
        ring=Ring([a_key(1, ANNA, KeyState.COMPROMISED), a_key(3, ANNA, version=2)]),
    ),
}


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("use", ELSEWHERE.values(), ids=ELSEWHERE)
def test_it_is_worth_nothing_elsewhere(use: Callable[[], Any]) -> None:
    with pytest.raises(TokenRefusedError):
        use()


@pytest.mark.parametrize("lasts_s", [0, -1, 901, 86_400])
def test_none_is_issued_for_longer(lasts_s: int) -> None:
    wrong = replace(SAID, expires_at=NOW + timedelta(seconds=lasts_s))
    with pytest.raises(ValueError, match="15 minutes"):
        issue_token(RING, STORE, ANNA, wrong)
