"""Rows of the audit log as events of the Open Cybersecurity Schema Framework 1.8.0.

Classes, by what a row says (https://schema.ocsf.io/1.8.0)::

    keys replaced, or wrapped anew            Datastore Activity, 6005
    consents given, changed, ended            User Access Management, 3005
    a consent token made or expired           Authorize Session, 3003
    log-ins, and the passphrase of the lock   Authentication, 3002
    a tool called, and any other act          API Activity, 6003

All of a row is told but its digests. What a consent covers is sealed and not in it: the
privileges of such an event are those of the policy epoch that it stands under.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pierre_mcp.model.audit import Outcome, Risk
from pierre_mcp.model.audit_facts import Facts, facts_of
from pierre_mcp.policy import audit_sections

VERSION: Final = "1.8.0"
PRODUCT: Final = "pierre-mcp"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_API, _DATASTORE, _ACCESS, _SESSION, _LOGON = 6003, 6005, 3005, 3003, 3002
_OTHER: Final = (99, "Other")
_SEVERITY: Final = {
    Risk.LOW.value: (1, "Informational"),
    Risk.MEDIUM.value: (3, "Medium"),
    Risk.HIGH.value: (4, "High"),
}
_SUCCESS: Final = {
    *(Outcome.RELEASED, Outcome.PREVIEW, Outcome.DONE),
    *(Outcome.STARTED, Outcome.STOPPED),
}
_FAILURE: Final = {Outcome.REFUSED, Outcome.INVALID, Outcome.FAILED}
_READ: Final = (2, "Read")
_ACTIVITIES: Final = {
    "import": (1, "Create"),
    "import_inbox": (1, "Create"),
    "undo": (4, "Delete"),
    "erase": (4, "Delete"),
    "athlete set": (3, "Update"),
    "rectify": (3, "Update"),
}
_ENDS: Final = {
    "consent withdraw",
    "consent expire",
    "consent delete data",
    "consent refused",
    "withdraw_consent",
    "object",
}
_POLICY: Final = "as of the policy epoch"
_UNMAPPED: Final = (
    "door",
    "caller",
    "outcome",
    "risk",
    "policy_epoch",
    "epoch",
    "size",
)


def event(row: Mapping[str, Any], *, version: str) -> dict[str, Any]:
    """Return the event that a row of the log is.

    Args:
        row: Its entry.
        version: Of this program.
    """
    facts = facts_of(row)
    uid, (activity, name), more = next(
        make(facts) for belongs, make in _CLASSES if belongs(facts)
    )
    severity = _SEVERITY.get(facts.risk, _OTHER)
    at = _EPOCH + timedelta(microseconds=row["at_us"])
    told = {
        "class_uid": uid,
        "category_uid": uid // 1_000,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": uid * 100 + activity,
        "time": row["at_us"] // 1_000,
        "severity_id": severity[0],
        "severity": severity[1],
        **_status(facts),
        "message": f"{facts.action}: {facts.outcome}",
        "metadata": {
            "version": VERSION,
            "product": {"name": PRODUCT, "vendor_name": PRODUCT, "version": version},
            "log_name": "audit",
            "uid": str(row["seq"]),
            "sequence": row["seq"],
            "event_code": facts.event,
            "original_time": at.isoformat(),
            "correlation_uid": str(row.get("session", "")),
        },
        "actor": _actor(facts),
        "src_endpoint": {"svc_name": facts.recipient or facts.door or PRODUCT},
        "unmapped": {name: row[name] for name in _UNMAPPED if name in row},
    }
    return told | more


_Made = tuple[int, tuple[int, str], dict[str, Any]]


def _datastore(facts: Facts) -> _Made:
    del facts
    database = {"name": PRODUCT, "type_id": 1, "type": "Relational"}
    return _DATASTORE, (9, "Encrypt"), {"database": database}


def _access(facts: Facts) -> _Made:
    ends = facts.action in _ENDS
    activity = (2, "Revoke Privileges") if ends else (1, "Assign Privileges")
    return _ACCESS, activity, {"user": _user(facts), "privileges": [_POLICY]}


def _token(facts: Facts) -> _Made:
    made = audit_sections.makes_token(facts)
    activity = (1, "Assign Privileges") if made else (99, facts.action)
    return _SESSION, activity, {"user": _user(facts), "privileges": [_POLICY]}


def _logon(facts: Facts) -> _Made:
    return _LOGON, (1, "Logon"), {"user": _user(facts), "service": {"name": PRODUCT}}


def _api(facts: Facts) -> _Made:
    read = _READ if facts.is_call else (99, facts.action)
    told: dict[str, Any] = {
        "api": {"operation": facts.action, "service": {"name": PRODUCT}}
    }
    if facts.opened:
        told["resources"] = [{"name": one, "type": "data"} for one in facts.opened]
    return _API, _ACTIVITIES.get(facts.action, read), told


def _of_logon(facts: Facts) -> bool:
    return facts.event in audit_sections.LOGINS or audit_sections.of_passphrase(facts)


_CLASSES: Final[
    tuple[tuple[Callable[[Facts], bool], Callable[[Facts], _Made]], ...]
] = (
    (audit_sections.of_keys, _datastore),
    (audit_sections.of_token, _token),
    (_of_logon, _logon),
    (audit_sections.of_consent, _access),
    (lambda _: True, _api),
)


def _status(facts: Facts) -> dict[str, Any]:
    uid, word = _OTHER[0], facts.outcome
    if facts.outcome in _SUCCESS:
        uid, word = 1, "Success"
    elif facts.outcome in _FAILURE:
        uid, word = 2, "Failure"
    told = {"status_id": uid, "status": word, "status_detail": facts.outcome}
    return told | ({"status_code": facts.code} if facts.code else {})


def _actor(facts: Facts) -> dict[str, Any]:
    """Return who did it: an assistant is an application, a person is a user."""
    app = {"app_name": facts.recipient or PRODUCT}
    return app if facts.recipient else {**app, "user": _user(facts)}


def _user(facts: Facts) -> dict[str, Any]:
    if facts.recipient:
        return {"name": facts.recipient, "type_id": 4, "type": "Service"}
    if facts.caller == "system":
        return {"name": PRODUCT, "type_id": 3, "type": "System"}
    return {"name": facts.caller or "owner", "type_id": 1, "type": "User"}
