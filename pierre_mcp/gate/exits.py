"""The last turn before the door: identifiers, level and budget, in this one place.

Whatever leaves for a recipient passes ``leveled`` and ``fitted``: ids become that
recipient's pseudonyms, places and times are made coarse, free text is cleaned, and the
answer is cut to its budget with a cursor made from the last row kept. What comes in
from it (an id, a cursor) is turned back here too, and works for no other person,
recipient, tool or question.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import MISSING
from pydantic_core import to_json

from pierre_mcp.errors import ActivityUnknownError, CursorInvalidError
from pierre_mcp.keyring.pseudonyms import Pseudonyms
from pierre_mcp.keyring.ring import Ring, person_scope
from pierre_mcp.keyring.tokens import open_token, seal_token
from pierre_mcp.late import Late
from pierre_mcp.model.fields import (
    Listing,
    ListReply,
    Page,
    Params,
    Shape,
    Treatment,
    Withheld,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.streams import Samples
from pierre_mcp.policy import privacy
from pierre_mcp.tools.classes import inner_shape, mark_of
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.policy import places
else:
    places = Late("pierre_mcp.policy.places")

S = TypeVar("S", bound=Shape)

DEFAULT_BYTES = 7_000
"""About 2,000 tokens: what an answer may take when no limit was asked for."""

EXPLICIT_BYTES = 40_000

_LIMITS = {"limit", "max_points"}
_HOW_MUCH = {"cursor", *_LIMITS}
"""Arguments that say how much of an answer is wanted, and not which."""


class Exit:
    """One call's way in and out, for one person and one recipient.

    Args:
        ring: Has the keys of pseudonyms and cursors.
        grant: Names the person and the recipient.
        tool: To which cursors are bound, with the arguments that choose.
        params: The arguments as they came.
    """

    def __init__(
        self, ring: Ring, grant: Grant, tool: Tool[Any, Any], params: Params
    ) -> None:
        self._ring = ring
        self._grant = grant
        self._tool = tool
        self._params = params
        self._scope = person_scope(grant.tenant, grant.person)
        self._names = Pseudonyms(ring, self._scope)

    def incoming(self) -> Params:
        """Turn pseudonyms and cursors in the arguments back into what they stand for.

        Raises:
            ActivityUnknownError: An id was not given to this recipient.
            CursorInvalidError: A cursor was not given for this question.
        """
        turned = {}
        for name, treatment in _plan(type(self._params)):
            value = getattr(self._params, name)
            if value is not None and treatment is Treatment.IDENTIFIER:
                turned[name] = self._meant(value)
            if value is not None and treatment is Treatment.CURSOR:
                turned[name] = self._open(value)
        return self._params.model_copy(update=turned) if turned else self._params

    def leveled(self, result: Any) -> Any:
        """Return a result as its reader may see it; the owner sees it as it is."""
        if self._grant.recipient is None:
            return result
        if isinstance(result, Listing):
            return Listing(self._page(result.page), self._shape(result.head))
        if isinstance(result, Samples):
            return self._samples(result)
        return self._shape(result)

    def fitted(self, result: Any) -> tuple[Shown, bytes]:
        """Show a result within its budget; return it with its JSON."""
        asked = _LIMITS & self._params.model_fields_set
        budget = EXPLICIT_BYTES if asked else DEFAULT_BYTES
        while True:
            shown = self._shown(result)
            content = shown.reply.model_dump_json().encode()
            can_be_cut = isinstance(result, Listing | Samples) and len(result) > 1
            if not can_be_cut or len(content) <= budget:
                return shown, content
            count = len(result)
            fewer = min(count - 1, max(1, count * budget // len(content)))
            result = result.cut(fewer)

    def _shown(self, result: Any) -> Shown:
        shown = self._tool.show(result, self._grant.here)
        update: dict[str, Any] = {"withheld": self._withheld(result)}
        if isinstance(result, Listing) and isinstance(shown.reply, ListReply):
            page = result.page
            update["truncated"] = page.more
            update["next_cursor"] = self._cursor(page) if page.more else None
        return Shown(shown.line, shown.reply.model_copy(update=update))

    def _withheld(self, result: Any) -> list[Withheld]:
        """Return the pairs the tool declares and the grant lacks.

        Of an answer that is about one source only that source's: the others were no
        part of it.
        """
        about = self._tool.about(result)
        pairs = (p for p in self._grant.withheld if about is None or p[0] == about)
        return [Withheld(source=source, category=c) for source, c in pairs]

    def _cursor(self, page: Page[Any]) -> str:
        place = to_json(page.places[-1])
        return seal_token(self._ring, self._scope, place, self._context)

    def _open(self, cursor: str) -> str:
        place = open_token(self._ring, self._scope, cursor, self._context)
        if place is None:
            raise CursorInvalidError
        return place.decode()

    def _meant(self, value: Any) -> Any:
        """Return what an id stands for, or each of several: one unknown refuses all."""
        if isinstance(value, list):
            return [self._reveal(one) for one in value]
        return self._reveal(value)

    def _reveal(self, text: str) -> str:
        if self._grant.recipient is None:
            return text
        found = self._names.reveal(self._grant.recipient, text)
        if found is None:
            raise ActivityUnknownError
        return found

    def _page(self, page: Page[S]) -> Page[S]:
        columns = dict(page.columns)
        for name, treatment in _plan(page.row):
            treat = self._treat(name, treatment)
            columns[name] = [
                v if v is None or v is MISSING else treat(v) for v in columns[name]
            ]
        return Page(page.row, columns, page.places, page.more)

    def _samples(self, samples: Samples[S]) -> Samples[S]:
        """Make every column coarse that is a place; where that cannot be, leave none.

        What it takes does not go on: ``show`` sees only what may be seen.
        """
        plan = dict(_plan(samples.row))
        placed = {n for n in samples.columns if plan.get(n) is Treatment.PLACE}
        columns = {n: c for n, c in samples.columns.items() if n not in placed}
        if placed and samples.way is not None:
            zones = self._grant.here.zones
            circles = [(z.lat_deg, z.lon_deg, z.radius_m) for z in zones]
            seen = places.coarse(samples.way, circles)
            columns |= {n: c for n, c in seen.items() if n in placed}
        head = self._shape(samples.head)
        return replace(samples, columns=columns, way=None, head=head)

    def _shape(self, shape: S) -> S:
        changed = {}
        for name, treatment in _plan(type(shape)):
            value = getattr(shape, name)
            if value is not None and value is not MISSING:
                changed[name] = self._treat(name, treatment)(value)
        return shape.model_copy(update=changed) if changed else shape

    def _treat(self, name: str, treatment: Treatment | None) -> Callable[[Any], Any]:
        """Return what is done to each value of a field; None means "look inside"."""
        match treatment:
            case None:
                return self._inside
            case Treatment.IDENTIFIER:
                return self._hidden
            case Treatment.PATH:
                return lambda route: _coarse(route, self._grant.here.zones)
            case Treatment.FREE_TEXT:
                limit = _LENGTHS.get(name, privacy.MAX_NAME)
                return lambda text: privacy.clean(text, limit)
            case _:
                return _TREATED[treatment]

    def _hidden(self, value: Any) -> Any:
        recipient = self._grant.recipient or ""
        if isinstance(value, list):
            return [self._names.hide(recipient, one) for one in value]
        return self._names.hide(recipient, value)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Shape):
            return self._shape(value)
        return [self._shape(shape) for shape in value]

    @property
    def _context(self) -> tuple[bytes, ...]:
        recipient = self._grant.recipient
        return (
            self._grant.tenant.encode(),
            self._grant.person.encode(),
            b"owner" if recipient is None else b"to:" + recipient.encode(),
            self._tool.name.encode(),
            self._params.model_dump_json(exclude=_HOW_MUCH).encode(),
        )


def _coarse(route: Any, zones: Sequence[PrivacyZone]) -> Any:
    if route.lat_deg is MISSING or route.lat_deg is None:
        return route
    lat, lon = privacy.coarse_path(
        privacy.Track(route.along_m, route.lat_deg, route.lon_deg), zones
    )
    return route.model_copy(update={"along_m": MISSING, "lat_deg": lat, "lon_deg": lon})


_LENGTHS = {"description": privacy.MAX_DESCRIPTION}
_TREATED: dict[Treatment, Callable[[Any], Any]] = {
    Treatment.LOCAL_TIME: privacy.local_hour
}


@cache
def _plan(
    model: type[Shape] | type[Params],
) -> tuple[tuple[str, Treatment | None], ...]:
    """Return the fields of a model that are treated; None stands for "look inside"."""
    plan: list[tuple[str, Treatment | None]] = []
    for name, field in model.model_fields.items():
        mark = mark_of(field)
        if mark is not None and mark.treatment is not Treatment.AS_IS:
            plan.append((name, mark.treatment))
        elif inner_shape(field.annotation) is not None:
            plan.append((name, None))
    return tuple(plan)
