"""Objections: they stand above every consent, and only for what they name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import LabelMalformedError, ObjectionUnknownError
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.consent import Covered, Objected, weigh
from pierre_mcp.policy.objections import about, command_of, word_of
from tests.policy.test_consent import ASKED, LISTS, NEEDED, NOTHING, holding, policies
from tests.stores import NOW

WORDS = ("analytics:insights", "analytics:predictions", "share", "share:claude")
AGAINST = {"analytics:insights", "share", "share:claude"}
BLOCKS = st.lists(st.sampled_from((*WORDS, "share:other")), unique=True)


@pytest.mark.promise("rights.object")
@given(policies, BLOCKS)
def test_whatever_is_consented_to(policy: object, blocks: list[str]) -> None:
    assert isinstance(policy, type(holding()))
    free = weigh(policy, LISTS, ASKED, now=NOW)
    verdict = weigh(policy.model_copy(update={"blocks": blocks}), LISTS, ASKED, now=NOW)
    if AGAINST & {*blocks}:
        assert isinstance(verdict, Objected)
        assert {*verdict.words} == AGAINST & {*blocks}
    else:
        assert verdict == free


@pytest.mark.parametrize("word", WORDS)
def test_what_needs_nothing_is_told_but_shows_nothing(word: str) -> None:
    policy = holding(*NEEDED).model_copy(update={"blocks": [word]})
    verdict = weigh(policy, NOTHING, ASKED, now=NOW)
    assert isinstance(verdict, Covered)
    assert bool(verdict.pairs) is word.startswith("analytics")


def test_what_begins_work_is_refused_too() -> None:
    asks = Terms(required=None, asks=True)
    policy = holding(*NEEDED).model_copy(update={"blocks": ["share"]})
    asked = replace(ASKED, tool="import_inbox")
    assert weigh(policy, asks, asked, now=NOW) == Objected(("share",))


@pytest.mark.parametrize(
    ("typed", "to", "word", "command"),
    [
        ("insights", None, "analytics:insights", "analytics:insights"),
        ("analytics:predictions", None, "analytics:predictions", None),
        ("share", None, "share", "share"),
        (
            "share",
            "claude-desktop",
            "share:claude-desktop",
            "share --to claude-desktop",
        ),
    ],
)
def test_words_and_what_is_typed_for_them(
    typed: str, to: str | None, word: str, command: str | None
) -> None:
    assert word_of(typed, to) == word
    what, _, recipient = (command or command_of(word)).partition(" --to ")
    assert command_of(word) == (command or word)
    assert word_of(what, recipient or None) == word


@pytest.mark.parametrize(
    ("typed", "to"),
    [("insights", "claude"), ("sharing", None), ("", None), ("share:claude", None)],
)
def test_what_nobody_objects_to(typed: str, to: str | None) -> None:
    with pytest.raises(ObjectionUnknownError):
        word_of(typed, to)


def test_a_label_is_held_to_its_form() -> None:
    with pytest.raises(LabelMalformedError):
        word_of("share", "Not A Label")


def test_nobody_is_told_of_another() -> None:
    blocks = [*WORDS, "share:other"]
    assert "share:other" not in about(blocks, "claude")
    assert {*about(blocks, "claude")} == {*WORDS}
