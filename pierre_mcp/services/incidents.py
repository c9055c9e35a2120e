"""Incidents: opened, assessed, noted, contained, told and closed; watched until then.

Whatever is done appends an entry; none is ever changed or taken out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pierre_mcp.errors import (
    IncidentClosedError,
    IncidentTimeError,
    IncidentUnsettledError,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import (
    MOST_TEXT,
    Containment,
    Duty,
    Entry,
    EntryKind,
    Incident,
    IncidentLevel,
    IncidentState,
    Told,
)
from pierre_mcp.policy.breaches import ClockState, NoticeClock, notice_clock
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store import alerts, incidents, timeline
from pierre_mcp.store.database import Tx
from pierre_mcp.store.incidents import ListedIncident

BEFORE: Final = timedelta(hours=24)
"""How long before its discovery the log is looked at, where no time is given."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident and how its 72 hours stand."""

    id: str
    number: int
    incident: Incident
    clock: NoticeClock

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.incident.state is not IncidentState.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is first said of an incident.

    Attributes:
        discovered_at: UTC; now where None.
        from_at: UTC; a day before its discovery where None.
        to_at: UTC; it goes on where None.
    """

    what: str
    level: IncidentLevel
    discovered_at: datetime | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    recipients: tuple[str, ...] = ()
    alert: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What is found of an incident on a closer look; None where that stays.

    Attributes:
        why: What it was found by; of the duty, where that is decided.
        recipients: Whom it concerns, in place of those until now.
    """

    why: str
    level: IncidentLevel | None = None
    duty: Duty | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    recipients: tuple[str, ...] | None = None

    def changes(self) -> dict[str, Any]:
        """Return what becomes of the incident's own fields."""
        names = ("level", "duty", "from_at", "to_at", "recipients")
        found = {name: getattr(self, name) for name in names}
        told = {name: value for name, value in found.items() if value is not None}
        return told | ({"why": self.why} if self.duty else {})


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to end the harm.

    Attributes:
        whom: A recipient's label, where it is about one.
        text: What came of it.
    """

    kind: Containment
    whom: str = ""
    text: str = ""

    @property
    def subject(self) -> str:
        """It in fixed words, as an entry has it."""
        return f"{self.kind} {self.whom}".rstrip()


def open_(tx: Tx, grant: Grant, report: Report) -> Standing:
    """Open an incident.

    Raises:
        IncidentTimeError: It was discovered later than now, or ends before it begins.
    """
    now = grant.here.now
    aware = report.discovered_at or now
    made = Incident(
        level=report.level,
        what=report.what,
        opened_at=now,
        discovered_at=aware,
        from_at=report.from_at or aware - BEFORE,
        to_at=report.to_at,
        recipients=report.recipients,
        alert=report.alert,
        entries=(Entry(at=now, kind=EntryKind.OPENED, subject=str(report.level)),),
    )
    _check_times(made, now)
    return _standing(grant, incidents.add(tx, grant, made))


def from_alert(
    tx: Tx, grant: Grant, ref: str, *, what: str, level: IncidentLevel
) -> Standing:
    """Open an incident about what an alert is about: whose calls, and from when on.

    It is discovered now: an alert alone is not yet knowing (EDPB Guidelines 9/2022).

    Args:
        tx: The caller's transaction.
        grant: The owner's.
        ref: The alert's number or id.
        what: What happened; what the alert says where empty.
        level: How grave it is.

    Raises:
        AlertUnknownError: There is none.
    """
    found = alerts.find(tx, grant, ref)
    alert = found.alert
    told = "; ".join(reason.words for reason in alert.reasons)
    report = Report(
        what=what or f"Alert {found.number}: {told}"[:MOST_TEXT],
        level=level,
        from_at=timeline.time_of(tx, grant, alert.first_seq) or alert.at - BEFORE,
        recipients=alert.recipients,
        alert=found.id,
    )
    return open_(tx, grant, report)


def listed(tx: Tx, grant: Grant) -> list[Standing]:
    """Return every incident: those that are not closed first, gravest first."""
    found = [_standing(grant, one) for one in incidents.listed(tx, grant)]
    return sorted(
        found, key=lambda o: (not o.is_open, o.incident.level.number, o.number)
    )


def shown(tx: Tx, grant: Grant, ref: str) -> Standing:
    """Return one incident.

    Raises:
        IncidentUnknownError: There is none of that number or id; of all below too.
    """
    return _standing(grant, incidents.find(tx, grant, ref))


def note(tx: Tx, grant: Grant, ref: str, text: str) -> Standing:
    """Append a note; also to one that is closed."""
    found = incidents.find(tx, grant, ref)
    return _append(tx, grant, found, EntryKind.NOTE, text=text)


def assess(tx: Tx, grant: Grant, ref: str, found: Assessment) -> Standing:
    """Set what a closer look found.

    Raises:
        IncidentClosedError: It is closed.
        IncidentTimeError: It ends before it begins, or later than now.
    """
    one, changes = _not_closed(tx, grant, ref), found.changes()
    words = ", ".join(
        f"{name.removesuffix('_at')} {_word(v)}"
        for name, v in changes.items()
        if name != "why"
    )
    changed = one.incident.model_copy(update=changes)
    _check_times(changed, grant.here.now)
    return _append(
        tx, grant, one, EntryKind.ASSESSED, subject=words, text=found.why, **changes
    )


def contained(tx: Tx, grant: Grant, ref: str, act: Act) -> Standing:
    """Enter what was done to end the harm; from then on it is contained.

    Raises:
        IncidentClosedError: It is closed.
    """
    one = _not_closed(tx, grant, ref)
    return _append(
        tx,
        grant,
        one,
        EntryKind.CONTAINED,
        subject=act.subject,
        text=act.text,
        state=IncidentState.CONTAINED,
    )


def told(
    tx: Tx, grant: Grant, ref: str, whom: Told, *, at: datetime | None, text: str
) -> Standing:
    """Enter that somebody was told, now where no time is given; the first time counts.

    Raises:
        IncidentClosedError: It is closed.
        IncidentTimeError: That is later than now, or before the discovery.
    """
    one, moment = _not_closed(tx, grant, ref), at or grant.here.now
    if not one.incident.discovered_at <= moment <= grant.here.now:
        raise IncidentTimeError
    first = {whom: moment} | one.incident.told
    return _append(
        tx,
        grant,
        one,
        EntryKind.TOLD,
        subject=f"{whom} {_word(moment)}",
        text=text,
        told=first,
    )


def close(tx: Tx, grant: Grant, ref: str, learnt: str) -> Standing:
    """Close an incident with what was learnt of it.

    Raises:
        IncidentClosedError: It is closed.
        IncidentUnsettledError: The authority may have to be told yet.
    """
    one = _not_closed(tx, grant, ref)
    if notice_clock(one.incident, grant.here.now).runs:
        raise IncidentUnsettledError
    return _append(
        tx,
        grant,
        one,
        EntryKind.CLOSED,
        text=learnt,
        state=IncidentState.CLOSED,
        to_at=one.incident.to_at or grant.here.now,
    )


def check(tx: Tx, grant: Grant) -> Check:
    """Tell how many incidents are not closed, and how the 72 hours stand."""
    name = "incidents"
    found = [one for one in listed(tx, grant) if one.is_open]
    if not found:
        return Check(name, Verdict.OK, "none open")
    waiting = [one.clock for one in found if one.clock.runs]
    late = sum(clock.state is ClockState.OVERDUE for clock in waiting)
    words = f"{len(found)} open"
    if waiting:
        first = min(clock.due_at for clock in waiting)
        words += f", the authority to be told by {_word(first)} or a reason entered"
    if late:
        words += f"; {late} past the 72 hours"
    fix = f"See: {grant.here.command} incident"
    return Check(name, Verdict.WARN, words, fix)


def _not_closed(tx: Tx, grant: Grant, ref: str) -> ListedIncident:
    found = incidents.find(tx, grant, ref)
    if found.incident.state is IncidentState.CLOSED:
        raise IncidentClosedError
    return found


def _append(
    tx: Tx,
    grant: Grant,
    one: ListedIncident,
    kind: EntryKind,
    *,
    subject: str = "",
    text: str = "",
    **changes: object,
) -> Standing:
    entry = Entry(at=grant.here.now, kind=kind, subject=subject, text=text)
    changed = ListedIncident(one.id, one.number, one.incident.after(entry, **changes))
    incidents.update(tx, grant, changed)
    return _standing(grant, changed)


def _check_times(incident: Incident, now: datetime) -> None:
    end = incident.to_at or now
    if incident.discovered_at > now or not incident.from_at <= end <= now:
        raise IncidentTimeError


def _standing(grant: Grant, one: ListedIncident) -> Standing:
    clock = notice_clock(one.incident, grant.here.now)
    return Standing(one.id, one.number, one.incident, clock)


def _word(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple):
        return " ".join(value) or "any"
    return str(value)
