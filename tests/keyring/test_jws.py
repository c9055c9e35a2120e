"""Signed statements: read in their one spelling, or not at all."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from pierre_mcp.keyring import jws
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, KeyState, Purpose, Ring
from pierre_mcp.keyring.signing import public_key, sign, signed_by

INFO = KeyInfo(1, SYSTEM, Purpose.RECEIPT_SIGN, 1, KeyState.ACTIVE, bytes(16))
RING = Ring([(INFO, bytes(range(32)))])
OTHER = Ring([(INFO, bytes(range(1, 33)))])
TYPE = "consent-receipt+jwt"
BODY = {"receipt_id": "1", "of": ["files:activities"]}
SIGNED = jws.signed(RING, TYPE, BODY)
HEAD, SAID, SIGNATURE = SIGNED.split(".")


def b64(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def header(**changed: Any) -> dict[str, Any]:
    padded = HEAD + "=" * (-len(HEAD) % 4)
    return {**json.loads(base64.urlsafe_b64decode(padded)), **changed}


def under(ring: Ring, head: str, said: str) -> str:
    """Sign any two parts with the key of statements, as only its holder can."""
    signature = sign(ring, f"{head}.{said}".encode(), "pierre/statement/v1")
    text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return f"{head}.{said}.{text}"


def test_what_was_signed_is_read() -> None:
    said = jws.read(SIGNED, TYPE)
    assert said is not None
    assert {k: v for k, v in said.items() if k != "public_key"} == BODY
    assert jws.signed_here(RING, said)
    assert not jws.signed_here(OTHER, said)


def test_another_implementation_reads_it() -> None:
    """PyJWT, with the public key that the statement itself names."""
    said = jws.read(SIGNED, TYPE)
    assert said is not None
    key = jwt.PyJWK({**said["public_key"], "alg": "EdDSA"})
    assert jwt.decode(SIGNED, key, algorithms=["EdDSA"]) == said
    assert jwt.get_unverified_header(SIGNED)["typ"] == TYPE


def test_no_other_signature_of_the_store_passes_for_a_statement() -> None:
    """An erasure receipt is under another key than a statement."""
    message = f"{HEAD}.{SAID}".encode()
    assert public_key(RING) != public_key(RING, "pierre/statement/v1")
    assert not signed_by(public_key(RING), sign(RING, message, "x"), message)
    plain = base64.urlsafe_b64encode(sign(RING, message)).rstrip(b"=").decode()
    assert jws.read(f"{HEAD}.{SAID}.{plain}", TYPE) is None


FORGED: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "two parts": lambda: f"{HEAD}.{SAID}",
    "four parts": lambda: f"{SIGNED}.x",
    "no signature": lambda: f"{HEAD}.{SAID}.",
    "padded": lambda: f"{HEAD}.{SAID}.{SIGNATURE}==",
    "another last bit": lambda: SIGNED[:-1] + ("B" if SIGNED[-1] != "B" else "A"),
    "a line break": lambda: f"{SIGNED}\n",
    "not ASCII": lambda: f"{HEAD}.{SAID}.ä",
    "no base64": lambda: f"{HEAD}.!!.{SIGNATURE}",
    "no JSON": lambda: under(RING, HEAD, b64("{")),
    "a list": lambda: under(RING, HEAD, b64([])),
    "nested without end": lambda: under(RING, HEAD, b64("[" * 100_000)),
    "too long": lambda: under(RING, HEAD, b64({"x": "y" * jws.MAX_CHARACTERS})),
    "no algorithm": lambda: under(RING, b64(header(alg="none")), SAID),
    "an HMAC": lambda: under(RING, b64(header(alg="HS256")), SAID),
    "another type": lambda: under(RING, b64(header(typ="JWT")), SAID),
    "another key id": lambda: under(RING, b64(header(kid="x")), SAID),
    "a header more": lambda: under(RING, b64(header(jku="https://x")), SAID),
    "critical": lambda: under(RING, b64(header(crit=["b64"], b64=False)), SAID),
    "a key twice": lambda: under(RING, HEAD, b64('{"a":1,"a":2}')),
    "no public key": lambda: under(RING, HEAD, b64(BODY)),
    "a public key that is none": lambda: under(
        RING, HEAD, b64({**BODY, "public_key": {"x": 1}})
    ),
    "a longer public key": lambda: under(
        RING,
        HEAD,
        b64({**BODY, "public_key": {"crv": "Ed25519", "kty": "OKP", "x": "AAAA"}}),
    ),
    "signed by another": lambda: under(OTHER, HEAD, SAID),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_is_no_statement(forged: Callable[[], str]) -> None:
    assert jws.read(forged(), TYPE) is None


def test_every_changed_character_is_refused() -> None:
    for at in range(0, len(SIGNED), 7):
        other = "A" if SIGNED[at] != "A" else "C"
        assert jws.read(SIGNED[:at] + other + SIGNED[at + 1 :], TYPE) is None
