"""What is counted of the rows of each section; which they are says ``policy``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pierre_mcp.model.audit import Event, Outcome, Risk
from pierre_mcp.model.audit_facts import Facts
from pierre_mcp.model.audit_report import NOT_APPLICABLE, Count, SectionName
from pierre_mcp.policy import audit_sections
from pierre_mcp.services.auditing.facts import OTHERS, Kinds

NO_CATEGORY: Final = "no category"
"""Stands for what an answer carried in which nothing of the person was open."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one section is told.

    Attributes:
        counted: Its counts.
        tallied: The facts by which its rows are tallied.
    """

    counted: Callable[[Kinds], Mapping[str, Count]]
    tallied: tuple[str, ...]


def events(kinds: Kinds) -> dict[str, Count]:
    """Count every event there is; in a store of one person nobody logs in."""
    found: dict[str, Count] = {
        event.value: kinds.number(event=event) for event in Event
    }
    return found | {
        event.value: _logins(kinds, event) for event in audit_sections.LOGINS
    }


def received(kinds: Kinds) -> dict[str, dict[str, int]]:
    """Return how many released answers carried which category, by recipient."""
    left = kinds.only(lambda one: one.is_call and one.outcome == Outcome.RELEASED)
    named = left.by("recipient")

    def whose(one: Facts) -> str:
        return one.recipient if one.recipient in named else OTHERS

    return {
        name: left.only(lambda one: whose(one) == name).tally(_categories)  # noqa: B023 - used at once
        for name in named
    }


def bytes_released(kinds: Kinds) -> int:
    """Return how many bytes left."""
    released = kinds.only(lambda one: one.outcome == Outcome.RELEASED)
    return sum(released.sizes.values())


def _categories(facts: Facts) -> tuple[str, ...]:
    """Return the categories that an answer carried, each once."""
    found = {pair.partition(":")[2] for pair in facts.opened}
    return tuple(sorted(found)) or (NO_CATEGORY,)


def _logins(kinds: Kinds, event: Event) -> Count:
    return kinds.number(event=event) or NOT_APPLICABLE


def _authentication(kinds: Kinds) -> Mapping[str, Count]:
    typed = kinds.only(audit_sections.of_passphrase)
    return {
        "logins_succeeded": _logins(kinds, Event.LOGIN_SUCCESS),
        "logins_failed": _logins(kinds, Event.LOGIN_FAILURE),
        "tokens_generated": kinds.only(audit_sections.makes_token).rows,
        "tokens_expired": kinds.number(event=Event.TOKEN_EXPIRED),
        "consent_passphrases_right": typed.number(outcome=Outcome.DONE),
        "consent_passphrases_wrong": typed.number(outcome=Outcome.REFUSED),
        "server_starts": kinds.number(event=Event.SESSION, action="start"),
        "clients_introduced": kinds.number(event=Event.SESSION, action="initialize"),
    }


def _access(kinds: Kinds) -> Mapping[str, Count]:
    calls = kinds.only(lambda one: one.is_served)
    previews = kinds.only(lambda one: one.is_preview)
    exports = kinds.only(lambda one: one.is_act and one.outcome == Outcome.DONE)
    return {
        "answers_released": calls.number(outcome=Outcome.RELEASED),
        "bytes_released": bytes_released(calls),
        "previews_by_owner": previews.rows,
        "refused": calls.number(outcome=Outcome.REFUSED),
        "not_understood": calls.number(outcome=Outcome.INVALID),
        "failed": calls.number(outcome=Outcome.FAILED),
        "cancelled": calls.number(outcome=Outcome.CANCELLED),
        "exports_by_owner": exports.rows,
    }


def _consent(kinds: Kinds) -> Mapping[str, Count]:
    done = kinds.only(lambda one: one.outcome in {Outcome.DONE, Outcome.RELEASED})
    return {
        "changes": done.rows,
        "by_assistants": done.only(lambda one: one.is_call).rows,
        "not_made": kinds.rows - done.rows,
    }


def _incidents(kinds: Kinds) -> Mapping[str, Count]:
    return {
        "suspicious_activities": kinds.number(event=Event.SUSPICIOUS_ACTIVITY),
        "rate_limit_violations": kinds.number(event=Event.RATE_LIMIT_EXCEEDED),
        "unauthorised_accesses": kinds.number(event=Event.UNAUTHORISED_ACCESS),
        "of_high_risk": kinds.number(risk=Risk.HIGH),
        "incident_acts": kinds.only(audit_sections.keeps_incident).rows,
    }


def _keys(kinds: Kinds) -> Mapping[str, Count]:
    done = kinds.only(lambda one: one.outcome == Outcome.DONE)
    ended = kinds.only(lambda one: one.outcome != Outcome.STARTED)
    return {
        "rotations": done.number(action="keys rotate"),
        "emergency_rotations": done.number(action="keys emergency"),
        "rewraps": done.number(action="keys rewrap"),
        "rewraps_compromised": done.number(action="keys rewrap compromised"),
        "by_the_program_itself": done.number(door="system"),
        "not_done": ended.rows - done.rows,
    }


PARTS: Final[Mapping[SectionName, Part]] = {
    SectionName.AUTHENTICATION: Part(
        _authentication, ("event", "outcome", "recipient")
    ),
    SectionName.ACCESS: Part(_access, ("recipient", "action", "outcome", "code")),
    SectionName.CONSENT: Part(_consent, ("action", "outcome")),
    SectionName.INCIDENTS: Part(_incidents, ("event", "risk", "code", "recipient")),
    SectionName.KEYS: Part(_keys, ("action", "outcome", "risk")),
}
