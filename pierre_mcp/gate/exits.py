"""The last turn before the door: identifiers, level and budget, in this one place.

Whatever leaves for a recipient passes ``leveled`` and ``fitted``: each field is treated
as ``policy.levels.EFFECTS`` says of the recipient's level, and the answer is cut to its
budget with a cursor made from the last row kept. What comes in from it (an id, a
cursor) is turned back here too, and works for no other person, recipient, tool or
question; at ``high`` neither for another session.

There are no pictures yet: what draws one gets the levelled result, as ``show`` does.
Errors hold no value of anybody's, and prompts are written from their arguments alone.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from pierre_mcp.errors import ActivityUnknownError, CursorInvalidError
from pierre_mcp.gate.treating import Touching, Treating, plan
from pierre_mcp.keyring.pseudonyms import Pseudonyms
from pierre_mcp.keyring.ring import Ring, person_scope
from pierre_mcp.keyring.tokens import open_token, seal_token
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import (
    Level,
    Listing,
    ListReply,
    Page,
    Params,
    Treatment,
    Withheld,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.streams import Samples
from pierre_mcp.policy import levels
from pierre_mcp.policy.levels import EFFECTS, Effect
from pierre_mcp.tools.table import Shown, Tool

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
        touching: Tells which of several activities touch a privacy zone.
    """

    def __init__(
        self,
        ring: Ring,
        grant: Grant,
        tool: Tool[Any, Any],
        params: Params,
        touching: Touching = lambda _: (),
    ) -> None:
        self._ring = ring
        self._grant = grant
        self._tool = tool
        self._params = params
        self._scope = person_scope(grant.tenant, grant.person)
        self._names = Pseudonyms(ring, self._scope)
        self._effects = EFFECTS[grant.level]
        self._treating = Treating(grant, self._hide, touching)

    def incoming(self) -> Params:
        """Turn pseudonyms and cursors in the arguments back into what they stand for.

        Raises:
            ActivityUnknownError: An id was not given to this recipient.
            CursorInvalidError: A cursor was not given for this question.
        """
        turned: dict[str, Any] = {}
        if self._grant.recipient is not None and self._grant.level is Level.HIGH:
            turned = _by_week(self._params, self._grant.here.today)
        for name, treatment in plan(type(self._params), None):
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
        return self._treating.treated(result)

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
        return [_told(*pair) for pair in pairs]

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
        if self._hides_as is None:
            return text
        found = self._names.reveal(self._hides_as, text)
        if found is None:
            raise ActivityUnknownError
        return found

    def _hide(self, ours: Sequence[str]) -> list[str]:
        return self._names.hide(self._hides_as or "", ours)

    @property
    def _hides_as(self) -> str | None:
        """For whom ids are pseudonyms; None where they are our own."""
        match self._effects[Treatment.IDENTIFIER], self._grant.recipient:
            case (_, None) | (Effect.KEPT, _):
                return None
            case Effect.SESSION_PSEUDONYM, recipient:
                # No label has a colon: these are no recipient's own.
                return f"{recipient}:{self._grant.session}"
            case _, recipient:
                return recipient

    @property
    def _is_for_session(self) -> bool:
        hides = self._effects[Treatment.IDENTIFIER]
        return self._grant.recipient is not None and hides is Effect.SESSION_PSEUDONYM

    @property
    def _context(self) -> tuple[bytes, ...]:
        recipient = self._grant.recipient
        return (
            self._grant.tenant.encode(),
            self._grant.person.encode(),
            b"owner" if recipient is None else b"to:" + recipient.encode(),
            *([self._grant.session.encode()] if self._is_for_session else []),
            self._tool.name.encode(),
            to_json(self._params, exclude=_HOW_MUCH),
        )


@lru_cache(maxsize=256)
def _told(source: str, category: Category) -> Withheld:
    return Withheld(source=source, category=category)


def _by_week(params: Params, today: date) -> dict[str, Any]:
    """Return the arguments that would choose a day where only its week is told."""
    asked = {n: v for n in type(params).model_fields if (v := getattr(params, n))}
    turned: dict[str, Any] = {}
    for name in ("from_day", "to_day"):
        if name in asked:
            turned[name] = levels.weekly(asked[name], today, last=name == "to_day")
    if asked.get("by") == "day":
        turned["by"] = "week"
    if "days" in asked:
        turned["days"] = levels.weeks_back(asked["days"], today)
    if "compare" in asked and "by" not in asked:  # else it is of whole periods
        of = turned.get("from_day"), turned.get("to_day")
        turned["compare"] = levels.compared(asked["compare"], of, today)
    return turned
