"""Arguments are refused by the name of the field, and never by its value."""

import json
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from pierre_mcp.errors import ArgumentsInvalidError
from pierre_mcp.gate.arguments import as_bytes, parse
from pierre_mcp.model.fields import Params
from pierre_mcp.tools.activities import ActivitiesParams
from pierre_mcp.tools.activity import ActivityParams
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.consents import WithdrawParams
from pierre_mcp.tools.prompts import PROMPTS

MODELS = sorted(
    {t.takes for t in table().tools.values()} | {p.takes for p in PROMPTS},
    key=lambda m: m.__name__,
)

values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.sampled_from(
            ["2026-13-45", "running ", "FILES", "\u0661", "1e400", "NaN", "5"]
        ),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
# A value that cannot be in a message by chance: a letter no word of ours is written in.
marks = st.integers(0, 9_999).map(lambda n: f"\u0416{n:04}\u0416")


KNOWN = (
    "An argument is not known here; the known ones are: provider, sport, from_day, "
    "to_day, limit, cursor."
)


def said_of(takes: type[Params], arguments: Any) -> str:
    """What a refusal says, or nothing where there is none."""
    try:
        parse(takes, as_bytes(arguments))
    except ArgumentsInvalidError as error:
        return str(error)
    return ""


def refused(takes: type[Params], arguments: Any) -> str:
    with pytest.raises(ArgumentsInvalidError) as caught:
        parse(takes, as_bytes(arguments))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.promise("mcp.errors")
@given(st.data(), values)
def test_no_value_is_ever_quoted(data: st.DataObject, value: Any) -> None:
    """Whatever stands in whichever field, under whatever name."""
    takes = data.draw(st.sampled_from(MODELS))
    mark = data.draw(marks)
    name = data.draw(st.one_of(st.sampled_from([*takes.model_fields, mark]), marks))
    hostile = data.draw(
        st.sampled_from([value, mark, [mark], {mark: mark}, f"{value}{mark}"])
    )
    said = said_of(takes, {name: hostile})
    assert "\u0416" not in said
    named = {sentence.partition(":")[0] for sentence in said.split(". ")}
    unknown = said.startswith("An argument is not known here")
    assert not said or unknown or named & set(takes.model_fields)


@given(values, values)
def test_a_refusal_is_the_same_for_any_value_of_a_kind(one: Any, two: Any) -> None:
    assume(type(one) is type(two))
    assume(not isinstance(one, str | int | None))
    messages = {refused(ActivityParams, {"id": value}) for value in (one, two)}
    assert messages == {"id: should be a valid string."}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"limit": 0}, "limit: should be greater than or equal to 1."),
        ({"limit": 201}, "limit: should be less than or equal to 200."),
        ({"limit": 10**40}, "limit: should be less than or equal to 200."),
        ({"limit": "20"}, "limit: should be a valid integer."),
        ({"limit": 20.0}, "limit: should be a valid integer."),
        ({"limit": True}, "limit: should be a valid integer."),
        ({"limit": None}, "limit: should be a valid integer."),
        ({"from_day": "2026-02-30"}, "from_day: YYYY-MM-DD, inclusive."),
        ({"from_day": "yesterday"}, "from_day: YYYY-MM-DD, inclusive."),
        ({"from_day": 20260201}, "from_day: YYYY-MM-DD, inclusive."),
        ({"provider": "tool"}, "provider: should be the name of a source."),
        ({"cursor": "x" * 1_001},
         "cursor: String should have at most 1000 characters."),
        ({"Limit": 1}, KNOWN),
    ],
)  # fmt: skip
def test_a_refusal_says_what_the_field_takes(
    arguments: dict[str, Any], said: str
) -> None:
    assert refused(ActivitiesParams, arguments) == said


def test_a_refusal_of_a_choice_names_the_choices() -> None:
    said = refused(ActivitiesParams, {"sport": "Chess"})
    assert said.startswith("sport: should be 'running', 'cycling'")


def test_how_much_was_sent_is_not_said_either() -> None:
    said = refused(WithdrawParams, {"scopes": ["x"] * 234})
    assert said == "scopes: Exact scopes; all of them if left out."


def test_several_faults_are_all_named_once_and_not_too_many() -> None:
    said = refused(ActivitiesParams, {"limit": 0, "sport": 1, "x": 1, "y": 2})
    assert said.count("An argument is not known here") == 1
    assert "limit:" in said
    many = {f"x{i}": i for i in range(500)} | {"limit": 0}
    assert len(refused(ActivitiesParams, many)) < 400


def test_a_missing_argument_is_named() -> None:
    assert refused(ActivityParams, {}) == "id: Field required."


@pytest.mark.parametrize(
    "arguments",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": object()},
        {"x": b"bytes"},
        {1: 2, "a": 3},
        {"x": 10**5_000},
    ],
)
def test_what_is_no_json_is_refused(arguments: Any) -> None:
    said = refused(ActivitiesParams, arguments)
    assert said == "The arguments are not a JSON object of plain values."


def test_depth_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert "plain values" in refused(ActivitiesParams, {"sport": deep})


def test_a_lone_surrogate_is_refused_without_a_word_of_it() -> None:
    said = refused(ActivitiesParams, {"cursor": "\ud800"})
    assert said == "The arguments are not a JSON object of plain values."


class Chatty(Params):
    """Fields of a type whose faults quote what they found."""

    id: Annotated[UUID | None, Field(description="An id.")] = None
    bare: UUID | None = None


@pytest.mark.parametrize(
    ("name", "said"),
    [("id", "id: An id."), ("bare", "bare: should be another kind of value.")],
)
def test_a_fault_that_would_quote_is_said_by_the_description(
    name: str, said: str
) -> None:
    with pytest.raises(ValidationError, match="found `\u0416`"):
        Chatty.model_validate_json(as_bytes({name: "\u0416"}))
    assert refused(Chatty, {name: "\u0416"}) == said


@given(st.dictionaries(st.text(), values))
def test_the_same_arguments_have_the_same_bytes(arguments: dict[str, Any]) -> None:
    shuffled = dict(sorted(arguments.items(), reverse=True))
    assert as_bytes(shuffled) == as_bytes(arguments)
    assert as_bytes(None) == b"{}"
    assert json.loads(as_bytes(arguments)) == json.loads(json.dumps(arguments))
