import re

import pytest

from pierre_mcp import errors
from pierre_mcp.cli import faults
from pierre_mcp.errors import (
    MasterKeyWrongError,
    PierreError,
    SealBrokenError,
    StoreError,
)

ALL = [
    kind
    for kind in {**vars(errors), **vars(faults)}.values()
    if isinstance(kind, type) and issubclass(kind, PierreError)
]
PLAIN = [kind for kind in ALL if kind.__init__ is PierreError.__init__]


@pytest.mark.parametrize("kind", PLAIN)
def test_each_fault_speaks_for_itself(kind: type[PierreError]) -> None:
    first = (kind.__doc__ or "").partition("\n")[0]
    assert first.endswith(".")
    assert str(kind()) == f"{first} {kind.remedy}".rstrip()


def test_no_two_faults_share_a_code() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_a_message_of_its_own() -> None:
    assert str(StoreError("The store is elsewhere.")) == "The store is elsewhere."


def test_a_broken_seal_says_so_and_no_more() -> None:
    assert str(SealBrokenError()) == (
        "A sealed value was altered, moved, or sealed under a key we do not hold."
    )


def test_a_wrong_master_key_names_the_one_needed() -> None:
    error = MasterKeyWrongError(bytes(range(16)))
    assert error.needed_id in str(error)
    assert error.needed_id == "000102030405060708090a0b0c0d0e0f"
    assert error.exit_status == 78


def test_a_class_without_a_docstring_falls_back_to_its_code() -> None:
    """Under ``python -OO`` there are none."""

    class BareError(PierreError):
        code = "bare"

    BareError.__doc__ = None
    assert str(BareError()) == "bare"
