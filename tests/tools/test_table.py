"""The table of tools: what every row declares, and how each looks in a list."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import MISSING, Field, create_model

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import PUBLIC, Public, Reply, Sensitive, Shape
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.activities import ActivityRow, Range
from pierre_mcp.tools.athlete import Athlete
from pierre_mcp.tools.catalogue import RESOURCES, TOOLS, table
from pierre_mcp.tools.columns import columns_of
from pierre_mcp.tools.faces import as_markdown, resource_face, tool_face
from pierre_mcp.tools.load import LoadHead, LoadRow
from pierre_mcp.tools.stats import Span, StatsRow
from pierre_mcp.tools.streams import StreamsHead
from pierre_mcp.tools.table import Resource, Table, Tool
from pierre_mcp.tools.trends import TrendHead, TrendRow
from tests.gate.probes import READS, Said, probe

SNAPSHOTS = Path(__file__).parent / "snapshots"
LISTED = table().listed()
EACH = pytest.mark.parametrize("tool", LISTED, ids=lambda tool: tool.name)

PUBLIC_FIELDS = {
    "ActivitiesReply.activities",
    "ActivitiesReply.from_day",
    "ActivitiesReply.next_cursor",
    "ActivitiesReply.to_day",
    "ActivitiesReply.truncated",
    "ActivitiesReply.withheld",
    "ActivityColumns.id",
    "ActivityColumns.untrusted_text",
    "ActivityReply.event_ids",
    "ActivityReply.id",
    "ActivityReply.laps",
    "ActivityReply.lengths",
    "ActivityReply.pieces_truncated",
    "ActivityReply.splits",
    "ActivityReply.untrusted_text",
    "ActivityReply.withheld",
    "ActivityRow.id",
    "AnalysisReply.alike",
    "AnalysisReply.best",
    "AnalysisReply.id",
    "AnalysisReply.splits",
    "AnalysisReply.withheld",
    "AnalysisReply.zones",
    "Athlete.body",
    "Athlete.gear",
    "Athlete.heart_rate",
    "Athlete.power",
    "Athlete.speed",
    "AthleteReply.body",
    "AthleteReply.gear",
    "AthleteReply.heart_rate",
    "AthleteReply.power",
    "AthleteReply.speed",
    "AthleteReply.withheld",
    "CancelReply.operation_id",
    "CancelReply.state",
    "CancelReply.withheld",
    "ComparisonReply.id",
    "ComparisonReply.method",
    "ComparisonReply.withheld",
    "ConsentsReply.expires_at",
    "ConsentsReply.extend_command",
    "ConsentsReply.given_at",
    "ConsentsReply.recipient",
    "ConsentsReply.scope",
    "ConsentsReply.withheld",
    "DocumentReply.markdown",
    "DocumentReply.withheld",
    "GearColumns.untrusted_text",
    "HeartRateColumns.id",
    "HeldSource.categories",
    "HeldSource.source",
    "LoadHead.method",
    "LoadHead.parts",
    "LoadHead.zones",
    "LoadReply.method",
    "LoadReply.parts",
    "LoadReply.rows",
    "LoadReply.truncated",
    "LoadReply.withheld",
    "LoadReply.zones",
    "LongestColumns.id",
    "OperationReply.files_done",
    "OperationReply.files_total",
    "OperationReply.operation_id",
    "OperationReply.reason",
    "OperationReply.state",
    "OperationReply.withheld",
    "PowerColumns.id",
    "PredictReply.paces",
    "PredictReply.races",
    "PredictReply.withheld",
    "Range.from_day",
    "Range.to_day",
    "RecordsReply.compare_from",
    "RecordsReply.compare_to",
    "RecordsReply.critical_power",
    "RecordsReply.critical_speed",
    "RecordsReply.heart_rate",
    "RecordsReply.longest",
    "RecordsReply.method",
    "RecordsReply.power",
    "RecordsReply.times",
    "RecordsReply.withheld",
    "Span.by",
    "StatsReply.next_cursor",
    "StatsReply.totals",
    "StatsReply.truncated",
    "StatsReply.withheld",
    "StatusReply.consented",
    "StatusReply.expires_at",
    "StatusReply.next_steps",
    "StatusReply.recipient",
    "StatusReply.sources",
    "StatusReply.utc_date",
    "StatusReply.version",
    "StatusReply.warnings",
    "StatusReply.withheld",
    "StreamsHead.id",
    "StreamsReply.id",
    "StreamsReply.method",
    "StreamsReply.streams",
    "StreamsReply.withheld",
    "TimeColumns.id",
    "TrendHead.compared",
    "TrendHead.method",
    "TrendHead.slope",
    "TrendHead.unit",
    "TrendReply.compared",
    "TrendReply.method",
    "TrendReply.rows",
    "TrendReply.slope",
    "TrendReply.truncated",
    "TrendReply.unit",
    "TrendReply.withheld",
    "WithdrawReply.data_deleted",
    "WithdrawReply.effect",
    "WithdrawReply.withdrawn",
    "WithdrawReply.withheld",
    "Withheld.category",
    "Withheld.source",
    "ZonesReply.withheld",
    "ZonesReply.zones",
}
"""Fields that say nothing about a person but what the recipient itself may do."""


# --- every field of every answer


def models(model: type[Shape]) -> Iterator[type[Shape]]:
    """A model and every one inside it, wherever it stands."""
    yield model
    for field in model.model_fields.values():
        for leaf in leaves(field.annotation):
            if isinstance(leaf, type) and issubclass(leaf, Shape):
                yield from models(leaf)


def leaves(annotation: Any) -> Iterator[Any]:
    inner = get_args(annotation)
    if not inner or get_origin(annotation) is Literal:
        yield annotation
    for part in inner:
        yield from leaves(part)


ROOTS: tuple[type[Shape], ...] = (
    *(t.gives for t in TOOLS),
    ActivityRow,
    Range,
    StatsRow,
    Span,
    StreamsHead,
    Athlete,
    LoadRow,
    LoadHead,
    TrendRow,
    TrendHead,
)
ANSWERS = {model.__name__: model for root in ROOTS for model in models(root)}


@pytest.mark.promise("privacy.classified")
@pytest.mark.parametrize("name", ANSWERS)
def test_every_field_has_a_category_or_is_known_to_have_none(name: str) -> None:
    for field_name, field in ANSWERS[name].model_fields.items():
        marks = [m for m in field.metadata if isinstance(m, Sensitive | Public)]
        where = f"{name}.{field_name}"
        assert len(marks) == 1, where
        assert isinstance(marks[0], Public) == (where in PUBLIC_FIELDS), where


def test_the_list_of_public_fields_has_no_name_too_many() -> None:
    fields = {f"{n}.{f}" for n, model in ANSWERS.items() for f in model.model_fields}
    assert fields >= PUBLIC_FIELDS


@pytest.mark.promise("privacy.classified")
@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_sensitive_is_where_levels_do_not_reach(name: str) -> None:
    """In a union, a tuple or a dict, a field would pass without its treatment."""
    for field_name, field in ANSWERS[name].model_fields.items():
        shapes(field.annotation, f"{name}.{field_name}", arm=False)


def shapes(annotation: Any, where: str, *, arm: bool) -> None:
    origin = get_origin(annotation)
    assert origin not in {dict, tuple, set, frozenset, Annotated}, where
    assert annotation not in {dict, tuple, set, frozenset, list, Any, object}, where
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        assert not arm, where
    if origin in {Union, UnionType}:
        kinds = [k for k in get_args(annotation) if k not in {NoneType, MISSING}]
        assert len(kinds) == 1, where
    if origin is not Literal:
        for part in get_args(annotation):
            shapes(part, where, arm=arm or origin in {Union, UnionType})


@pytest.mark.promise("privacy.classified")
@EACH
def test_an_answer_carries_only_what_the_terms_open(tool: Tool[Any, Any]) -> None:
    carried = {
        category
        for model in models(tool.gives)
        for field in model.model_fields.values()
        for mark in field.metadata
        if isinstance(mark, Sensitive)
        for category in mark.categories
    }
    assert carried <= tool.terms.opens


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("name", ANSWERS)
def test_what_may_be_withheld_may_be_absent(name: str) -> None:
    """The SDK's client raises when an answer does not fit its schema."""
    for tool in TOOLS:
        required = tool.terms.required
        for model in models(tool.gives):
            if model.__name__ != name:
                continue
            for field in model.model_fields.values():
                sensitive = [m for m in field.metadata if isinstance(m, Sensitive)]
                if any(mark.category is not required for mark in sensitive):
                    assert not field.is_required()


