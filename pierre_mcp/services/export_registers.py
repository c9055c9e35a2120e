"""The smaller parts of an export: one value each, written as JSON, read at once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pierre_mcp.model.correction import Part
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.store import (
    alerts,
    athlete,
    corrections,
    exporting,
    gear,
    imports,
    incidents,
    people,
    policies,
    requests,
)
from pierre_mcp.store.database import Tx

Read = Callable[[Tx, Grant], Any]


def profile(tx: Tx, grant: Grant) -> Any:
    """Return what the person set about themselves."""
    return people.profile(tx, grant).model_dump(mode="json")


def told_of_athlete(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every value told of the athlete, by kind and day."""
    found = [
        {
            "kind": seen.fact.kind,
            "value": seen.fact.value,
            "first_day": seen.first_day,
            "last_day": seen.last_day,
            "source": source,
            "origin": seen.fact.origin,
        }
        for source, seen in athlete.seen(tx, grant)
    ]
    return sorted(found, key=lambda one: (one["kind"], one["first_day"]))


def pieces_of_gear(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every piece of gear, as its source lists it."""
    return [
        {"gear_id": gear_id, "title": one.title, **one.model_dump(mode="json")}
        for gear_id, one in gear.listed(tx, grant).items()
    ]


def runs(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every import, and what became of each of its files."""
    return [
        {
            "import_id": run.id,
            "number": run.number,
            "state": run.state,
            **run.run.model_dump(mode="json"),
            "files": [
                line.model_dump(mode="json")
                for line in imports.files(tx, grant, run.id)
            ],
        }
        for run in imports.listed(tx, grant)
    ]


def consents(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every scope in force, with its recipient."""
    now = grant.here.now
    return [
        {
            "recipient": recipient,
            "scope": scope,
            **held.model_dump(
                mode="json", include={"given_at", "expires_at", "notice"}
            ),
        }
        for recipient, one in _policy(tx, grant).recipients.items()
        for scope, held in one.in_force(now).items()
    ]


def consent_history(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return the whole ledger, oldest first."""
    return [
        {"id": entry_id, **entry.model_dump(mode="json", exclude={"signature"})}
        for entry_id, entry in policies.history(tx, grant)
    ]


def settings(tx: Tx, grant: Grant) -> dict[str, Any]:
    """Return what the person decided: objections, zones, retention, whether locked.

    Not how a zone is shifted, which is secret so that the circle hides its centre, nor
    the lock's key.
    """
    policy = _policy(tx, grant)
    return {
        "privacy_zones": [
            zone.model_dump(mode="json", exclude={"shift_m"}) for zone in policy.zones
        ],
        "objections": policy.blocks,
        "retention_days": dict(policy.retention),
        "consent_lock": "off" if policy.lock is None else "on",
        "policy_version": policy.policy_epoch,
    }


def corrected(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every correction; those without an activity wait for their file."""
    return [
        {
            "activity_id": held.activity,
            "recording_id": held.recording,
            "day": held.day,
            "changes": told_changes(held.correction.changes),
        }
        for held in corrections.listed(tx, grant)
    ]


def asked_by_law(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return the register of what was asked for by law, oldest first."""
    return [
        {"number": one.number, **one.request.model_dump(mode="json")}
        for one in requests.listed(tx, grant)
    ]


def went_wrong(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return the register of incidents, oldest first."""
    return [
        {"number": one.number, **one.incident.model_dump(mode="json")}
        for one in incidents.listed(tx, grant)
    ]


def raised(tx: Tx, grant: Grant) -> list[dict[str, Any]]:
    """Return every alert, oldest first."""
    return [
        {"number": one.number, **one.alert.model_dump(mode="json")}
        for one in alerts.listed(tx, grant)
    ]


def told_changes(changes: Mapping[Part, Any]) -> dict[str, Any]:
    """Return changes by the name of what was changed."""
    return {part: change.model_dump(mode="json") for part, change in changes.items()}


REGISTERS: Final[Mapping[str, Mapping[str, Read]]] = MappingProxyType(
    {
        "profile": {"profile.json": profile},
        "athlete": {"athlete.json": told_of_athlete},
        "gear": {"gear.json": pieces_of_gear},
        "imports": {"imports.json": runs},
        "consents": {
            "consents.json": consents,
            "consent_history.json": consent_history,
            "notices.json": exporting.notices,
        },
        "corrections": {"corrections.json": corrected},
        "requests": {"requests.json": asked_by_law},
        "incidents": {"incidents.json": went_wrong, "alerts.json": raised},
        "settings": {"settings.json": settings},
        "operations": {"operations.json": exporting.operations},
    }
)
"""By section, the members that are one JSON value each."""


class Recipients:
    """Who received answers, how many and when, counted from the log as it is read."""

    def __init__(self) -> None:
        self._answers: dict[str, int] = {}
        self._last: dict[str, datetime] = {}

    def see(self, row: Mapping[str, Any]) -> None:
        """Count one row of the log, if an answer left with it."""
        recipient = row["recipient"]
        if recipient and row["outcome"] == "released":
            self._answers[recipient] = self._answers.get(recipient, 0) + 1
            self._last[recipient] = row["at"]

    def told(self, policy: Policy, now: datetime) -> list[dict[str, Any]]:
        """Return every recipient that holds or received anything."""
        every = sorted({*policy.recipients, *self._answers})
        return [
            {
                "recipient": one,
                "level": policy.of(one).level or "medium, by default",
                "scopes_in_force": sorted(policy.of(one).in_force(now)),
                "answers_released": self._answers.get(one, 0),
                "last_disclosure_at": self._last.get(one),
            }
            for one in every
        ]


def _policy(tx: Tx, grant: Grant) -> Policy:
    return policies.read(tx, grant).policy
