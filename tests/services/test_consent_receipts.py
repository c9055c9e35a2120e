"""Receipts of consents: every mandatory field, signed, and of one event."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import LedgerLineUnknownError
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.notices import CURRENT
from pierre_mcp.services import consent_receipts
from pierre_mcp.store import policies, statements
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, OWNER, World, a_world

RECEIPT = Call(OWNER, "consent receipt", "session")
GIVEN = (
    *("files:heart_rate", "files:profile", "analytics:insights"),
    *(f"share:{CLAUDE}", "tool:get_activities"),
)
TOP = {"schema_version", "receipt_id", "record"}
RECORD = {"schema_version", "record_id", "pii_principal_id", "events"}
PROCESSING = {
    "privacy_notice", "language", "purpose", "pii_information", "pii_controllers",
    "storage_locations", "retention_period", "jurisdiction", "recipient_third_parties",
    "withdrawal_method", "lawful_basis", "privacy_rights", "authority_party",
    "collection_method", "processing_method",
}  # fmt: skip
EVENT = {"event_time", "validity_duration", "entity_id", "event_type", "event_state"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as made:
        made.gate.keep(
            RECEIPT,
            lambda tx, leave, _: statements.prepare(tx, leave, now=made.clock.now()),
        )
        yield made


def ids(world: World) -> list[str]:
    return [id_ for id_, _ in world.gate.look(RECEIPT, policies.history)]


def issued(world: World, entry_id: str) -> Any:
    def work(tx: Tx, grant: Grant) -> str:
        return consent_receipts.issue(tx, grant, entry_id)

    return json.loads(world.gate.look(RECEIPT, work))


@pytest.mark.promise("consent.history")
def test_a_receipt_has_every_mandatory_field(world: World) -> None:
    end = world.clock.now() + timedelta(days=30)
    world.give(*GIVEN, expires_at=end)
    receipt = issued(world, ids(world)[2])["receipt"]
    record = receipt["record"]
    processing, (event,) = record["pii_processing"], record["events"]
    for fields, held in (
        (TOP, receipt),
        (RECORD, record),
        (PROCESSING, processing),
        (EVENT, event),
    ):
        assert fields <= {name for name, value in held.items() if value}, fields
    assert record["record_id"] == ids(world)[0], "of the whole event"
    assert processing["purpose"] == ["analytics:insights"]
    assert [one["pii_type"] for one in processing["pii_information"]] == [
        *("heart_rate", "profile")
    ]
    assert [one["special_category"] for one in processing["pii_information"]] == [
        *(True, False)
    ]
    assert processing["privacy_notice"]["sha256"] == CURRENT.sha256.hex()
    assert processing["recipient_third_parties"][0]["name"] == CLAUDE
    assert event["@type"] == "dpv:ConsentGiven"
    assert event["validity_duration"] == "PT2592000S"
    controller = processing["pii_controllers"][0]
    assert {"party_id", "name", "address", "contact", "type"} <= controller.keys()


def test_every_field_is_tied_to_a_vocabulary(world: World) -> None:
    world.give(*GIVEN)
    receipt = issued(world, ids(world)[0])["receipt"]
    context = receipt["@context"]
    prefixes = {
        k for k, v in context.items() if v.startswith("https://") or "purl" in v
    }
    terms = {v.partition(":")[0] for k, v in context.items() if k not in prefixes}
    assert terms <= prefixes
    assert context.keys() >= TOP | RECORD


@pytest.mark.promise("consent.history")
def test_a_receipt_is_what_was_signed(world: World) -> None:
    world.give(*GIVEN)
    made = issued(world, ids(world)[0])
    said = consent_receipts.check(json.dumps(made))
    assert said == made["receipt"] == consent_receipts.check(made["jws"])
    assert world.gate.look(
        RECEIPT, lambda tx, grant: statements.signed_here(tx, grant, said or {})
    )
    made["receipt"]["record"]["pii_processing"]["purpose"] = ["anything"]
    assert consent_receipts.check(json.dumps(made)) is None


@pytest.mark.parametrize(
    "text", ["", "{", "{}", '{"jws": 1}', '{"jws": "a.b.c", "receipt": {}}', "a.b.c"]
)
def test_what_is_no_receipt(text: str) -> None:
    assert consent_receipts.check(text) is None


def test_each_end_has_its_state(world: World) -> None:
    world.give("files:power", expires_at=world.clock.now() + timedelta(hours=1))
    world.give("files:notes")
    world.withdraw("files:notes")
    world.clock.pass_s(3_600)
    world.withdraw()
    records = [issued(world, id_)["receipt"]["record"] for id_ in ids(world)]
    states = [record["events"][0] for record in records]
    assert [(one["@type"], one["entity_id"]) for one in states] == [
        ("dpv:ConsentGiven", "owner"),
        ("dpv:ConsentGiven", "owner"),
        ("dpv:ConsentWithdrawn", "owner"),
        ("dpv:ConsentExpired", "clock"),
    ]
    assert [one["indication_method"].partition(" ")[0] for one in states] == [
        *("three", "three", "a", "none:")
    ], "nobody types words to take back"
    told = [record["pii_processing"]["privacy_level"] for record in records]
    assert told == ["medium", "medium", None, None], "which it was is not in the line"


def test_of_what_is_no_consent_there_is_no_receipt(world: World) -> None:
    world.give("files:power")
    world.give("files:power")
    superseded = ids(world)[1]
    for entry_id in ("", "x", superseded):
        with pytest.raises(LedgerLineUnknownError):
            issued(world, entry_id)


def test_two_receipts_of_one_event_name_the_same_record(world: World) -> None:
    world.give(*GIVEN)
    one, two = (issued(world, id_)["receipt"] for id_ in ids(world)[:2])
    assert one["record"] == two["record"]
    assert one["receipt_id"] != two["receipt_id"]
