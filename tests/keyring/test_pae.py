import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.keyring.pae import pae

lists = st.lists(st.binary(max_size=12), max_size=5)


@pytest.mark.parametrize(
    ("pieces", "encoded"),
    [
        pytest.param([], "00" * 8, id="none"),
        pytest.param([b""], "01" + "00" * 15, id="one empty"),
        pytest.param(
            [b"test"], "01" + "00" * 7 + "04" + "00" * 7 + "74657374", id="one"
        ),
    ],
)
def test_as_paseto_gives_it(pieces: list[bytes], encoded: str) -> None:
    """The examples of PASETO's ``Common.md``."""
    assert pae(*pieces).hex() == encoded


def test_a_long_piece() -> None:
    assert pae(bytes(300)) == b"\x01" + bytes(7) + b"\x2c\x01" + bytes(6) + bytes(300)


@given(lists, lists)
def test_no_two_lists_encode_alike(one: list[bytes], two: list[bytes]) -> None:
    assert (pae(*one) == pae(*two)) == (one == two)
