"""Scopes: four exact forms, and no way to write a wildcard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import LabelMalformedError, ScopeMalformedError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Kind, Purpose

sources = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True).filter(
    scopes.is_source
)
labels = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("strava:activities", Kind.ACCESS),
        ("apple:sleep", Kind.ACCESS),
        ("analytics:insights", Kind.PROCESSING),
        ("share:claude-desktop", Kind.TRANSMISSION),
        ("share:0", Kind.TRANSMISSION),
        ("tool:get_activities", Kind.EXECUTION),
    ],
)
def test_each_of_the_four_forms_is_read(text: str, kind: Kind) -> None:
    assert scopes.kind_of(scopes.parse(text)) is kind


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "strava", "strava:", ":activities", "strava:*", "*:activities", "*",
        "strava:Activities", "Strava:activities", "strava :activities",
        "strava:activities ", "strava:activities\n", " strava:activities",
        "strava:activities:x", "strava::activities", "strava:activities,notes",
        "analytics:activities", "share:activities\n", "tool:notes ", "analytics:",
        "analytics:*", "share:", "share:*", "share:Claude", "share:a_b", "share:-a",
        "share:" + "a" * 41, "tool:", "tool:*", "tool:Get", "tool:1", "tool:get-x",
        "a" * 41 + ":activities", "1a:activities", "str\u0430va:activities",
        "strava:\uff41ctivities", "strava\x00:activities", "strava:activities\x00",
    ],
)  # fmt: skip
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(ScopeMalformedError) as caught:
        scopes.parse(text)
    assert str(caught.value) == str(ScopeMalformedError())  # quotes nothing


@given(sources, st.sampled_from(Category))
def test_a_pair_is_the_same_there_and_back(source: str, category: Category) -> None:
    scope = scopes.access(source, category)
    assert scopes.parse(scope) == scope
    assert scopes.pair_of(scope) == (source, category)


@given(labels)
def test_what_is_no_access_is_no_pair(label: str) -> None:
    assert scopes.check_label(label) == label
    for scope in (scopes.share(label), scopes.processing(Purpose.INSIGHTS)):
        assert scopes.parse(scope) == scope
        assert scopes.pair_of(scope) is None
    assert scopes.pair_of(scopes.tool("notes")) is None


@given(st.text(max_size=50))
def test_whatever_is_read_is_written_alike(text: str) -> None:
    try:
        scope = scopes.parse(text)
    except ScopeMalformedError:
        return
    assert scope == text
    assert text.isascii()
    assert "*" not in text


@pytest.mark.parametrize("label", ["", "A", "a b", "-a", "a\n", "a" * 41, "a_b", "ä"])
def test_a_label_is_lower_case_digits_and_hyphens(label: str) -> None:
    with pytest.raises(LabelMalformedError):
        scopes.check_label(label)


@pytest.mark.parametrize("text", ["analytics", "share", "tool", "", "A", "a-b", "a:b"])
def test_a_word_of_ours_names_no_source(text: str) -> None:
    assert not scopes.is_source(text)
