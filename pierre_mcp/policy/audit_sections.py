"""Which section of a report a row of the audit log belongs to; a row may be in several.

A call that was refused is both an access asked for and something to look at as an
incident. An assistant may call a tool by any words, those of an act among them: so an
act is only what came by another door than its own.
"""

from typing import Final

from pierre_mcp.model.audit import Event, Outcome, Risk
from pierre_mcp.model.audit_facts import Facts
from pierre_mcp.model.audit_report import SectionName

PASSPHRASE: Final = "consent passphrase"  # noqa: S105 - the act of typing one
TOKEN: Final = "consent token"  # noqa: S105 - the act of making one
INCIDENT: Final = "incident "
"""How the acts begin by which an incident is kept."""

LOGINS: Final = (Event.LOGIN_SUCCESS, Event.LOGIN_FAILURE)
_TOKENS: Final = {Event.TOKEN_GENERATED, Event.TOKEN_EXPIRED}
_SUSPECT: Final = {
    Event.SUSPICIOUS_ACTIVITY,
    Event.RATE_LIMIT_EXCEEDED,
    Event.UNAUTHORISED_ACCESS,
}
_CONSENT_ACTS: Final = {
    "consent grant",
    "consent refused",
    "consent renew",
    "consent withdraw",
    "consent expire",
    "consent delete data",
    "consent lock",
    "consent unlock",
    "consent clock",
    "object",
    "object lift",
    "privacy set",
}
_INCIDENT_LOOKS: Final = {
    f"{INCIDENT}{look}" for look in ("list", "report", "show", "timeline")
}
_CONSENT_TOOL: Final = "withdraw_consent"
_EXPORTS: Final = {"export", "export write", "audit export"}


def of_authentication(row: Facts) -> bool:
    """Tell whether somebody, or a program, showed who it is."""
    if row.event in LOGINS or row.event == Event.SESSION:
        return True
    return of_token(row) or of_passphrase(row)


def of_token(row: Facts) -> bool:
    """Tell whether it is about a consent token."""
    return row.event in _TOKENS or (row.is_act and row.action == TOKEN)


def of_passphrase(row: Facts) -> bool:
    """Tell whether the passphrase of the consent lock was typed."""
    return row.is_act and row.action == PASSPHRASE


def makes_token(row: Facts) -> bool:
    """Tell whether a consent token was made."""
    made = row.is_act and row.action == TOKEN and row.outcome == Outcome.DONE
    return made or row.event == Event.TOKEN_GENERATED


def of_access(row: Facts) -> bool:
    """Tell whether data was asked for, or written out by the owner."""
    return row.is_call or (row.is_act and row.action in _EXPORTS)


def of_consent(row: Facts) -> bool:
    """Tell whether what assistants may have was changed."""
    acts = row.is_act and row.action in _CONSENT_ACTS
    return acts or (row.is_call and row.action == _CONSENT_TOOL)


def of_incident(row: Facts) -> bool:
    """Tell whether it is something to look at; what a preview was refused is not."""
    if row.is_preview and row.risk != Risk.HIGH:
        return False
    return row.event in _SUSPECT or keeps_incident(row)


def keeps_incident(row: Facts) -> bool:
    """Tell whether an incident was opened, noted, contained or closed."""
    kept = row.action.startswith(INCIDENT) and row.action not in _INCIDENT_LOOKS
    return row.is_act and kept


def of_keys(row: Facts) -> bool:
    """Tell whether keys were replaced, or wrapped anew."""
    return row.is_act and row.event == Event.KEY_ROTATION


SECTIONS: Final = {
    SectionName.AUTHENTICATION: of_authentication,
    SectionName.ACCESS: of_access,
    SectionName.CONSENT: of_consent,
    SectionName.INCIDENTS: of_incident,
    SectionName.KEYS: of_keys,
}
"""What belongs to each section; the summary is of all rows."""
