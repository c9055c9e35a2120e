"""Personal records: bests with their day and activity, and one period by another."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import MISSING, AfterValidator, Field
from pydantic_core import PydanticCustomError

from pierre_mcp.late import Late
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import PUBLIC, Params, Reply, Sensitive
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import (
    SUMMARY,
    Availability,
    Source,
    SportName,
    why_empty,
)
from pierre_mcp.tools.paces import clock, course, lasting
from pierre_mcp.tools.record_rows import (
    CriticalPowerColumns,
    CriticalSpeedColumns,
    HeartRateColumns,
    LongestColumns,
    PowerColumns,
    TimeColumns,
    tables,
)
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import best_efforts, records
    from pierre_mcp.services.best_efforts import Span
    from pierre_mcp.services.records import Asked, Records
else:
    best_efforts = Late("pierre_mcp.services.best_efforts")
    records = Late("pierre_mcp.services.records")

OF_ALL = Sensitive(
    Category.ACTIVITIES,
    also=frozenset({Category.POWER, Category.HEART_RATE, Category.BODY}),
)

YEAR_BEFORE = "year_before"

METHOD = (
    "bests of what was recorded, training included, so lower bounds; times run through "
    "stops; percent: above the other period's; critical power: work by time of bests "
    "over 3 to 20 min, critical speed: distance by time of 2 to 20 min, each as if "
    "all-out, with standard errors"
)


class RecordsReply(Reply):
    """Records by column, a table for each kind."""

    from_day: Annotated[date | None, SUMMARY] = None
    to_day: Annotated[date | None, SUMMARY] = None
    compare_from: Annotated[date | MISSING | None, PUBLIC] = MISSING
    compare_to: Annotated[date | MISSING | None, PUBLIC] = MISSING
    data_availability: Annotated[Availability | MISSING, SUMMARY] = MISSING
    times: Annotated[TimeColumns, PUBLIC] = TimeColumns()  # type: ignore[valid-type]
    power: Annotated[PowerColumns, PUBLIC] = PowerColumns()  # type: ignore[valid-type]
    heart_rate: Annotated[HeartRateColumns, PUBLIC] = (  # type: ignore[valid-type]
        HeartRateColumns()
    )
    longest: Annotated[LongestColumns, PUBLIC] = (  # type: ignore[valid-type]
        LongestColumns()
    )
    critical_power: Annotated[
        CriticalPowerColumns,  # type: ignore[valid-type]
        PUBLIC,
    ] = CriticalPowerColumns()
    critical_speed: Annotated[
        CriticalSpeedColumns,  # type: ignore[valid-type]
        PUBLIC,
    ] = CriticalSpeedColumns()
    more_sports: Annotated[list[Sport], SUMMARY] = []
    method: Annotated[str, PUBLIC] = METHOD
    coverage: Annotated[str, OF_ALL] = ""
    caveats: Annotated[list[str], OF_ALL] = []


def _period(text: str) -> str:
    """Refuse days that no calendar has."""
    if text != YEAR_BEFORE:
        try:
            _days(text)
        except ValueError:
            fault, said = "period", "should be year_before, or two days"
            raise PydanticCustomError(fault, said) from None
    return text


def _days(text: str) -> Sequence[date]:
    return [date.fromisoformat(day) for day in text.split("/")]


Compared = Annotated[
    str,
    Field(pattern="^(year_before|[0-9-]{10}/[0-9-]{10})$"),
    AfterValidator(_period),
]


class RecordsParams(Params):
    """Whose records, of what, and beside what."""

    sport: Annotated[SportName | None, Field(description="As in get_activities.")] = (
        None
    )
    kind: Annotated[
        Literal["times", "power", "heart_rate", "longest"] | None,
        Field(description="With sport, its whole curve."),
    ] = None
    from_day: Annotated[date | None, Field(description="YYYY-MM-DD.")] = None
    to_day: Annotated[date | None, Field(description="YYYY-MM-DD.")] = None
    compare: Annotated[
        Compared | None, Field(description="year_before, or first/last day.")
    ] = None
    provider: Annotated[Source | None, Field(description="One source.")] = None


def get_personal_records(tx: Tx, grant: Grant, params: RecordsParams) -> RecordsReply:
    """Find the records of a period, and set them beside another one's."""
    asked = _asked(params, grant.here.today)
    found = records.find(tx, grant, asked)
    days, today = found.efforts.days, grant.here.today
    head: dict[str, Any] = {
        "from_day": params.from_day or (days and days[0]),
        "to_day": params.to_day or (days and max(days[1], today)),
    }
    if asked.other is not None:
        head |= {"compare_from": asked.other.first, "compare_to": asked.other.last}
    if days is None:
        why = why_empty(tx, grant, params.provider)
        return RecordsReply(**head, data_availability=why)
    units, compared = grant.here.profile.units, asked.other is not None
    return RecordsReply(
        **head,
        **tables(found, units, compared=compared),
        more_sports=list(found.more),
        coverage=_coverage(found),
        caveats=list(_caveats(found)),
    )


