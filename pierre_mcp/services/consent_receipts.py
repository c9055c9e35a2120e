"""Receipts of consents: the fields of ISO/IEC TS 27560:2023, over W3C DPV, signed.

A receipt is of one event: the lines of the ledger that were entered as one. Its fields
bear the names of the technical specification, which the JSON-LD context ties to the
terms of the Data Privacy Vocabulary (DPV 2, "Consent Records and Receipts as per
ISO/IEC TS 27560:2023 using DPV"). What this store does not know of its person, as where
they live, it says it does not know.

The receipt leaves as JSON-LD and, word for word the same, as an EdDSA JWS of the type
``consent-receipt+jwt``: the signature is what is checked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from pierre_mcp.errors import LedgerLineUnknownError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Kind
from pierre_mcp.policy.bundles import MEANING
from pierre_mcp.policy.levels import HEALTH
from pierre_mcp.store import notices, policies, statements
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent

TYPE: Final = "consent-receipt+jwt"
SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560"
UNKNOWN: Final = "where the person lives; not recorded"

STATES: Final = {
    LedgerEvent.GIVEN: "dpv:ConsentGiven",
    LedgerEvent.REFUSED: "dpv:ConsentRefused",
    LedgerEvent.WITHDRAWN: "dpv:ConsentWithdrawn",
    LedgerEvent.EXPIRED: "dpv:ConsentExpired",
}
"""Of which events there are receipts, and the DPV's word for each."""

_INDICATED: Final = {
    (LedgerEvent.GIVEN, "owner"): "three words typed on the person's own terminal",
    (LedgerEvent.REFUSED, "owner"): "the words shown on the person's own terminal were "
    "not typed",
    (LedgerEvent.WITHDRAWN, "owner"): "a command of the person's",
    (LedgerEvent.WITHDRAWN, "recipient"): "the recipient gave it up itself",
    (LedgerEvent.WITHDRAWN, "restore"): "none: an older copy was put back",
}
"""How each came about, by whom it was entered."""

_RIGHTS: Final = ("A7-3", "A15", "A16", "A17", "A20", "A21")
_CONTEXT: Final = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "schema_version": "dct:conformsTo",
    "receipt_id": "dct:identifier",
    "record_id": "dct:identifier",
    "issued_at": "dct:created",
    "record": "dpv:hasRecordOfActivity",
    "pii_principal_id": "dpv:hasDataSubject",
    "pii_processing": "dpv:hasProcess",
    "privacy_notice": "dpv:hasNotice",
    "language": "dct:language",
    "purpose": "dpv:hasPurpose",
    "lawful_basis": "dpv:hasLegalBasis",
    "pii_information": "dpv:hasPersonalData",
    "pii_controllers": "dpv:hasDataController",
    "processing_method": "dpv:hasProcessing",
    "storage_locations": "dpv:hasStorageCondition",
    "retention_period": "dpv:hasDuration",
    "jurisdiction": "dpv:hasJurisdiction",
    "recipient_third_parties": "dpv:hasRecipientThirdParty",
    "withdrawal_method": "dpv:hasConsentControl",
    "privacy_rights": "dpv:hasRight",
    "events": "dpv:hasConsentStatus",
    "event_time": "dpv:isIndicatedAtTime",
    "entity_id": "dpv:isIndicatedBy",
    "validity_duration": "dpv:hasDuration",
}


@dataclass(frozen=True, slots=True)
class _Event:
    """Lines of the ledger that were entered as one; never empty."""

    id: str
    lines: Sequence[LedgerEntry]

    @property
    def first(self) -> LedgerEntry:
        return self.lines[0]


def issue(tx: Tx, grant: Grant, entry_id: str) -> str:
    """Return the signed receipt of the event that a line of the ledger belongs to.

    Returns:
        A JSON text with ``receipt`` (JSON-LD) and ``jws``, the same signed.

    Raises:
        KeyMissingError: No key signs yet.
        LedgerLineUnknownError: There is no such line, or it is about no consent.
    """
    event = _event(tx, grant, entry_id)
    signed = statements.signed(tx, grant, TYPE, _body(tx, grant, event))
    said = statements.read(signed, TYPE)
    return json.dumps({"receipt": said, "jws": signed}, indent=2)


def check(text: str) -> Mapping[str, Any] | None:
    """Return what a receipt says, if it is to the byte what was signed.

    Args:
        text: As ``issue`` gave it, or its JWS alone.
    """
    text = text.strip()
    if not text.startswith("{"):
        return statements.read(text, TYPE)
    try:
        parts = json.loads(text)
        said = statements.read(str(parts["jws"]), TYPE)
        shown = parts["receipt"]
    except (ValueError, KeyError, RecursionError):
        return None
    return said if said == shown else None


