"""The athlete himself: profile, thresholds with their days, gear and its mileage.

A threshold that nobody told is estimated, and ``told_by`` then says so and how.

What the names of gear are: profile, as the dialogue of consent says of gear; and free
text, written by hand elsewhere, so they are cleaned and stand under ``untrusted_text``.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import MISSING

from pierre_mcp.late import Late
from pierre_mcp.model.athlete import CATEGORY_OF, SEXES, Kind, Told
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Reply, Sensitive, Shape, Treatment
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.telling import changes
from pierre_mcp.store import athlete
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import POWER, SUMMARY
from pierre_mcp.tools.columns import Numbers, Words, as_columns, columns_of
from pierre_mcp.tools.consents import Nothing
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import mileage, thresholds
else:
    mileage = Late("pierre_mcp.services.mileage")
    thresholds = Late("pierre_mcp.services.thresholds")

MOST_VALUES: Final = 6
"""Of each kind: the newest and five before it."""

MOST_GEAR: Final = 20

PROFILE = Sensitive(Category.PROFILE)
REGION = Sensitive(Category.PROFILE, Treatment.REGION)
BODY = Sensitive(Category.BODY)
RATE = Sensitive(Category.HEART_RATE, also=frozenset({Category.PROFILE}))
"""A maximum heart rate may be estimated from the year of birth."""


class HeartRates(Shape):
    """Heart rates by column, each kind newest first."""

    kind: Annotated[Words, RATE] = MISSING
    value: Annotated[Numbers, RATE] = MISSING
    since: Annotated[Words, RATE] = MISSING
    told_by: Annotated[Words, RATE] = MISSING


class Powers(Shape):
    """Threshold power by column, each kind newest first."""

    kind: Annotated[Words, POWER] = MISSING
    value: Annotated[Numbers, POWER] = MISSING
    since: Annotated[Words, POWER] = MISSING
    told_by: Annotated[Words, POWER] = MISSING


class Speeds(Shape):
    """Threshold speeds by column, each kind newest first."""

    kind: Annotated[Words, SUMMARY] = MISSING
    value: Annotated[Numbers, SUMMARY] = MISSING
    since: Annotated[Words, SUMMARY] = MISSING
    told_by: Annotated[Words, SUMMARY] = MISSING


class Body(Shape):
    """Weight and height by column, each kind newest first."""

    kind: Annotated[Words, BODY] = MISSING
    value: Annotated[Numbers, BODY] = MISSING
    since: Annotated[Words, BODY] = MISSING
    told_by: Annotated[Words, BODY] = MISSING


class GearRow(Shape):
    """One piece of gear and what it was used for."""

    kind: Annotated[str | None, PROFILE]
    activities: Annotated[int | MISSING, SUMMARY] = MISSING
    distance_m: Annotated[float | MISSING | None, SUMMARY] = MISSING
    duration_s: Annotated[float | MISSING, SUMMARY] = MISSING
    first_day: Annotated[str | MISSING | None, SUMMARY] = MISSING
    last_day: Annotated[str | MISSING | None, SUMMARY] = MISSING
    name: Annotated[str | MISSING, Sensitive(Category.PROFILE, Treatment.FREE_TEXT)] = (
        MISSING
    )


GearColumns = columns_of(GearRow, "GearColumns")


class Known(Shape):
    """What is known of the athlete, but for gear."""

    time_zone: Annotated[str | MISSING, REGION] = MISSING
    units: Annotated[str, PROFILE]
    birth_year: Annotated[int | None, PROFILE]
    birth_year_told: Annotated[str | None, PROFILE]
    sex: Annotated[str | None, PROFILE]
    sex_told: Annotated[str | None, PROFILE]
    heart_rate: Annotated[HeartRates, PUBLIC] = HeartRates()
    power: Annotated[Powers, PUBLIC] = Powers()
    speed: Annotated[Speeds, PUBLIC] = Speeds()
    body: Annotated[Body, PUBLIC] = Body()
    gear_count: Annotated[int, PROFILE]


class Athlete(Known):
    """The same with gear, a row a piece."""

    gear: Annotated[list[GearRow], PUBLIC] = []


class AthleteReply(Reply, Known):
    """The athlete as told."""

    gear: Annotated[
        GearColumns,  # type: ignore[valid-type]
        PUBLIC,
    ] = GearColumns()


MEASURES: Final = {
    Category.HEART_RATE: "heart_rate",
    Category.POWER: "power",
    Category.ACTIVITIES: "speed",
    Category.BODY: "body",
}
"""The field that tells the kinds of each category."""

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    Kind.HEIGHT: ("height", "m"),
    Kind.WEIGHT: ("weight", "kg"),
    Kind.RESTING_HEART_RATE: ("resting heart rate", "bpm"),
    Kind.MAX_HEART_RATE: ("max heart rate", "bpm"),
    Kind.THRESHOLD_HEART_RATE: ("threshold heart rate", "bpm"),
    Kind.FTP: ("FTP", "W"),
    Kind.THRESHOLD_SPEED: ("threshold speed", "m/s"),
    Kind.THRESHOLD_SWIM_SPEED: ("threshold swim speed", "m/s"),
}
"""What each measure is called, and in what it is told."""

_IN_LINE: Final = (
    Kind.FTP,
    Kind.MAX_HEART_RATE,
    Kind.THRESHOLD_HEART_RATE,
    Kind.WEIGHT,
)
"""What a person asks for first."""


def get_athlete(tx: Tx, grant: Grant, params: Nothing) -> Athlete:
    """Read the profile, what was told by any source, and the gear."""
    del params
    profile = grant.here.profile
    told = changes(athlete.seen(tx, grant))
    pieces = mileage.used(tx, grant)
    readable = [category for category in MEASURES if grant.reads_any(category)]
    estimated = _estimates(tx, grant, readable, told)
    measures = {
        MEASURES[category]: _measures(category, told, estimated)
        for category in readable
    }
    born, sex = _newest(told, Kind.BIRTH_YEAR), _newest(told, Kind.SEX)
    shown = grant.reads_any(Category.ACTIVITIES)
    return Athlete.model_validate(
        {
            "time_zone": profile.zone,
            "units": profile.units,
            "birth_year": None if born is None else int(born),
            "birth_year_told": _when(told, Kind.BIRTH_YEAR),
            "sex": None if sex is None else SEXES[int(sex)],
            "sex_told": _when(told, Kind.SEX),
            "gear_count": len(pieces),
            "gear": [_gear(one, counted=shown) for one in pieces[:MOST_GEAR]],
            **measures,
        }
    )


def show_athlete(found: Athlete, here: Here) -> Shown:
    """Show gear by column; the line gives the newest of each threshold."""
    del here
    rows = found.gear
    columns = {
        name: [getattr(row, name) for row in rows] for name in GearRow.model_fields
    }
    reply = AthleteReply.model_construct(
        **{name: getattr(found, name) for name in Known.model_fields},
        gear=as_columns(columns, GearColumns),
    )
    said = [*_in_words(found), wording.count(found.gear_count, "piece") + " of gear"]
    line = f"{wording.listed(said)}."
    if found.time_zone is not MISSING:
        line = f"{found.time_zone}: {line}"
    return Shown(line, reply)


def _newest(told: Mapping[Kind, Sequence[Told]], kind: Kind) -> float | None:
    return told[kind][0].value if kind in told else None


def _estimates(
    tx: Tx,
    grant: Grant,
    readable: Collection[Category],
    told: Mapping[Kind, Sequence[Told]],
) -> "Mapping[Kind, thresholds.Value]":
    """Return the newest estimate of each kind that nobody told."""
    kinds = [
        kind
        for kind in sorted(thresholds.ESTIMATED - told.keys())
        if CATEGORY_OF[kind] in readable
    ]
    found = thresholds.in_force(tx, grant, kinds, told=told)
    newest = {kind: one.newest for kind, one in found.items()}
    return {kind: one for kind, one in newest.items() if one is not None}


def _when(told: Mapping[Kind, Sequence[Told]], kind: Kind) -> str | None:
    """Return since when the newest value is told, and by what."""
    if kind not in told:
        return None
    newest = told[kind][0]
    return f"since {newest.since}, {newest.origin.value}"


def _measures(
    category: Category,
    told: Mapping[Kind, Sequence[Told]],
    estimated: "Mapping[Kind, thresholds.Value]",
) -> dict[str, list[Any]]:
    """Return the kinds of a category by column, each newest first."""
    rows = [
        (kind.value, one.value, one.since, one.origin.value)
        for kind, values in told.items()
        if CATEGORY_OF[kind] is category
        for one in values[:MOST_VALUES]
    ]
    rows += [
        (kind.value, one.value, one.since, one.by)
        for kind, one in estimated.items()
        if CATEGORY_OF[kind] is category
    ]
    columns = ("kind", "value", "since", "told_by")
    return {name: [row[i] for row in rows] for i, name in enumerate(columns)}


def _gear(one: "mileage.Used", *, counted: bool) -> GearRow:
    of = one.mileage
    seen: dict[str, Any] = {}
    if counted:
        seen = {
            "activities": of.activities,
            "distance_m": of.distance_m and round(of.distance_m, 1),
            "duration_s": round(of.duration_s, 1),
            "first_day": of.first_day,
            "last_day": of.last_day,
        }
    return GearRow(name=one.piece.title, kind=one.piece.kind, **seen)


def _in_words(found: Athlete) -> list[str]:
    """Return the newest value of a few kinds; an estimate is called one."""
    newest: dict[str, tuple[float, str]] = {}
    for name in MEASURES.values():
        of = getattr(found, name)
        if of.kind is not MISSING:
            for kind, value, by in zip(of.kind, of.value, of.told_by, strict=True):
                newest.setdefault(kind, (value, by))
    return [_in_word(kind, *newest[kind]) for kind in _IN_LINE if kind in newest]


def _in_word(kind: Kind, value: float, by: str) -> str:
    name, unit = UNITS[kind]
    if by.startswith(thresholds.ESTIMATE):
        return f"{name} about {value:g} {unit} (estimate)"
    return f"{name} {value:g} {unit}"


GET_ATHLETE = Tool(
    name="get_athlete",
    title="Athlete",
    summary="The person's profile, thresholds (told, else estimated) and weight with "
    "the day since when and up to five earlier values, and gear with its mileage.",
    takes=Nothing,
    gives=AthleteReply,
    terms=Terms(
        required=Category.PROFILE,
        opens=frozenset(
            {
                Category.PROFILE,
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.BODY,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=get_athlete,
    show=show_athlete,
)
