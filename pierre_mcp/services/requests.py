"""Requests by law: entered, extended in time, answered, and watched until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pierre_mcp.errors import (
    ExtensionRefusedError,
    RequestClosedError,
    RequestDayError,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.request import Law, Request, RequestKind, RequestOutcome
from pierre_mcp.policy import deadlines
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store import requests
from pierre_mcp.store.database import Tx
from pierre_mcp.store.requests import ListedRequest

SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class Standing:
    """A request and how it stands.

    Attributes:
        due_on: The last day on which it is answered in time.
        days_left: To that day; negative once it has passed.
    """

    id: str
    number: int
    request: Request
    due_on: date
    days_left: int

    @property
    def overdue(self) -> bool:
        """Whether it is open and its last day has passed."""
        return self.request.open and self.days_left < 0


def add(
    tx: Tx,
    grant: Grant,
    kind: RequestKind,
    law: Law,
    *,
    received_on: date | None = None,
    note: str = "",
) -> Standing:
    """Enter a request, received today where no day is given.

    Raises:
        RequestUnboundError: The law knows no such request.
        RequestDayError: It was received on a day that has not come.
    """
    day = received_on or grant.here.today
    if day > grant.here.today:
        raise RequestDayError
    deadlines.due_on(law, kind, day)
    request = Request(
        kind=kind, law=law, received_on=day, entered_at=grant.here.now, note=note
    )
    return _standing(grant, requests.add(tx, grant, request))


def listed(tx: Tx, grant: Grant) -> list[Standing]:
    """Return every request: open ones first, and of these what is due first."""
    found = [_standing(grant, one) for one in requests.listed(tx, grant)]
    return sorted(found, key=lambda one: (not one.request.open, one.due_on, one.number))


def shown(tx: Tx, grant: Grant, ref: str) -> Standing:
    """Return one request.

    Raises:
        RequestUnknownError: There is none of that number or id.
    """
    return _standing(grant, requests.find(tx, grant, ref))


def extend(tx: Tx, grant: Grant, ref: str, why: str) -> Standing:
    """Extend the term of a request, once, before it has passed.

    Raises:
        RequestUnknownError: There is none of that number or id.
        RequestClosedError: It was answered.
        ExtensionRefusedError: It was extended before, its term has passed, or its law
            lets nobody extend it.
    """
    found = _open(tx, grant, ref)
    if found.request.extended_at is not None or found.overdue:
        raise ExtensionRefusedError
    told = {"extended_at": grant.here.now, "why_extended": why}
    return _update(tx, grant, found, told)


def close(
    tx: Tx, grant: Grant, ref: str, outcome: RequestOutcome, why: str
) -> Standing:
    """Note what became of a request.

    Raises:
        RequestUnknownError: There is none of that number or id.
        RequestClosedError: It was answered before.
    """
    found = _open(tx, grant, ref)
    told = {"closed_at": grant.here.now, "outcome": outcome, "why": why}
    return _update(tx, grant, found, told)


def check(tx: Tx, grant: Grant) -> Check:
    """Tell how many requests are overdue, or due soon."""
    name = "requests by law"
    waiting = [one for one in listed(tx, grant) if one.request.open]
    late = sum(one.overdue for one in waiting)
    soon = sum(0 <= one.days_left <= SOON_DAYS for one in waiting)
    if not late and not soon:
        return Check(name, Verdict.OK, f"{len(waiting)} open, none due soon")
    words = f"{len(waiting)} open, {late} overdue, {soon} due within {SOON_DAYS} days"
    return Check(name, Verdict.WARN, words, f"See: {grant.here.command} requests")


def _open(tx: Tx, grant: Grant, ref: str) -> Standing:
    found = shown(tx, grant, ref)
    if not found.request.open:
        raise RequestClosedError
    return found


def _update(tx: Tx, grant: Grant, found: Standing, told: Mapping[str, Any]) -> Standing:
    changed = ListedRequest(
        found.id, found.number, found.request.model_copy(update=told)
    )
    standing = _standing(grant, changed)  # first: the law may not let it be so
    requests.update(tx, grant, changed.id, changed.request)
    return standing


def _standing(grant: Grant, one: ListedRequest) -> Standing:
    request = one.request
    extended = request.extended_at is not None
    due_on = deadlines.due_on(
        request.law, request.kind, request.received_on, extended=extended
    )
    left = (due_on - grant.here.today).days
    return Standing(one.id, one.number, request, due_on, left)
