"""Streams of one activity, by column: fewer samples, with their peaks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from pydantic import MISSING, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import (
    PUBLIC,
    Params,
    Public,
    Reply,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.streams import Samples
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import HEART_RATE, POWER, SUMMARY
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    import numpy as np

    from pierre_mcp.analytics import downsampling
    from pierre_mcp.model.track import Column
    from pierre_mcp.services import streams
else:
    np = Late("numpy")
    downsampling = Late("pierre_mcp.analytics.downsampling")
    streams = Late("pierre_mcp.services.streams")

PLACE = Sensitive(Category.LOCATION, Treatment.PLACE)

StreamName = Literal[
    "heart_rate_bpm", "power_w", "speed_m_s", "cadence_rpm", "altitude_m",
    "distance_m", "temperature_c", "lat_deg", "lon_deg",
]  # fmt: skip
_DECIMALS = {
    "speed_m_s": 2,
    "distance_m": 1,
    "altitude_m": 1,
    "lat_deg": 7,
    "lon_deg": 7,
}
"""Digits after the point, as far as sensors tell; the others are whole numbers."""

Second = Annotated[int | None, Field(ge=0, le=10_000_000)]
Whole: TypeAlias = list[int | None] | MISSING | None
Decimal: TypeAlias = list[float | None] | MISSING | None


class StreamColumns(Shape):
    """One array a stream; index i is one sample of all of them."""

    t_s: Annotated[list[int], SUMMARY, Field(description="Since the start.")]
    heart_rate_bpm: Annotated[Whole, HEART_RATE] = MISSING
    power_w: Annotated[Whole, POWER] = MISSING
    speed_m_s: Annotated[Decimal, SUMMARY] = MISSING
    cadence_rpm: Annotated[Whole, SUMMARY] = MISSING
    altitude_m: Annotated[
        Decimal, PLACE, Field(description="By level to 10 m; null where hidden.")
    ] = MISSING
    distance_m: Annotated[Decimal, SUMMARY] = MISSING
    temperature_c: Annotated[Whole, SUMMARY] = MISSING
    lat_deg: Annotated[
        Decimal,
        PLACE,
        Field(description="By level to 0.01, each kilometre; ends hidden."),
    ] = MISSING
    lon_deg: Annotated[Decimal, PLACE] = MISSING


class StreamsHead(Shape):
    """What is said once about the samples."""

    id: Annotated[str, Public(Treatment.IDENTIFIER)]
    source: Annotated[
        str, SUMMARY, Field(description="All streams are of one recording from here.")
    ]
    start_s: Annotated[int | None, SUMMARY, Field(description="Of what was read.")]
    end_s: Annotated[int | None, SUMMARY]
    source_points: Annotated[int, SUMMARY, Field(description="Samples in that range.")]
    data_availability: Annotated[
        Literal["not_recorded", "outside_range"] | MISSING | None,
        SUMMARY,
        Field(description="Why a stream is null, or all are empty."),
    ] = MISSING


class StreamsReply(Reply, StreamsHead):
    """Streams by column. Null is "not recorded"; absent is "not asked" or withheld."""

    returned_points: Annotated[int, SUMMARY]
    method: Annotated[
        Literal["every_sample", "min_max_decimation"],
        PUBLIC,
        Field(description="Decimation keeps lowest and highest of each stretch."),
    ]
    streams: Annotated[StreamColumns, PUBLIC]


class StreamsParams(Params):
    """Which activity, streams and range."""

    id: Annotated[
        str,
        Public(Treatment.IDENTIFIER),
        Field(min_length=1, max_length=64, description="As get_activities gives it."),
    ]
    types: Annotated[
        list[StreamName] | None,
        Field(
            min_length=1,
            max_length=len(get_args(StreamName)),
            description="Which streams; by default the four most useful there are.",
        ),
    ] = None
    start_s: Annotated[
        Second, Field(description="Only from this second since the start, inclusive.")
    ] = None
    end_s: Annotated[
        Second, Field(description="Only to this second, inclusive, not before start_s.")
    ] = None
    max_points: Annotated[
        int, Field(ge=2, le=2_000, description="Samples at most; peaks are kept.")
    ] = 100

    @field_validator("end_s")
    @classmethod
    def _in_order(cls, end_s: int | None, info: ValidationInfo) -> int | None:
        """Refuse a range that ends before it starts."""
        start_s = info.data.get("start_s")
        if start_s is not None and end_s is not None and end_s < start_s:
            fault, said = "range", "should not be before start_s"
            raise PydanticCustomError(fault, said)
        return end_s


def get_streams(tx: Tx, grant: Grant, params: StreamsParams) -> Samples[StreamsHead]:
    """Read the streams of one activity.

    Raises:
        ActivityUnknownError: There is none with this id that may be read.
    """
    asked = None if params.types is None else list(dict.fromkeys(params.types))
    found = streams.measured(tx, grant, params.id, asked)
    window = _window(found.time_s, params)
    within = found.time_s[slice(*window)]
    head = StreamsHead(
        id=params.id,
        source=found.source,
        start_s=round(within[0]) if within.size else None,
        end_s=round(within[-1]) if within.size else None,
        source_points=within.size,
        data_availability=_availability(found, within.size),
    )
    return Samples(
        row=StreamColumns,
        columns={TIME: found.time_s, **found.columns},
        lacking=found.lacking,
        way=found.way,
        window=window,
        most=params.max_points,
        head=head,
    )


def show_streams(samples: Samples[StreamsHead], here: Here) -> Shown:
    """Thin the samples and show them by column."""
    del here
    window = slice(*samples.window)
    columns = {name: c[window] for name, c in samples.columns.items()}
    time_s = columns.pop(TIME)
    rows = downsampling.kept_rows(
        list(columns.values()), len(time_s), most=samples.most
    )
    shown: dict[str, Any] = {
        name: _told(name, column[rows]) for name, column in columns.items()
    }
    head = dict(samples.head)
    reply = StreamsReply.model_construct(
        **head,
        returned_points=len(rows),
        method="every_sample" if len(rows) == len(time_s) else "min_max_decimation",
        streams=StreamColumns.model_construct(
            t_s=np.rint(time_s[rows]).astype(int).tolist(),
            **shown,
            **dict.fromkeys(samples.lacking),
        ),
    )
    return Shown(_line(reply, list(shown)), reply)


def _line(reply: StreamsReply, names: list[str]) -> str:
    if reply.start_s is None or reply.end_s is None:
        why = "in this range" if reply.data_availability == "outside_range" else "here"
        return f"No samples {why}, from {reply.source}."
    said = f"{reply.returned_points} of {wording.count(reply.source_points, 'sample')}"
    span = f"{reply.start_s} to {reply.end_s} s"
    return f"{wording.listed(names) or 'Time alone'}: {said}, {span}, {reply.source}."


def _window(time_s: "Column", params: StreamsParams) -> tuple[int, int]:
    first, after = 0, len(time_s)
    if params.start_s is not None:
        first = int(np.searchsorted(time_s, params.start_s))
    if params.end_s is not None:
        after = int(np.searchsorted(time_s, params.end_s, side="right"))
    return first, max(first, after)


def _availability(found: "streams.Measured", within: int) -> Any:
    if found.time_s.size and not within:
        return "outside_range"
    return "not_recorded" if found.lacking or not found.columns else MISSING


def _told(name: str, column: "Column") -> Sequence[float | int | None]:
    digits = _DECIMALS.get(name)
    return [None if v != v else round(v, digits) + 0 for v in column.tolist()]  # noqa: PLR0124 - NaN


GET_ACTIVITY_STREAMS = Tool(
    name="get_activity_streams",
    title="Samples of an activity",
    summary="Heart rate, power, speed and other streams of one activity over time, "
    "thinned with their peaks kept; all of it or a range.",
    takes=StreamsParams,
    gives=StreamsReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.LOCATION,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=get_streams,
    show=show_streams,
    about=lambda samples: samples.head.source,
)