def show_records(found: RecordsReply, here: Here) -> Shown:
    """Show the tables; the line says a few of what a person asks for first."""
    del here
    if found.data_availability is not MISSING:
        return Shown("No activities in what may be read and was asked for.", found)
    span = wording.span(str(found.from_day), str(found.to_day))
    said = [*_times_in_words(found), *_power_in_words(found)]
    return Shown(f"{span}: {'; '.join(said) or found.coverage}.", found)


def _asked(params: RecordsParams, today: date) -> "Asked":
    kinds = best_efforts.Kind
    span = best_efforts.Span(params.from_day, params.to_day)
    return records.Asked(
        kinds=list(kinds) if params.kind is None else [kinds(params.kind)],
        sport=params.sport,
        span=span,
        other=_other(params, span, today),
        sources=None if params.provider is None else frozenset({params.provider}),
        whole=params.kind is not None and params.sport is not None,
    )


def _other(params: RecordsParams, span: "Span", today: date) -> "Span | None":
    """Return the period to compare with."""
    if params.compare is None:
        return None
    if params.compare != YEAR_BEFORE:
        return best_efforts.Span(*_days(params.compare))
    first = None if span.first is None else _a_year_before(span.first)
    return best_efforts.Span(first, _a_year_before(span.last or today))


def _a_year_before(day: date) -> date:
    """Return the same day of the year before; of 29 February the 28th."""
    if day.year == date.min.year:
        return date.min
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _coverage(found: "Records") -> str:
    efforts, kinds = found.efforts, best_efforts.Kind
    names = {
        kinds.TIMES: "best times",
        kinds.POWER: "power",
        kinds.HEART_RATE: "heart rate",
    }
    parts = [
        f"{efforts.having(k)} with {n}" for k, n in names.items() if k in found.bests
    ]
    held = wording.count(efforts.activities, "activity")
    return f"{held}: {wording.listed(parts)}" if parts else held


def _caveats(found: "Records") -> Iterator[str]:
    efforts = found.efforts
    if efforts.indoors:
        yield (
            "indoor activities without best times, since their distance is an "
            f"estimate: {efforts.indoors}"
        )
    if efforts.too_fast:
        yield f"faster than world records, so without best times: {efforts.too_fast}"
    if found.doubtful_s:
        over = wording.listed(lasting(int(s)) for s in sorted(set(found.doubtful_s)))
        yield f"power over {over} is far above any other activity's: check the meter"
    if found.weight and _before_weight(found, found.weight[-1].since):
        yield f"W/kg before {found.weight[-1].since} is by the weight told then"


def _before_weight(found: "Records", since: str) -> bool:
    rows = found.bests.get(best_efforts.Kind.POWER, ())
    return any(one.day < since for one in rows)


_SAID_M = (5_000.0, 10_000.0, 21_097.5, 42_195.0)
_SAID_S = (60, 300, 1_200)
_SAID = 3


def _times_in_words(found: RecordsReply) -> list[str]:
    """Return a few best times of the sport that is done most."""
    of: Any = found.times
    if of.sport is MISSING:
        return []
    rows = zip(of.sport, of.distance_m, of.time_s, strict=True)
    said = [
        f"{course(metres)} in {clock(seconds)}"
        for sport, metres, seconds in rows
        if sport == of.sport[0] and metres in _SAID_M
    ]
    return [f"{of.sport[0]} {wording.listed(said[:_SAID])}"] if said else []


def _power_in_words(found: RecordsReply) -> list[str]:
    of: Any = found.power
    if of.sport is MISSING:
        return []
    rows = zip(of.sport, of.duration_s, of.power_w, strict=True)
    said = [
        f"{watts:.0f} W over {lasting(seconds)}"
        for sport, seconds, watts in rows
        if sport == of.sport[0] and seconds in _SAID_S
    ]
    return [f"{of.sport[0]} {wording.listed(said)}"] if said else []


GET_PERSONAL_RECORDS = Tool(
    name="get_personal_records",
    title="Personal records",
    summary="Best times by distance, power and heart rate by duration, critical power "
    "and speed, each with its day; one period against another.",
    takes=RecordsParams,
    gives=RecordsReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset(
            {
                Category.ACTIVITIES,
                Category.HEART_RATE,
                Category.POWER,
                Category.BODY,
            }
        ),
        purposes=frozenset({Purpose.INSIGHTS}),
    ),
    run=get_personal_records,
    show=show_records,
    source_of=lambda params: params.provider,
)