def _event(tx: Tx, grant: Grant, entry_id: str) -> _Event:
    history = policies.history(tx, grant)
    found = next((entry for id_, entry in history if id_ == entry_id), None)
    if found is None or found.event not in STATES:
        raise LedgerLineUnknownError
    same = policies.event_of(found)
    of = [(id_, line) for id_, line in history if policies.event_of(line) == same]
    return _Event(of[0][0], [line for _, line in of])


def _body(tx: Tx, grant: Grant, event: _Event) -> dict[str, Any]:
    receipt_id = str(uuid4())
    return {
        "@context": _CONTEXT,
        "@id": f"urn:uuid:{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "schema_version": SCHEMA,
        "receipt_id": receipt_id,
        "issued_at": grant.here.now.isoformat(),
        "record": {
            "@id": f"urn:uuid:{event.id}",
            "@type": "dpv:ConsentRecord",
            "schema_version": SCHEMA,
            "record_id": event.id,
            "pii_principal_id": f"urn:uuid:{grant.person}",
            "pii_processing": _processing(tx, grant, event),
            "events": [_happened(event.first)],
        },
    }


def _processing(tx: Tx, grant: Grant, event: _Event) -> dict[str, Any]:
    policy, command = policies.read(tx, grant).policy, grant.here.command
    version = event.first.notice
    notice = None if version is None else notices.of(tx, grant, version)
    return {
        "@type": "dpv:Process",
        "privacy_notice": None
        if notice is None
        else {
            "@type": "dpv:ConsentNotice",
            "version": notice.version,
            "language": notice.language,
            "sha256": notice.sha256.hex(),
            "text": notice.text,
        },
        "language": "en" if notice is None else notice.language,
        "purpose": _of_kind(event, Kind.PROCESSING) or ["sharing only"],
        "lawful_basis": ["eu-gdpr:A6-1-a", "eu-gdpr:A9-2-a"],
        "pii_information": _information(event),
        "services": _of_kind(event, Kind.EXECUTION),
        "pii_controllers": [_CONTROLLER],
        "collection_method": "imported by the person from files they own",
        "processing_method": [
            "answers of the tools listed, computed here and sent to the recipient"
        ],
        "privacy_level": event.first.level,
        "storage_locations": ["on the person's own machine, sealed (AES-256-GCM)"],
        "retention_period": {
            "stored": {of: f"P{days}D" for of, days in policy.retention.items()}
            or "until the person deletes it",
            "sent": "as the recipient's own terms say",
        },
        "jurisdiction": UNKNOWN,
        "recipient_third_parties": [
            {
                "name": event.first.recipient,
                "type": "AI assistant, with the provider of its model",
                "may_keep": True,
            }
        ],
        "withdrawal_method": f"{command} consent withdraw --to {event.first.recipient}",
        "privacy_rights": [f"eu-gdpr:{right}" for right in _RIGHTS],
        "authority_party": UNKNOWN,
    }


_CONTROLLER: Final = {
    "party_id": "self",
    "name": "the person, who runs the program",
    "address": UNKNOWN,
    "contact": "the person",
    "type": "dpv:DataController",
}


def _information(event: _Event) -> list[dict[str, Any]]:
    found = []
    for line in event.lines:
        pair = scopes.pair_of(line.scope)
        if pair is not None:
            special = pair[1] in HEALTH
            found.append(
                {
                    "@type": "dpv:SpecialCategoryPersonalData"
                    if special
                    else "dpv:PersonalData",
                    "pii_type": pair[1],
                    "source": pair[0],
                    "description": MEANING[pair[1]],
                    "special_category": special,
                }
            )
    return found


def _of_kind(event: _Event, kind: Kind) -> list[str]:
    return [line.scope for line in event.lines if scopes.kind_of(line.scope) is kind]


def _happened(entry: LedgerEntry) -> dict[str, Any]:
    end = entry.expires_at
    return {
        "@type": STATES[entry.event],
        "event_time": entry.at.isoformat(),
        "event_type": "dpv:ExplicitlyExpressedConsent",
        "event_state": entry.event,
        "entity_id": entry.by,
        "expires_at": None if end is None else end.isoformat(),
        "validity_duration": None
        if end is None
        else f"PT{int((end - entry.at).total_seconds())}S",
        "indication_method": _INDICATED.get(
            (entry.event, entry.by), "none: it came about by itself"
        ),
    }
