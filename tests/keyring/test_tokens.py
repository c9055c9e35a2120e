import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import KeyMissingError
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose, Ring, person_scope
from pierre_mcp.keyring.tokens import open_token, seal_token

ANNA = person_scope("t", "anna")
BEN = person_scope("t", "ben")
CALL = (b"claude-desktop", b"get_activities", b'{"limit":20}')


def key(
    number: int, scope: str, state: KeyState = KeyState.ACTIVE
) -> tuple[KeyInfo, bytes]:
    info = KeyInfo(number, scope, Purpose.TOKEN_MAC, number, state, bytes(16))
    return info, bytes([number]) * 32


RING = Ring([key(1, ANNA), key(2, BEN)])
contexts = st.tuples(st.binary(max_size=8), st.binary(max_size=8))


@given(st.binary(max_size=200), contexts)
def test_opens_in_the_same_context(plain: bytes, context: tuple[bytes, ...]) -> None:
    token = seal_token(RING, ANNA, plain, context)
    assert open_token(RING, ANNA, token, context) == plain


@given(contexts, contexts)
def test_opens_in_no_other(one: tuple[bytes, ...], two: tuple[bytes, ...]) -> None:
    token = seal_token(RING, ANNA, b"after 41", one)
    assert (open_token(RING, ANNA, token, two) is None) == (one != two)


def test_opens_for_nobody_else() -> None:
    token = seal_token(RING, ANNA, b"after 41", CALL)
    assert open_token(RING, BEN, token, CALL) is None


def test_outlives_a_rotation_but_not_a_compromise() -> None:
    token = seal_token(RING, ANNA, b"after 41", CALL)
    rotated = Ring([key(1, ANNA, KeyState.DECRYPT_ONLY), key(3, ANNA)])
    assert open_token(rotated, ANNA, token, CALL) == b"after 41"
    exposed = Ring([key(1, ANNA, KeyState.COMPROMISED), key(3, ANNA)])
    assert open_token(exposed, ANNA, token, CALL) is None
    assert open_token(Ring([key(3, ANNA)]), ANNA, token, CALL) is None


def test_every_changed_bit_is_refused() -> None:
    token = seal_token(RING, ANNA, b"after 41", CALL)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for bit in range(8 * len(raw)):
        altered = bytearray(raw)
        altered[bit // 8] ^= 1 << bit % 8
        text = base64.urlsafe_b64encode(altered).rstrip(b"=").decode()
        assert open_token(RING, ANNA, text, CALL) is None


@given(st.text(max_size=80))
def test_noise_does_not_open(text: str) -> None:
    assert open_token(RING, ANNA, text, CALL) is None


def test_one_spelling_only() -> None:
    token = seal_token(RING, ANNA, b"after 41", CALL)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [token[:-1] + letter for letter in last if letter != token[-1]]
    spellings = [*others, token + "=", token + "\n", " " + token, token + "A" * 5000]
    assert [open_token(RING, ANNA, text, CALL) for text in spellings] == [None] * len(
        spellings
    )


def test_says_nothing_and_never_the_same() -> None:
    tokens = {seal_token(RING, ANNA, b"after 41", CALL) for _ in range(100)}
    assert len(tokens) == 100


def test_a_frozen_token_still_opens() -> None:
    token = "AQAAAAF-DPjy7GLy46Kb0v1j2rqF7Vix7Ff7XpT1J6phfnSbep9vUYg27CkY"  # noqa: S105 - a vector, under a key of the test
    assert open_token(RING, ANNA, token, CALL) == b"after 41"


def test_no_key_no_token() -> None:
    with pytest.raises(KeyMissingError):
        seal_token(Ring([key(2, BEN)]), ANNA, b"", CALL)