# --- what cannot be registered


def gives(**fields: Any) -> type[Reply]:
    made: type[Reply] = create_model("Gives", __base__=Reply, **fields)
    return made


HIDDEN = create_model("Hidden", __base__=Shape, text=(Annotated[str, PUBLIC], ""))
BPM = Sensitive(Category.HEART_RATE)
POWER = Sensitive(Category.POWER)
DERIVED = Sensitive(Category.ACTIVITIES, also=frozenset({Category.POWER}))


@pytest.mark.promise("privacy.classified")
@pytest.mark.promise("consent.every-tool")
@pytest.mark.parametrize(
    "field",
    [
        pytest.param((str, ""), id="no class"),
        pytest.param((Annotated[str, PUBLIC, BPM], ""), id="two classes"),
        pytest.param((Annotated[str, POWER], ""), id="not opened"),
        pytest.param((Annotated[str, DERIVED], ""), id="derived from what is not"),
        pytest.param((Annotated[str, BPM] | None, None), id="class in a union arm"),
        pytest.param((Annotated[HIDDEN | None, PUBLIC], None), id="model in a union"),
        pytest.param((Annotated[dict[str, float], BPM], {}), id="dict"),
        pytest.param((Annotated[dict, BPM], {}), id="bare dict"),
        pytest.param((Annotated[list, BPM], []), id="bare list"),
        pytest.param((Annotated[tuple[float, float], BPM], (0, 0)), id="tuple"),
        pytest.param((Annotated[Any, PUBLIC], None), id="anything"),
        pytest.param((Annotated[list[list[HIDDEN]], PUBLIC], []), id="lists of lists"),
        pytest.param((Annotated[list[HIDDEN | None], PUBLIC], []), id="list of unions"),
        pytest.param(
            (Annotated[list[Annotated[float, BPM]], PUBLIC], []), id="class inside"
        ),
    ],
)
def test_a_tool_with_a_field_that_is_not_declared_is_none(field: Any) -> None:
    tool = replace(probe(lambda *_: "word"), gives=gives(field=field))
    with pytest.raises(ValueError, match=r"Gives\.field"):
        Table([tool], [])


