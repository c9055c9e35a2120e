"""The URI of a token's key, and what is not one."""

from pathlib import Path

import pytest

from pierre_mcp.errors import MasterPinError, MasterSourceError
from pierre_mcp.keyring.masters.token_uri import TokenUri, parse

MODULE = "module-path=/lib/p11.so"


def test_every_part_of_it() -> None:
    found = parse(
        "token=My%20token;serial=0a1B;slot-id=7;object=mek%2F1;id=%01%ff;type=secret-key"
        f"?{MODULE}&pin-source=file:/run/pin"
    )
    assert found == TokenUri(
        module=Path("/lib/p11.so"),
        token="My token",  # noqa: S106 - a label
        serial="0a1B",
        slot=7,
        label="mek/1",
        id=b"\x01\xff",
        pin_file=Path("/run/pin"),
    )


def test_the_least_of_it() -> None:
    found = parse(f"token=a;object=b?{MODULE}")
    assert (found.slot, found.id, found.pin_file) == (None, None, None)
    assert parse(f"slot-id=0;id=%00?{MODULE}&pin-source=/p").pin_file == Path("/p")


@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize("query", ["pin-value=1234", f"{MODULE}&pin-value=1234"])
def test_a_pin_does_not_stand_in_it(query: str) -> None:
    """It would be copied into the client's entry, and shown."""
    with pytest.raises(MasterPinError) as caught:
        parse(f"token=a;object=b?{query}")
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(
    "rest",
    [
        "", "?", "token=a;object=b", f"object=b?{MODULE}", f"token=a?{MODULE}",
        "token=a;object=b?module-path=p11.so", "token=a;object=b?module-path=",
        f"token=a;token=a;object=b?{MODULE}", f"token=a;object=b;colour=red?{MODULE}",
        f"token=a;object=b?{MODULE}&module-name=p11", f"token=a;object=?{MODULE}",
        f"token=a;object=b;type=private?{MODULE}", f"slot-id=x;object=b?{MODULE}",
        f"slot-id=-1;object=b?{MODULE}", f"token=%ff;object=b?{MODULE}",
        f"token=%zz;object=b?{MODULE}", f"token=a b;object=b?{MODULE}",
        f"token=a;object=b?{MODULE}&pin-source=pin",
        f"token=a;object=b?{MODULE}&pin-source=file:pin",
        f"token=a;object=b?{MODULE}&pin-source=https://pin",
        f"token=a;object=b?{MODULE}%00", f"token=a;object=b?{MODULE}&pin-source=/%00",
    ],
)  # fmt: skip
def test_what_is_none(rest: str) -> None:
    with pytest.raises(MasterSourceError):
        parse(rest)
