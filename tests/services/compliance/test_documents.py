"""The documents: true of the store they are written from, and of nobody else's."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.model.audit import Finding
from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.policy.bundles import EXTRAS
from pierre_mcp.policy.log_retention import LogDays
from pierre_mcp.services.compliance.documents import written
from pierre_mcp.services.compliance.measures import MEASURES
from pierre_mcp.services.compliance.practice import Machine, Practice, practice
from pierre_mcp.services.compliance.titles import TITLES, Document
from pierre_mcp.services.disclosures import received
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, OWNER, World, a_world
from tests.stores import (
    NOW,
    STRAVA,
    a_recording,
    maintenance,
    owner_grant,
    owner_of,
)

MACHINE = Machine(
    master_key="keychain",
    development=False,
    production=True,
    key_max_age_days=90,
    backed_up_at=NOW,
    log=LogDays(2_192, 90),
)
CHANGE = Call(OWNER, "change", "session")
EACH = pytest.mark.parametrize("document", Document)
COLUMN = re.compile(r"(?<!\\)\|")
TABLE_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two sources, two recipients, an objection, a zone and a day of retention."""
    with a_world(tmp_path_factory.mktemp("documents") / "store") as made:
        made.put(a_recording(), a_recording(where=STRAVA, day="2026-01-07"))
        made.give_training(sources=("files",), extras=EXTRAS)
        made.give_training(to="other-assistant", sources=("strava",))
        made.gate.act(CHANGE, change)
        yield made


def change(tx: Tx, grant: Grant) -> None:
    policy = policies.read(tx, grant).policy
    changed = policy.model_copy(
        update={
            "policy_epoch": policy.policy_epoch + 1,
            "blocks": ["analytics:predictions", "share:other-assistant"],
            "retention": {Category.LOCATION: 30},
            "zones": (PrivacyZone(lat_deg=46.0, lon_deg=7.0, radius_m=400),),
        }
    )
    policies.write(tx, grant, changed)


def owners(world: World, machine: Machine | None = MACHINE) -> Practice:
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        return practice(tx, grant, machine=machine)


def copy_for(world: World, document: Document) -> str:
    answer = world.ask(f"get_{document.replace('-', '_')}")
    assert not answer.is_error, answer.text
    assert (answer.structured, answer.mime_type) == (None, "text/markdown")
    return answer.text


@EACH
@pytest.mark.promise("compliance.documents")
def test_each_is_markdown_whose_tables_are_whole(
    world: World, document: Document
) -> None:
    text = written(document, owners(world))
    assert text.startswith(f"# {TITLES[document]}\n")
    assert text.endswith("\n")
    assert "| None |" not in text
    widths = [
        {len(COLUMN.findall(row)) for row in TABLE_ROW.findall(block)}
        for block in text.split("\n\n")
        if block.startswith("| ")
    ]
    assert widths
    assert all(len(width) == 1 for width in widths)


@EACH
@pytest.mark.promise("compliance.documents")
def test_each_says_what_this_store_does(world: World, document: Document) -> None:
    text = written(document, owners(world))
    for told in ("activities", "location"):
        assert told in text
    if document is not Document.HIPAA_SAFEGUARDS:
        assert f"{CLAUDE}, and the provider of its model" in text
        assert "other-assistant, and the provider of its model" in text
        assert "analytics:predictions" in text
    assert "30 days" in text


@pytest.mark.promise("compliance.documents")
def test_what_changes_in_the_store_changes_in_them(world: World) -> None:
    before = owners(world)
    bare = replace(before, machine=None, zones=0, retention={}, receivers=())
    locked = replace(bare, locked=True, compromised=2)
    notices = [written(Document.PRIVACY_NOTICE, p) for p in (before, bare, locked)]
    assert "from keychain" in notices[0]
    assert "1 drawn" in notices[0]
    assert "every 90 days" in notices[0]
    assert "none drawn" in notices[1]
    assert "| none |" in notices[1]
    assert "off; set with" in notices[1]
    assert "2 marked as compromised" in notices[2]
    assert "| on |" in notices[2]


@pytest.mark.promise("compliance.documents")
def test_what_left_for_whom_is_in_the_owners_alone(world: World) -> None:
    world.told("get_activities")
    who = owner_of(world.store)
    with world.store.reading() as tx:
        left = received(tx, maintenance(), who)
    assert not isinstance(left, Finding)
    told = replace(owners(world), disclosed=tuple(left))
    row = f"| {CLAUDE} | heart_rate | files | 1 | 2026-03-01 | 2026-03-01 |"
    for document in (Document.CCPA_NOTICE, Document.PROCESSING_RECORD):
        assert row in written(document, told)
        assert row not in copy_for(world, document)
        changed = written(document, replace(told, disclosed=None))
        assert "The log was changed from outside" in changed


def test_a_development_key_and_no_backup_are_said(world: World) -> None:
    machine = replace(MACHINE, development=True, backed_up_at=None)
    text = written(Document.DPIA, owners(world, machine))
    assert "a development key, not fit for production" in text
    assert "none made here yet" in text


@EACH
@pytest.mark.promise("compliance.documents")
def test_a_recipients_copy_tells_of_that_recipient_alone(
    world: World, document: Document
) -> None:
    """Not of other recipients, nor whether there is anything to read."""
    told = copy_for(world, document)
    assert "other-assistant" not in told
    assert "strava:" not in told
    assert "1 drawn" not in told
    assert "keychain" not in told
    entries = re.findall(r"\| (\d+) \|", told)
    assert entries == []


@EACH
def test_a_recipients_copy_is_the_same_whatever_there_is(
    world: World, document: Document, tmp_path: Path
) -> None:
    with a_world(tmp_path / "store") as empty:
        empty.give_training(sources=("files",), extras=EXTRAS)
        empty.gate.act(CHANGE, change)
        assert copy_for(empty, document) == copy_for(world, document)


def test_without_consent_a_copy_names_nothing_to_read(tmp_path: Path) -> None:
    with a_world(tmp_path / "store") as world:
        assert "| none |" in copy_for(world, Document.PRIVACY_NOTICE)


def test_every_threat_and_safeguard_names_measures_there_are(world: World) -> None:
    """``named`` refuses any other; each measure is told of once in each document."""
    for document in (Document.DPIA, Document.HIPAA_SAFEGUARDS):
        text = written(document, owners(world))
        for measure in MEASURES:
            assert text.count(f"\n| {measure.name} |") == 1


def test_a_document_is_read_and_recorded_as_a_resource(world: World) -> None:
    copy_for(world, Document.DPIA)
    row = world.rows()[-1]
    assert (row["action"], row["outcome"]) == ("get_dpia", "released")
    assert row["size"] > 0
    assert row["opened"] == []