def test_a_fault_deep_inside_is_found_too() -> None:
    bare = create_model("Bare", __base__=Shape, text=(str, ""))
    fields: tuple[Any, ...] = (
        (Annotated[bare, PUBLIC], bare()),
        (Annotated[list[bare], PUBLIC], []),
    )
    for field in fields:
        tool = replace(probe(lambda *_: "word"), gives=gives(field=field))
        with pytest.raises(ValueError, match=r"Bare\.text declares no category"):
            Table([tool], [])


def test_what_is_declared_may_be_registered() -> None:
    fine = gives(
        one=(Annotated[float | MISSING | None, BPM], MISSING),
        many=(Annotated[list[float | None] | MISSING | None, BPM], MISSING),
        inner=(Annotated[HIDDEN, PUBLIC], HIDDEN()),
        inners=(Annotated[list[HIDDEN], PUBLIC], []),
        kind=(Annotated[Literal["a", "b"] | MISSING | None, PUBLIC], MISSING),
        day=(Annotated[date | None, PUBLIC], None),
        category=(Annotated[Category | None, PUBLIC], None),
    )
    Table([replace(probe(lambda *_: "word"), gives=fine)], [])


def test_a_row_of_a_list_declares_its_fields_too() -> None:
    row = create_model("Row", __base__=Shape, bpm=(float, 0.0))
    with pytest.raises(ValueError, match=r"Row\.bpm declares no category"):
        columns_of(row, "RowColumns")


@pytest.mark.promise("consent.every-tool")
def test_a_tool_without_terms_cannot_be_written_or_registered() -> None:
    def run(tx: Tx, grant: Grant, params: Any) -> None:
        del tx, grant, params

    whole = probe(lambda *_: "word")
    fields = {f: getattr(whole, f) for f in ("name", "title", "summary", "takes")}
    with pytest.raises(TypeError, match="terms"):
        Tool(**fields, gives=Said, run=run, show=whole.show)
    nothings: tuple[Any, ...] = (None, {}, frozenset())
    for nothing in nothings:
        with pytest.raises(ValueError, match="probe declares no needs"):
            Table([replace(whole, terms=nothing)], [])


@pytest.mark.promise("consent.every-tool")
def test_terms_say_what_for() -> None:
    with pytest.raises(ValueError, match="one that is opened"):
        Terms(required=Category.POWER, purposes=frozenset({Purpose.INSIGHTS}))
    with pytest.raises(ValueError, match="names what for"):
        Terms(required=Category.POWER, opens=frozenset({Category.POWER}))


@pytest.mark.promise("consent.every-tool")
def test_a_resource_is_only_ever_a_tool() -> None:
    resource = Resource(
        uri="pierre://x", name="x", title="X", summary="X.", tool="nothing"
    )
    with pytest.raises(ValueError, match="what a tool gives"):
        Table(TOOLS, [resource])


def test_two_tools_do_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Table([probe(lambda *_: "a", READS), probe(lambda *_: "b", READS)], [])


# --- how it looks


@EACH
def test_a_face_is_what_it_was(tool: Tool[Any, Any]) -> None:
    face = tool_face(tool)
    looks = {name: getattr(face, name) for name in face.__slots__}
    text = json.dumps(looks, indent=1, sort_keys=True) + "\n"
    path = SNAPSHOTS / f"{tool.name}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "UPDATE_SNAPSHOTS=1 if this is on purpose"


def test_there_is_a_snapshot_of_each_and_none_besides() -> None:
    assert {p.stem for p in SNAPSHOTS.iterdir()} == {tool.name for tool in LISTED}


