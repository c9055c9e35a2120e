"""Until when a request by law is to be answered.

GDPR and UK GDPR
    Without undue delay and within one month of receipt, which may be extended by two
    further months where that is needed, told with reasons within the first (Regulation
    (EU) 2016/679, Art. 12(3); UK GDPR, likewise). A month ends on the same date of the
    next one, or on its last day where it has no such date; where that is a Saturday or
    Sunday, on the next working day (Regulation (EEC, Euratom) No 1182/71, Art. 3(2)(c)
    and (4); EDPB Guidelines 01/2022 on access, 5.3; ICO, "Time limits").
CCPA
    45 days, extended once to 90 in all (Cal. Civ. Code 1798.130(a)(2)(A); 11 CCR
    7021(b)). Opting out, and limiting the use of sensitive data, within 15 business
    days, never extended (11 CCR 7026(f)(1), 7027(g)(1)).
HIPAA
    Access within 30 days, extended once by 30 (45 CFR 164.524(b)(2)); amendment within
    60 days, extended once by 30 (45 CFR 164.526(b)(2)).

Public holidays are not known here: where the last day is one, a month and a count of
business days end a working day later.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pierre_mcp.errors import ExtensionRefusedError, RequestUnboundError
from pierre_mcp.model.request import Law, RequestKind

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long there is, from the day of receipt, which is not counted.

    Attributes:
        months: Calendar months.
        days: Calendar days.
        business_days: Mondays to Fridays.
    """

    months: int = 0
    days: int = 0
    business_days: int = 0

    def end(self, received_on: date) -> date:
        """Return the last day on which it is answered in time."""
        if self.months:
            return working_day(months_later(received_on, self.months))
        if self.business_days:
            return business_days_later(received_on, self.business_days)
        return received_on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Rule:
    """The term of a kind of request, and the whole of it once extended."""

    term: Term
    extended: Term | None


_MONTH = Rule(Term(months=1), Term(months=3))
_CCPA = Rule(Term(days=45), Term(days=90))
_OPT_OUT = Rule(Term(business_days=15), None)
_HIPAA = Rule(Term(days=30), Term(days=60))
_AMENDMENT = Rule(Term(days=60), Term(days=90))

RULES: Final[Mapping[Law, Mapping[RequestKind, Rule]]] = {
    Law.GDPR: dict.fromkeys(RequestKind, _MONTH),
    Law.UK_GDPR: dict.fromkeys(RequestKind, _MONTH),
    Law.CCPA: {
        RequestKind.ACCESS: _CCPA,
        RequestKind.PORTABILITY: _CCPA,
        RequestKind.RECTIFICATION: _CCPA,
        RequestKind.ERASURE: _CCPA,
        RequestKind.RESTRICTION: _OPT_OUT,
        RequestKind.OPT_OUT: _OPT_OUT,
    },
    Law.HIPAA: {
        RequestKind.ACCESS: _HIPAA,
        RequestKind.PORTABILITY: _HIPAA,
        RequestKind.RECTIFICATION: _AMENDMENT,
    },
}
"""By law and kind; what is not among them has no term by that law."""

HOLIDAYS_COUNT: Final = frozenset({Law.GDPR, Law.UK_GDPR})
"""Laws by which a term never ends on a public holiday."""


def due_on(
    law: Law, kind: RequestKind, received_on: date, *, extended: bool = False
) -> date:
    """Return the last day on which a request is answered in time.

    Raises:
        RequestUnboundError: The law knows no such request.
        ExtensionRefusedError: It is extended, and the law lets nobody extend it.
    """
    rule = RULES[law].get(kind)
    if rule is None:
        raise RequestUnboundError
    if not extended:
        return rule.term.end(received_on)
    if rule.extended is None:
        raise ExtensionRefusedError
    return rule.extended.end(received_on)


def months_later(day: date, months: int) -> date:
    """Return the same date some months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last))


def working_day(day: date) -> date:
    """Return the day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if _weekend(day) else 0)


def business_days_later(day: date, count: int) -> date:
    """Return the day after which so many Mondays to Fridays have passed."""
    while count:
        day += timedelta(days=1)
        count -= not _weekend(day)
    return day


def _weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY
