import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.keyring.pseudonyms import Pseudonyms
from pierre_mcp.keyring.ring import KeyInfo, KeyState, Purpose, Ring, person_scope

ANNA = person_scope("t", "anna")
BEN = person_scope("t", "ben")
RING = Ring(
    (
        KeyInfo(number, scope, Purpose.PSEUDONYM, 1, KeyState.ACTIVE, bytes(16)),
        bytes([number]) * 32,
    )
    for number, scope in ((1, ANNA), (2, BEN))
)
ID = "0e0e5e0c-0000-4000-8000-000000000003"


@given(st.uuids(), st.text(max_size=10))
def test_led_back_for_the_same_recipient(number: uuid.UUID, recipient: str) -> None:
    pseudonyms = Pseudonyms(RING, ANNA)
    [hidden] = pseudonyms.hide(recipient, [str(number)])
    assert len(hidden) == 22
    assert Pseudonyms(RING, ANNA).hide(recipient, [str(number)]) == [hidden]
    assert pseudonyms.reveal(recipient, hidden) == str(number)


def test_a_frozen_pseudonym() -> None:
    """Recipients keep them, so they may never change."""
    assert Pseudonyms(RING, ANNA).hide("claude-desktop", [ID]) == [
        "Y_JPOGPeCdsdNSMY7G0gyA"
    ]


def test_each_recipient_and_person_has_their_own() -> None:
    anna, ben = Pseudonyms(RING, ANNA), Pseudonyms(RING, BEN)
    [hidden] = anna.hide("claude-desktop", [ID])
    others = *anna.hide("cursor", [ID]), *ben.hide("claude-desktop", [ID])
    assert len({hidden, *others}) == 3
    assert anna.reveal("cursor", hidden) != ID
    assert ben.reveal("claude-desktop", hidden) != ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * 21,
        "A" * 23,
        "A" * 21 + "B",
        "A" * 20 + "==",
        "A" * 21 + "+",
        "A" * 21 + "\n",
        "A" * 21 + "é",
        ID,
    ],
)
def test_what_cannot_be_a_pseudonym(text: str) -> None:
    assert Pseudonyms(RING, ANNA).reveal("claude-desktop", text) is None


@given(st.text(max_size=30))
def test_no_two_texts_are_one_pseudonym(text: str) -> None:
    pseudonyms = Pseudonyms(RING, ANNA)
    revealed = pseudonyms.reveal("claude-desktop", text)
    if revealed is not None:
        assert pseudonyms.hide("claude-desktop", [revealed]) == [text]


@pytest.mark.parametrize(
    "texts",
    [
        *([ID, text] for text in ("", "x", ID.upper(), ID.replace("-", ""), f"{{{ID}}}",
          f"{ID}\n", f"{ID}\n{ID}", f" {ID[1:]}", f"{ID[:-1]}\u0661",
          f"{ID[:-1]}\ud800")),
        [ID[:20], ID[20:]],
        [f"{ID}\n{ID[:20]}", ID[20:]],
        ["", f"{ID}\n{ID}"],
    ],
)  # fmt: skip
def test_only_our_own_spelling_is_hidden(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="an id is a lower-case UUID"):
        Pseudonyms(RING, ANNA).hide("claude-desktop", texts)


@given(st.lists(st.uuids(), max_size=5))
def test_several_are_hidden_as_each_is_alone(numbers: list[uuid.UUID]) -> None:
    pseudonyms, ids = Pseudonyms(RING, ANNA), [str(number) for number in numbers]
    alone = [text for one in ids for text in pseudonyms.hide("cursor", [one])]
    assert pseudonyms.hide("cursor", ids) == alone