@EACH
def test_every_row_is_whole(tool: Tool[Any, Any]) -> None:
    face = tool_face(tool)
    assert tool.summary.endswith(".")
    assert face.title
    assert face.output_schema
    assert "enum" not in str(face.output_schema), "costs tokens, and binds nobody"
    assert face.read_only == (not tool.terms.writes)
    assert not (face.read_only and face.destructive)
    assert tool.takes.model_config.get("extra") == "forbid"
    assert tool.takes.model_config.get("strict") is True
    assert tool.gives.model_config.get("extra") == "forbid"


@EACH
def test_every_argument_is_described_and_bounded(tool: Tool[Any, Any]) -> None:
    schema = tool_face(tool).input_schema
    assert schema["additionalProperties"] is False
    for name, field in schema.get("properties", {}).items():
        assert field.get("description", "").endswith("."), name
        for arm in field.get("anyOf", [field]):
            bounded(arm, name)


def bounded(arm: dict[str, Any], name: str) -> None:
    kind = arm.get("type")
    if kind in {"integer", "number"}:
        assert {"minimum", "maximum"} <= arm.keys(), name
    if kind == "string" and "enum" not in arm:
        assert {"maxLength", "pattern", "format"} & arm.keys(), name
    if kind == "array":
        assert "maxItems" in arm, name
        bounded(arm["items"], name)


def test_the_list_of_tools_costs_few_tokens() -> None:
    faces = [tool_face(tool) for tool in LISTED]
    looks = [{n: getattr(face, n) for n in face.__slots__} for face in faces]
    assert len(json.dumps(looks).encode()) / 4 < 6_000


def test_resources_have_faces() -> None:
    faces = [resource_face(resource) for resource in RESOURCES]
    templates = [face.uri for face in faces if face.is_template]
    assert templates == ["pierre://activities/{id}"]
    assert all(face.description.endswith(".") for face in faces)


def test_the_readme_can_print_the_table() -> None:
    text = as_markdown(table())
    assert text.count("\n") == len(LISTED) + 1
    assert "| `get_activities` |" in text
    assert "its own state" in text


def test_a_bundle_gives_the_tools_that_read() -> None:
    readers = table().readers()
    assert readers == (
        "get_activities",
        "get_activity",
        "get_activity_streams",
        "analyze_activity",
        "compare_activities",
        "get_stats",
        "analyze_training_load",
        "analyze_trends",
        "get_personal_records",
        "predict_performance",
        "calculate_zones",
        "get_athlete",
    )


def test_a_field_named_like_a_word_of_the_schema_stays() -> None:
    """Titles and defaults are dropped from schemas, not fields of these names."""
    field: Any = (Annotated[str, Field(description="A title.")], "x")
    takes = create_model(
        "Takes", __base__=probe(lambda *_: "").takes, title=field, default=field
    )
    face = tool_face(replace(probe(lambda *_: ""), takes=takes))
    assert {"title", "default"} <= face.input_schema["properties"].keys()
    assert "title" not in face.input_schema
    assert "default" not in face.input_schema["properties"]["word"]


def test_an_answer_is_described_by_its_fields_without_types() -> None:
    described = Annotated[float | MISSING, BPM, Field(description="In beats.")]
    rates = create_model("Rates", __base__=Shape, value=(described, MISSING))
    fields: dict[str, Any] = {
        "rates": (Annotated[rates, PUBLIC], rates()),
        "many": (Annotated[list[rates], PUBLIC, Field(description="Each.")], []),
        "type": (Annotated[list[float], PUBLIC], []),
    }
    schema = tool_face(replace(probe(lambda *_: ""), gives=gives(**fields)))
    told = (schema.output_schema or {})["properties"]
    told.pop("withheld")
    rate = {"properties": {"value": {"description": "In beats."}}}
    assert told == {
        "rates": rate,
        "many": {"description": "Each.", "items": rate},
        "type": {},
    }


def test_an_optional_argument_is_described_as_what_it_may_be() -> None:
    """That it may be null is not said, and what it is named after is in its place."""
    words: dict[str, Any] = {
        "sport": (Annotated[Sport | None, Field(description="Which.")], None),
        "sports": (
            Annotated[list[Sport] | None, Field(description="Any.", max_length=3)],
            None,
        ),
    }
    takes = create_model("Takes", __base__=probe(lambda *_: "").takes, **words)
    told = tool_face(replace(probe(lambda *_: ""), takes=takes)).input_schema
    sport = told["properties"]["sport"]
    assert sport == {
        "description": "Which.", "enum": [*Sport], "type": "string",
    }  # fmt: skip
    assert told["properties"]["sports"]["maxItems"] == 3
    assert told["properties"]["sports"]["items"]["enum"] == [*Sport]
    assert "$defs" not in told
