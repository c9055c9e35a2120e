"""The one bundle: what it holds, and what it leaves out."""

from itertools import permutations

import pytest

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Kind
from pierre_mcp.policy.bundles import (
    EXTRAS,
    MEANING,
    TRAINING,
    lacking_own,
    lacking_tools,
    training,
)

TOOLS = ["get_status", "get_activities"]
LEFT_OUT = {Category.LOCATION, Category.NOTES, Category.SLEEP, Category.BODY}


def pairs(*, extras: tuple[Category, ...] = ()) -> set[scopes.Pair | None]:
    bundle = training("a", sources=["files"], tools=TOOLS, extras=extras)
    return {scopes.pair_of(scope) for scope in bundle} - {None}


def test_training_is_what_most_questions_need() -> None:
    assert training("a", sources=["strava", "files"], tools=TOOLS) == (
        "files:activities", "files:heart_rate", "files:power", "files:profile",
        "strava:activities", "strava:heart_rate", "strava:power", "strava:profile",
        "analytics:insights", "share:a", "tool:get_activities", "tool:get_status",
    )  # fmt: skip


@pytest.mark.promise("consent.granular")
def test_places_notes_sleep_and_body_are_left_out() -> None:
    assert set(EXTRAS) == LEFT_OUT
    assert set(TRAINING) | set(EXTRAS) == set(Category)
    assert not any(pair and pair[1] in LEFT_OUT for pair in pairs())


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("extra", sorted(LEFT_OUT))
def test_each_is_added_by_its_name_and_alone(extra: Category) -> None:
    assert pairs(extras=(extra,)) - pairs() == {("files", extra)}


def test_every_scope_can_be_written() -> None:
    bundle = training("a", sources=["files"], tools=TOOLS, extras=EXTRAS)
    assert [scopes.parse(scope) for scope in bundle] == list(bundle)
    assert {scopes.kind_of(scope) for scope in bundle} == set(Kind)


def test_the_order_given_does_not_matter() -> None:
    made = {
        training("a", sources=sources, tools=TOOLS)
        for sources in permutations(["strava", "files", "garmin"])
    }
    assert len(made) == 1


def test_every_category_is_said_in_plain_words() -> None:
    assert set(MEANING) == set(Category)


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        pytest.param(["share:a", "tool:get_status"], ["tool:get_activities"], id="one"),
        pytest.param(
            ["share:a", "tool:get_activities", "tool:get_status"], [], id="all"
        ),
        pytest.param(["share:a"], [], id="no tool, so no bundle"),
        pytest.param(["tool:get_status", "share:b"], [], id="not shared with it"),
    ],
)
def test_the_tools_that_a_bundle_lacks(held: list[str], lacking: list[str]) -> None:
    assert lacking_tools("a", held=list(map(scopes.Scope, held)), tools=TOOLS) == tuple(
        lacking
    )


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        pytest.param(
            ["share:a", "files:power"], ["self:power"], id="reads it of files"
        ),
        pytest.param(
            ["share:a", "files:power", "self:power", "strava:profile"],
            ["self:profile"],
            id="reads some of it",
        ),
        pytest.param(["share:a", "files:body"], [], id="the person said none of that"),
        pytest.param(["share:a", "self:profile"], [], id="reads nothing of the like"),
        pytest.param(["share:b", "files:power"], [], id="not shared with it"),
    ],
)
def test_what_it_lacks_of_the_persons_own_word(
    held: list[str], lacking: list[str]
) -> None:
    said = {Category.POWER, Category.PROFILE}
    found = lacking_own("a", held=list(map(scopes.Scope, held)), said=said)
    assert list(found) == lacking
