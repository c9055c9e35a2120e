"""Disclosures: what was released to whom, and nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pierre_mcp.model.audit import Finding
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.disclosure import Disclosure
from pierre_mcp.services.disclosures import received
from pierre_mcp.store import disclosures, erasing, people
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import a_recording, maintenance

OWNER = Call(Owner(), "disclosures", "session")
TRAINING = ["activities", "heart_rate", "power", "profile"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        world.give_training()
        yield world


def told(
    world: World, *, since: datetime | None = None, recipient: str | None = None
) -> list[Disclosure]:
    found = world.gate.maintain(
        OWNER, lambda tx, m, who: received(tx, m, who, since=since, recipient=recipient)
    )
    assert isinstance(found, list)
    return found


@pytest.mark.promise("rights.disclosures")
def test_what_was_released_is_told_by_recipient_source_and_category(
    world: World,
) -> None:
    first = world.clock.now()
    world.told("get_activities")
    world.clock.pass_s(3_600)
    world.told("get_activities", {"limit": 1})
    world.told("get_consents", of=OTHER)
    found = told(world)
    got = {one.category: one for one in found if one.recipient == CLAUDE}
    assert got["activities"].answers == 2
    assert got["activities"].source == "files"
    assert got["activities"].first_at == first
    assert got["activities"].last_at == first + timedelta(hours=1)
    assert got["activities"].first_epoch == got["activities"].last_epoch > 0
    assert "location" not in got
    [other] = [one for one in found if one.recipient == OTHER]
    assert (other.source, other.category, other.answers) == ("", "", 1)


@pytest.mark.promise("rights.disclosures")
def test_what_did_not_leave_is_no_disclosure(world: World) -> None:
    assert world.ask("get_activities", of=OTHER).is_error
    assert not world.ask("get_activities", of=Owner(CLAUDE)).is_error
    assert not world.ask("get_activities", of=Owner()).is_error
    assert world.ask("get_activities", {"limit": -1}).is_error
    assert told(world) == []


def test_since_a_moment_and_to_one_alone(world: World) -> None:
    world.told("get_activities")
    world.clock.pass_s(60)
    later = world.clock.now()
    world.told("get_consents", of=OTHER)
    assert {one.recipient for one in told(world, since=later)} == {OTHER}
    assert {one.recipient for one in told(world, recipient=CLAUDE)} == {CLAUDE}
    assert told(world, since=later, recipient=CLAUDE) == []


@pytest.mark.promise("rights.disclosures")
def test_of_a_log_that_was_changed_nothing_is_told(world: World) -> None:
    world.told("get_activities")
    edit(world.directory, "UPDATE audit SET entry = replace(entry, 'claude', 'clarke')")
    found = world.gate.maintain(OWNER, received)
    assert isinstance(found, Finding)


def test_of_a_person_who_was_erased_nothing_is_told(world: World) -> None:
    world.told("get_activities")
    with world.store.writing() as tx:
        now, who = world.clock.now(), people.owner(tx)
        erasing.erase_person(tx, maintenance(), who, session="s", now=now)
    with world.store.reading() as tx:
        assert received(tx, maintenance(), None) == []


def test_a_level_that_the_log_has_is_told() -> None:
    row = {"recipient": CLAUDE, "at_us": 1, "policy_epoch": 1, "opened": []}
    rows = [row, row | {"level": "medium"}, row | {"level": "high"}]
    [one] = disclosures._sums(rows, range(9), None)
    assert (one.answers, one.levels) == (3, ("high", "medium"))
