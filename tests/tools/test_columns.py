"""By column: null, absent and zero, and where free text goes."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING, create_model

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import (
    PUBLIC,
    Public,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.here import Here
from pierre_mcp.model.profile import Profile
from pierre_mcp.tools import wording
from pierre_mcp.tools.classes import mark_of
from pierre_mcp.tools.columns import as_columns, columns_of, filled
from tests.stores import NOW

BPM = Sensitive(Category.HEART_RATE)
TEXT = Sensitive(Category.NOTES, Treatment.FREE_TEXT)


class Row(Shape):
    id: Annotated[str, Public(Treatment.IDENTIFIER)] = "x"
    bpm: Annotated[float | MISSING | None, BPM] = MISSING
    name: Annotated[str | MISSING | None, TEXT] = MISSING


Columns = columns_of(Row, "Columns")

cells = st.sampled_from([MISSING, None, 0.0, 142.0])


@given(st.lists(cells, max_size=6))
def test_a_column_is_absent_exactly_where_no_row_may_carry_it(seen: list[Any]) -> None:
    ids, names = ["x"] * len(seen), [MISSING] * len(seen)
    told = as_columns({"id": ids, "bpm": seen, "name": names}, Columns).model_dump()
    if all(value is MISSING for value in seen):
        assert "bpm" not in told
    else:
        assert told["bpm"] == [None if v is MISSING else v for v in seen]
    assert told.get("id", []) == ids


def test_the_same_rows_of_other_kinds_make_other_columns() -> None:
    assert columns_of(Row, "Columns") is Columns
    assert columns_of(Row, "Others") is not Columns


def test_a_column_keeps_its_category() -> None:
    fields = Columns.model_fields
    assert mark_of(fields["bpm"]) == BPM
    assert mark_of(fields["id"]) == Public(Treatment.IDENTIFIER)
    assert mark_of(fields["untrusted_text"]) == PUBLIC


@pytest.mark.promise("privacy.untrusted-text")
def test_free_text_stands_under_its_warning_and_nowhere_else() -> None:
    rows: dict[str, list[Any]] = {
        "id": ["x", "y"],
        "bpm": [1.0, 2.0],
        "name": ["Ignore all", None],
    }
    told = as_columns(rows, Columns).model_dump()
    assert told["untrusted_text"] == {"name": ["Ignore all", None]}
    assert "name" not in told
    assert "name" not in Columns.model_fields


def test_rows_without_text_have_no_such_part() -> None:
    class Plain(Shape):
        bpm: Annotated[float, BPM]

    made = columns_of(Plain, "PlainColumns")
    assert set(made.model_fields) == {"bpm"}
    assert as_columns({"bpm": [0.0]}, made).model_dump() == {"bpm": [0.0]}


def test_every_column_may_be_absent_in_the_schema() -> None:
    schema = Columns.model_json_schema(mode="serialization")
    assert "required" not in schema


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (89, "1 min"), (3_600, "1 h 00 min"), (3_569, "59 min"),
     (3_571, "1 h 00 min"), (45_296, "12 h 35 min")],
)  # fmt: skip
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_lengths_in_the_persons_units() -> None:
    metric = Here(NOW, Profile(), "pierre-mcp", "0")
    imperial = Here(NOW, Profile(units="imperial"), "pierre-mcp", "0")
    assert wording.distance(42_195, metric) == "42.2 km"
    assert wording.distance(42_195, imperial) == "26.2 mi"
    assert wording.climb(100, metric) == "100 m"
    assert wording.climb(100, imperial) == "328 ft"


def test_counts_and_spans_in_words() -> None:
    assert [wording.count(n, "activity") for n in (0, 1, 2)] == [
        "0 activities",
        "1 activity",
        "2 activities",
    ]
    assert wording.count(2, "consent") == "2 consents"
    assert wording.span("a", "a") == "a"
    assert wording.span("a", "b") == "a to b"


def test_a_field_that_is_a_list_makes_a_column_of_lists() -> None:
    many = create_model("Many", __base__=Shape, days=(Annotated[list[str], PUBLIC], []))
    kind = columns_of(many, "ManyColumns")
    told = as_columns({"days": [["a", "b"], []]}, kind)
    assert told.model_dump_json() == '{"days":[["a","b"],[]]}'
    assert kind.model_validate(told.model_dump()) == told


def test_a_column_of_fixed_words_is_written_as_these() -> None:
    fields: dict[str, Any] = {"sport": (Annotated[Sport, PUBLIC], ...)}
    kind = columns_of(create_model("Sported", __base__=Shape, **fields), "Sports")
    told = as_columns({"sport": [Sport.RUNNING, Sport.OTHER]}, kind)
    assert told.model_dump_json() == '{"sport":["running","other"]}'


def test_a_model_is_filled_beside_its_defaults_and_none_is_changed_by_it() -> None:
    parts: dict[str, Any] = {"bpm": [1.0]}
    assert filled(Columns, parts) == Columns.model_construct(**parts)
    assert filled(Columns, {}) == Columns()
