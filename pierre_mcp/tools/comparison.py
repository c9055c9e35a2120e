"""Up to five activities side by side, by column."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from pydantic import MISSING, Field, field_validator
from pydantic_core import PydanticCustomError

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Params, Public, Reply, Treatment
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import HEART_RATE, POWER, SUMMARY, rounded
from pierre_mcp.tools.analysis import ALL, DRIFT, EFFICIENCY, summary
from pierre_mcp.tools.in_force import in_words
from pierre_mcp.tools.load import LOAD
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import caveats, comparison, training
    from pierre_mcp.services.analysis import Analysis
else:
    caveats = Late("pierre_mcp.services.caveats")
    training = Late("pierre_mcp.services.training")
    comparison = Late("pierre_mcp.services.comparison")

Numbers: TypeAlias = list[float | None]
Seen: TypeAlias = list[float | None] | MISSING
Words: TypeAlias = list[str]

METHOD: Final = (
    "as analyze_activity; a null is not recorded, or not allowed where withheld says so"
)
_COMPARED: Final = {
    "distance_m": "distance",
    "moving_s": "moving time",
    "ascent_m": "climb",
    "speed_m_s": "speed",
    "mean_bpm": "heart rate",
    "normalized_power_w": "normalized power",
    "tss": "TSS",
    "efficiency_factor": "efficiency factor",
}
"""What may be said to differ, and how it is called."""

_WATTS: Final = ("best_60_s_w", "best_300_s_w", "best_1200_s_w")
_TIMES: Final = ("best_1_km_s", "best_5_km_s", "best_10_km_s")


class ComparisonReply(Reply):
    """Activities by column; index i is one of them, in the order asked."""

    id: Annotated[list[str], Public(Treatment.IDENTIFIER)]
    source: Annotated[Words, SUMMARY]
    sport: Annotated[Words, SUMMARY]
    day: Annotated[Words, SUMMARY]
    duration_s: Annotated[list[float], SUMMARY]
    moving_s: Annotated[list[float], SUMMARY]
    distance_m: Annotated[Numbers, SUMMARY]
    ascent_m: Annotated[Numbers, SUMMARY]
    speed_m_s: Annotated[Numbers, SUMMARY]
    graded_speed_m_s: Annotated[Numbers, SUMMARY]
    mean_bpm: Annotated[Seen, HEART_RATE] = MISSING
    max_bpm: Annotated[Seen, HEART_RATE] = MISSING
    normalized_power_w: Annotated[Seen, POWER] = MISSING
    variability_index: Annotated[Seen, POWER] = MISSING
    best_60_s_w: Annotated[Seen, POWER] = MISSING
    best_300_s_w: Annotated[Seen, POWER] = MISSING
    best_1200_s_w: Annotated[Seen, POWER] = MISSING
    best_1_km_s: Annotated[Numbers, SUMMARY]
    best_5_km_s: Annotated[Numbers, SUMMARY]
    best_10_km_s: Annotated[Numbers, SUMMARY]
    tss: Annotated[Seen, LOAD] = MISSING
    tss_by: Annotated[list[str | None] | MISSING, LOAD] = MISSING
    intensity_factor: Annotated[Seen, LOAD] = MISSING
    efficiency_factor: Annotated[Seen, EFFICIENCY] = MISSING
    decoupling_percent: Annotated[Seen, DRIFT] = MISSING
    thresholds: Annotated[list[str], LOAD] = []
    coverage: Annotated[list[str], ALL] = []
    caveats: Annotated[list[str], LOAD] = []
    method: Annotated[str, PUBLIC] = METHOD


class ComparisonParams(Params):
    """Which activities."""

    ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Public(Treatment.IDENTIFIER),
        Field(min_length=2, max_length=5, description="As get_activities gives them."),
    ]

    @field_validator("ids")
    @classmethod
    def _each_once(cls, ids: list[str]) -> list[str]:
        """Refuse an activity beside itself."""
        if len(set(ids)) < len(ids):
            fault, said = "repeated", "should name each activity once"
            raise PydanticCustomError(fault, said)
        return ids


def compare_activities(
    tx: Tx, grant: Grant, params: ComparisonParams
) -> ComparisonReply:
    """Put activities side by side.

    Raises:
        ActivityUnknownError: One of them is none that may be read.
    """
    found = comparison.compared(tx, grant, params.ids)
    rows = [_row(one) for one in found]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return ComparisonReply(
        **{name: _column(values) for name, values in columns.items()},
        thresholds=_thresholds(found),
        coverage=[caveats.coverage(one) for one in found],
        caveats=_caveats(found),
    )


def show_comparison(reply: ComparisonReply, here: Here) -> Shown:
    """Show activities by column; the line says in what they differ most."""
    del here
    columns: Mapping[str, Sequence[float | None]] = {
        name: values
        for name in _COMPARED
        if (values := getattr(reply, name)) is not MISSING
    }
    said = [wording.count(len(reply.id), "activity"), wording.listed(reply.day)]
    most = comparison.most_different(columns)
    if most is not None:
        name, least, top = _COMPARED[most.name], most.least, most.most
        said.append(f"{name} differs most: {least:g} to {top:g}, {most.percent:+.0f} %")
    return Shown(f"{wording.listed(said)}.", reply)


def _row(one: "Analysis") -> dict[str, Any]:
    """Return the numbers of one activity, MISSING where not allowed."""
    recording = one.whole.recording
    of, heart, power = recording.activity, recording.heart_rate, recording.power
    told = summary(one)
    told["sport"] = told["sport"].value
    tss_by = one.load and one.load.method
    watts = dict(zip(_WATTS, comparison.best_powers_w(one), strict=True))
    times = dict(zip(_TIMES, comparison.best_times_s(one), strict=True))
    return {
        "id": recording.activity_id,
        "source": recording.where.source,
        "day": recording.local_day,
        "duration_s": rounded(of.elapsed_s),
        "ascent_m": rounded(of.ascent_m),
        "max_bpm": MISSING if heart is MISSING else rounded(one.number("max_bpm")),
        "tss_by": tss_by,
        **(dict.fromkeys(watts, MISSING) if power is MISSING else watts),
        **times,
        **told,
    }


def _column(values: list[Any]) -> Any:
    """Return a column; it is absent where it is allowed of none."""
    if all(value is MISSING for value in values):
        return MISSING
    return [None if value is MISSING else value for value in values]


def _thresholds(found: "Sequence[Analysis]") -> list[str]:
    """Return what the loads rest on, each value once."""
    said = []
    for one in found:
        kinds = () if one.load is None else training.RESTS_ON[one.load.method]
        counted = {kind: one.in_force[kind] for kind in kinds if kind in one.in_force}
        said += in_words(counted)
    return list(dict.fromkeys(said))


def _caveats(found: "Sequence[Analysis]") -> list[str]:
    words = []
    if len({one.sport for one in found}) > 1:
        words.append("different sports: speed, power and efficiency do not compare")
    if len({one.load.method for one in found if one.load}) > 1:
        words.append("loads by different methods compare roughly")
    outputs = sorted({one.efficiency.of for one in found if one.efficiency})
    if len(outputs) > 1:
        words.append(f"efficiency factors of different outputs: {', '.join(outputs)}")
    return words


COMPARE_ACTIVITIES = Tool(
    name="compare_activities",
    title="Activities compared",
    summary="Two to five activities side by side: size, speed, heart rate, power, "
    "load, efficiency and best efforts, and what differs most.",
    takes=ComparisonParams,
    gives=ComparisonReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.LOCATION,
                Category.PROFILE,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=compare_activities,
    show=show_comparison,
    days=lambda reply: reply.day,
)
