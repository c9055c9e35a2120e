"""Training zones by named methods, out of what is stored or given."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import Field

from pierre_mcp.errors import ArgumentsInvalidError
from pierre_mcp.late import Late
from pierre_mcp.model.athlete import Kind, plausible
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Params, Reply, Sensitive, Shape
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import zone_words
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import training_zones
    from pierre_mcp.services.training_zones import Zones
else:
    training_zones = Late("pierre_mcp.services.training_zones")

MeasureName: TypeAlias = Literal["heart_rate", "power", "pace", "swim"]
Asked: TypeAlias = Literal[
    "heart_rate",
    "power",
    "pace",
    "swim",
    "friel_run",
    "friel_ride",
    "karvonen",
    "percent_of_max",
    "coggan",
    "friel_pace",
    "fitzgerald_swim",
    "three_zones",
]
_OF_MAXIMUM: Final = ("karvonen", "percent_of_max")
_HEARTS: Final = ("friel_run", "friel_ride", *_OF_MAXIMUM)
METHODS: Final[Mapping[MeasureName, tuple[str, ...]]] = {
    "heart_rate": (*_HEARTS, "three_zones"),
    "power": ("coggan", "three_zones"),
    "pace": ("friel_pace", "three_zones"),
    "swim": ("fitzgerald_swim", "three_zones"),
}
"""By which methods there are zones of each measure."""

THRESHOLDS: Final[Mapping[MeasureName, Kind]] = {
    "heart_rate": Kind.THRESHOLD_HEART_RATE,
    "power": Kind.FTP,
    "pace": Kind.THRESHOLD_SPEED,
    "swim": Kind.THRESHOLD_SWIM_SPEED,
}
UNITS: Final = {
    "heart_rate": "bpm",
    "power": "W",
    "pace": "s/km",
    "swim": "s/100 m",
}
METRES: Final[Mapping[str, float]] = {"pace": 1_000, "swim": 100}
"""What a pace is for."""


class ZonesParams(Params):
    """Which zones, and thresholds to use instead of the stored ones."""

    zones: Annotated[
        Asked | None, Field(description="Of what or by which method; else all.")
    ] = None
    threshold: Annotated[
        float | None,
        Field(ge=20, le=2_000, description="W, bpm, s/km or s/100 m; name zones."),
    ] = None
    max_heart_rate_bpm: Annotated[
        float | None, Field(ge=80, le=250, description="Given.")
    ] = None
    resting_heart_rate_bpm: Annotated[
        float | None, Field(ge=20, le=150, description="Given.")
    ] = None
    birth_year: Annotated[
        int | None, Field(ge=1_901, le=2_100, description="For a maximum.")
    ] = None
    days: Annotated[
        int | None, Field(ge=1, le=3_650, description="Time in zones so far back.")
    ] = None


ANY = Sensitive(
    Category.ACTIVITIES,
    also=frozenset({Category.HEART_RATE, Category.POWER, Category.PROFILE}),
)
"""Of one measure, which ``kind`` names; a maximum by age is of the birth year too."""

Edges: TypeAlias = list[float | None]


class ZoneSet(Shape):
    """The zones of one measure by column; ``low`` is where the easy end is."""

    kind: Annotated[str, ANY]
    unit: Annotated[str, ANY]
    basis: Annotated[str, ANY]
    zone: Annotated[list[str], ANY] = []
    low: Annotated[Edges, ANY] = []
    high: Annotated[Edges, ANY] = []
    seconds: Annotated[list[int], ANY] = []


class ZonesReply(Reply):
    """Zones of each measure that was asked for and may be told."""

    zones: Annotated[list[ZoneSet], PUBLIC] = []


def calculate_zones(tx: Tx, grant: Grant, params: ZonesParams) -> ZonesReply:
    """Compute the zones of each measure that was asked for and may be told.

    Raises:
        ArgumentsInvalidError: A threshold is given and it is not said of what, or none
            has such a threshold.
    """
    given = _given(params, grant.here.today)
    method = None if params.zones in METHODS else params.zones
    made = training_zones.zones_of(
        tx, grant, _asked(params), method=method, given=given, days=params.days
    )
    command = grant.here.command
    return ZonesReply(
        zones=[_set(name, one, command, params.days) for name, one in made.items()]
    )


def show_zones(reply: ZonesReply, here: Here) -> Shown:
    """Say what zones rest on, or what is missing for them."""
    del here
    said = [f"{_capital(one.kind)}: {one.basis}" for one in reply.zones]
    return Shown(" ".join(said) or "None of these zones may be told.", reply)


def _asked(params: ZonesParams) -> Sequence[MeasureName]:
    """Return the measures: of one name, of one method, of what is given, or all."""
    if params.zones is not None:
        return [
            name
            for name, methods in METHODS.items()
            if params.zones == name or params.zones in methods
        ]
    hearts = (params.max_heart_rate_bpm, params.resting_heart_rate_bpm)
    if any(given is not None for given in (*hearts, params.birth_year)):
        return ["heart_rate"]
    return [*METHODS]


def _given(params: ZonesParams, today: date) -> Mapping[Kind, float]:
    """Return what was given, in the kind's own unit.

    Raises:
        ArgumentsInvalidError: It is not said what threshold, or nobody has such a one.
    """
    values: dict[Kind, float | None] = {
        Kind.MAX_HEART_RATE: params.max_heart_rate_bpm,
        Kind.RESTING_HEART_RATE: params.resting_heart_rate_bpm,
        Kind.BIRTH_YEAR: params.birth_year,
    }
    if params.birth_year is not None and params.birth_year > today.year:
        msg = "birth_year: should be a year that has begun."
        raise ArgumentsInvalidError(msg)
    if params.threshold is not None:
        measures = _asked(params)
        if len(measures) != 1 or params.zones in _OF_MAXIMUM:
            msg = "threshold: zones should say of what, such as power or friel_run."
            raise ArgumentsInvalidError(msg)
        kind, metres = THRESHOLDS[measures[0]], METRES.get(measures[0])
        values[kind] = metres / params.threshold if metres else params.threshold
    found = {kind: value for kind, value in values.items() if value is not None}
    if not all(plausible(kind, value) for kind, value in found.items()):
        msg = "threshold: nobody has such a one: W, bpm, s/km or s/100 m, by zones."
        raise ArgumentsInvalidError(msg)
    return found


def _set(name: str, made: "Zones", command: str, days: int | None) -> ZoneSet:
    metres = METRES.get(name)
    spent = () if made.spent is None else made.spent.seconds
    return ZoneSet(
        kind=name,
        unit=UNITS[name],
        basis=zone_words.basis(name, made, command, days),
        zone=made.names,
        low=[_edge(value, metres) for value in made.low],
        high=[_edge(value, metres) for value in made.high],
        seconds=[round(seconds) for seconds in spent],
    )


def _edge(value: float | None, metres: float | None) -> float | None:
    """Return where a zone begins or ends, a speed as a pace to a tenth of a second."""
    if value is None:
        return None
    return value if metres is None else round(metres / value, 1)


def _capital(kind: str) -> str:
    return kind.replace("_", " ").capitalize()


CALCULATE_ZONES = Tool(
    name="calculate_zones",
    title="Training zones",
    summary="Heart rate, power and pace zones by named methods, from thresholds "
    "stored, estimated or given.",
    takes=ZonesParams,
    gives=ZonesReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.PROFILE,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=calculate_zones,
    show=show_zones,
)
