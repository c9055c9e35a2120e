"""Each field of a result treated as the recipient's level says.

What is done is said in one table, ``policy.levels.EFFECTS``; where it is done is here:
in a model, in the models inside it, in the columns of a page and of samples. What says
nothing about a person is told as it is, but for ids.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import MISSING

from pierre_mcp.late import Late
from pierre_mcp.model.fields import (
    Level,
    Listing,
    Page,
    Params,
    Public,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.streams import Samples
from pierre_mcp.policy import levels, privacy
from pierre_mcp.policy.circles import circle_of
from pierre_mcp.policy.levels import EFFECTS, Effect
from pierre_mcp.tools.classes import Mark, inner_shape, mark_of

if TYPE_CHECKING:
    from pierre_mcp.policy import places
else:
    places = Late("pierre_mcp.policy.places")

S = TypeVar("S", bound=Shape)

Touching = Callable[[Sequence[str]], Collection[str]]
"""Which of several activities touch a privacy zone, as far as that may be read."""

Hiding = Callable[[Sequence[str]], list[str]]
"""Pseudonyms of ids of ours, in their order."""

_WHOLE = {Treatment.PATH}
"""Treatments of a model as one, not of its fields."""

_NUMBERS = (int, float, bool, NoneType, MISSING)

_LENGTHS = {"description": privacy.MAX_DESCRIPTION}

_START = "started_local"


class Treating:
    """What the level of one call does to a result of any kind.

    Args:
        grant: Has the level, the person's zones and the day it is.
        hide: Gives the pseudonyms of ids of ours.
        touching: See above.
    """

    def __init__(self, grant: Grant, hide: Hiding, touching: Touching) -> None:
        self._level = grant.level
        self._effects = EFFECTS[grant.level]
        self._today = grant.here.today
        self._circles = [circle_of(zone) for zone in grant.here.zones]
        self._hide = hide
        self._touching = touching

    def treated(self, result: Any) -> Any:
        """Return a result as the recipient may see it."""
        if isinstance(result, Listing):
            return Listing(self._page(result.page), self._shape(result.head))
        if isinstance(result, Samples):
            return self._samples(result)
        return self._shape(result)

    def _page(self, page: Page[S]) -> Page[S]:
        columns = dict(page.columns)
        for name, treatment in plan(page.row, self._level):
            columns[name] = self._column(name, treatment, columns[name])
        ids = page.columns.get("id", ())
        if self._hides_starts(page.row) and (touched := self._touching(ids)):
            columns[_START] = [
                levels.local_hour(local) if of in touched else local
                for of, local in zip(ids, columns[_START], strict=True)
            ]
        return Page(page.row, columns, page.places, page.more)

    def _column(
        self, name: str, treatment: Treatment | None, values: Sequence[Any]
    ) -> Sequence[Any]:
        # In one call for a column wherever that can be: a call a value costs most.
        effect = None if treatment is None else self._effects[treatment]
        if effect is Effect.ABSENT:
            return [MISSING] * len(values)
        if effect is Effect.HOUR:
            return levels.local_hours(values)
        if treatment is Treatment.IDENTIFIER and set(map(type, values)) == {str}:
            return self._hide(values)
        treat = self._treat(name, treatment)
        return [v if v is None or v is MISSING else treat(v) for v in values]

    def _samples(self, samples: Samples[S]) -> Samples[S]:
        """Make every column coarse that is a place; where that cannot be, leave none.

        What it takes does not go on: ``show`` sees only what may be seen.
        """
        treatments = dict(plan(samples.row, self._level))
        placed = {n for n in samples.columns if treatments.get(n) is Treatment.PLACE}
        columns = {n: c for n, c in samples.columns.items() if n not in placed}
        effect = self._effects[Treatment.PLACE]
        if placed and samples.way is not None and effect is not Effect.ABSENT:
            made = places.fine if effect is Effect.FINE else places.coarse
            seen = made(samples.way, self._circles)
            columns |= {n: c for n, c in seen.items() if n in placed}
        head = self._shape(samples.head)
        return replace(samples, columns=columns, way=None, head=head)

    def _shape(self, shape: S) -> S:
        changed = {}
        for name, treatment in plan(type(shape), self._level):
            value = getattr(shape, name)
            told = value is not None or self._leaves_out(treatment)
            if told and value is not MISSING:
                changed[name] = self._treat(name, treatment)(value)
        hides = self._hides_starts(type(shape))
        if hides and self._touching([getattr(shape, "id", "")]):
            changed[_START] = levels.local_hour(getattr(shape, _START))
        return shape.model_copy(update=changed) if changed else shape

    def _hides_starts(self, of: type[Shape]) -> bool:
        """Tell whether some activities are told as at medium, of those at low.

        Of one that touches a zone not even the start is told exactly.
        """
        is_fine = self._effects[Treatment.PATH] is Effect.FINE
        return is_fine and bool(self._circles) and _START in of.model_fields

    def _leaves_out(self, treatment: Treatment | None) -> bool:
        """Tell whether not even "not recorded" is told."""
        return treatment is not None and self._effects[treatment] is Effect.ABSENT

    def _treat(self, name: str, treatment: Treatment | None) -> Callable[[Any], Any]:
        """Return what is done to each value of a field; None means "look inside"."""
        if treatment is None:
            return self._inside
        does = _DOES[self._effects[treatment]]
        return partial(does, self, name)

    def _hidden(self, name: str, value: Any) -> Any:
        del name
        return self._hide(value) if isinstance(value, list) else self._hide([value])[0]

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Shape):
            return self._shape(value)
        return [self._shape(shape) for shape in value]

    def _weekly(self, name: str, value: Any) -> Any:
        return levels.weekly(value, self._today, last="to" in name.split("_"))

    def _weeks_ago(self, name: str, value: Any) -> Any:
        del name
        return levels.weeks_ago(value, self._today)

    def _day(self, name: str, value: str) -> str:
        del name
        return levels.local_day(value, self._today)

    def _coarse(self, name: str, route: Any) -> Any:
        del name
        return self._route(route, privacy.coarse_path)

    def _fine(self, name: str, route: Any) -> Any:
        del name
        return self._route(route, privacy.fine_path)

    def _route(self, route: Any, made: Callable[..., Any]) -> Any:
        told = (route.along_m, route.lat_deg, route.lon_deg)
        if any(column is MISSING or column is None for column in told):
            return route
        lat, lon = made(privacy.Track(*told), self._circles)
        update = {"along_m": MISSING, "lat_deg": lat, "lon_deg": lon}
        return route.model_copy(update=update)


def _absent(of: Treating, name: str, value: Any) -> Any:
    """Return what stands for a value that is not told; of a model, an empty one."""
    del of, name
    return type(value)() if isinstance(value, Shape) else MISSING


def _cleaned(of: Treating, name: str, value: str) -> str:
    del of
    return privacy.clean(value, _LENGTHS.get(name, privacy.MAX_NAME))


_DOES: Mapping[Effect, Callable[[Treating, str, Any], Any]] = {
    Effect.KEPT: lambda _, __, value: value,
    Effect.ABSENT: _absent,
    Effect.PSEUDONYM: Treating._hidden,  # noqa: SLF001 - of this module
    Effect.SESSION_PSEUDONYM: Treating._hidden,  # noqa: SLF001 - likewise
    Effect.WEEKS: Treating._weekly,  # noqa: SLF001 - likewise
    Effect.WEEKS_AGO: Treating._weeks_ago,  # noqa: SLF001 - likewise
    Effect.DAY: Treating._day,  # noqa: SLF001 - likewise
    Effect.HOUR: lambda _, __, value: levels.local_hour(value),
    Effect.GRID: Treating._coarse,  # noqa: SLF001 - likewise
    Effect.FINE: Treating._fine,  # noqa: SLF001 - likewise
    Effect.CLEANED: _cleaned,
}


@cache
def plan(
    model: type[Shape] | type[Params], level: Level | None
) -> tuple[tuple[str, Treatment | None], ...]:
    """Return the fields of a model that are treated; None stands for "look inside".

    At a level those are left out that it keeps as they are. What says nothing about a
    person is told as it is, but for ids.
    """
    plan: list[tuple[str, Treatment | None]] = []
    for name, field in model.model_fields.items():
        mark = mark_of(field)
        inner = inner_shape(field.annotation)
        if inner is not None and (mark is None or mark.treatment not in _WHOLE):
            plan.append((name, None))
        elif mark is not None and not _is_kept(mark, level, field.annotation):
            plan.append((name, mark.treatment))
    return tuple(plan)


def _is_kept(mark: Mark, level: Level | None, annotation: Any) -> bool:
    is_plain = mark.treatment is Treatment.AS_IS
    if level is None or (is_plain and isinstance(mark, Public)):
        return is_plain
    effect = EFFECTS[level][mark.treatment]
    return effect is Effect.KEPT or (effect is Effect.WEEKS and _is_number(annotation))


def _is_number(annotation: Any) -> bool:
    """Tell whether a field holds numbers or nothing, and so never tells a day."""
    inner = get_args(annotation)
    return all(map(_is_number, inner)) if inner else annotation in _NUMBERS
