"""What an assistant may begin: only by name, and only for itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.gate.gate import About, Gate
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.services.entries import FILES
from pierre_mcp.tools import operations
from pierre_mcp.tools.catalogue import table
from tests.gate.inboxes import allow, begin, name_inbox
from tests.gate.world import CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import a_store


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A person with an empty inbox, and no consent."""
    (tmp_path / "inbox").mkdir()
    with a_world(tmp_path / "store") as made:
        name_inbox(made, tmp_path / "inbox")
        yield made


def test_what_is_told_is_told_of_the_source_that_is_imported() -> None:
    assert FILES.source == operations.SOURCE


@pytest.mark.promise("consent.explicit")
def test_no_bundle_lets_an_assistant_import(world: World) -> None:
    assert "import_inbox" not in table().readers()
    world.give_training()
    refused = world.ask("import_inbox")
    assert refused.code == "consent_missing"
    assert refused.text.endswith(
        f"pierre-mcp consent grant tool:import_inbox --to {CLAUDE}"
    )
    assert world.by_hand("SELECT count(*) FROM operations") == [(0,)]


@pytest.mark.parametrize("lacking", ["tool:import_inbox", f"share:{CLAUDE}"])
def test_it_needs_the_tool_and_sharing(world: World, lacking: str) -> None:
    allow(world)
    world.withdraw(lacking)
    refused = world.ask("import_inbox")
    assert f"No consent in force for {lacking}." in refused.text


def test_without_an_inbox_it_says_which_command_names_one(world: World) -> None:
    allow(world)
    name_inbox(world, None)
    about = About(command="pierre-mcp --profile anna", version="0")
    gate = Gate(world.store, world.table, world.clock, about)
    call = Call(Recipient(CLAUDE), "import_inbox", "session")
    answer = gate.serve(call, {})
    assert answer.code == "inbox_missing"
    assert "with: pierre-mcp --profile anna setup --inbox FOLDER" in answer.text


def test_a_second_call_joins_the_first(world: World) -> None:
    allow(world)
    first = world.ask("import_inbox")
    assert first.operation == begin(world)
    assert world.by_hand("SELECT count(*) FROM operations") == [(1,)]
    assert first.text.startswith("Running: 0 files done; it goes on by itself.")


@pytest.mark.promise("jobs.bound")
@pytest.mark.promise("tenant.isolation")
def test_each_assistant_has_its_own(world: World) -> None:
    for to in (CLAUDE, OTHER):
        allow(world, to=to)
    mine, theirs = begin(world), begin(world, OTHER)
    assert mine != theirs
    for tool in ("get_operation", "cancel_operation"):
        asked = [
            world.ask(tool, {"operation_id": one}).text
            for one in (theirs, "11111111-1111-4111-8111-111111111111", "x")
        ]
        (said,) = set(asked)
        assert said.startswith("operation_unknown: There is no operation with this id.")
    told = world.told("get_operation", {"operation_id": theirs}, of=OTHER)
    assert told["state"] == "running"
    assert world.told("get_operation", {"operation_id": theirs}, of=OWNER) == told | {
        f"files_{word}": 0 for word in ("imported", "duplicate", "skipped", "failed")
    } | {"activities_imported": 0}


@pytest.mark.promise("privacy.minimised")
def test_what_became_of_the_files_is_told_to_who_may_read_activities(
    world: World,
) -> None:
    """ "Duplicate" says that a file is in the history."""
    allow(world)
    answer = world.told("import_inbox")
    assert answer["withheld"] == [{"source": "files", "category": "activities"}]
    assert "files_duplicate" not in answer
    asked = {"operation_id": answer["operation_id"]}
    text = world.ask("get_operation", asked).text
    assert "is told with consent to files:activities." in text
    world.give("files:activities")
    assert world.told("get_operation", asked)["files_duplicate"] == 0
    assert "is told with" not in world.ask("get_operation", asked).text
    assert world.told("import_inbox")["withheld"] == []


def test_a_cancelled_one_is_over_and_the_next_call_begins_anew(world: World) -> None:
    allow(world)
    first = begin(world)
    for _ in range(2):
        told = world.told("cancel_operation", {"operation_id": first})
        assert told["state"] == "cancelled"
    assert begin(world) != first


def test_giving_up_needs_no_consent(world: World) -> None:
    allow(world)
    operation_id = begin(world)
    world.withdraw()
    asked = {"operation_id": operation_id}
    assert world.told("get_operation", asked)["state"] == "running"
    assert world.told("cancel_operation", asked)["state"] == "cancelled"


def test_the_owner_imports_by_a_command(world: World) -> None:
    answer = world.ask("import_inbox", of=OWNER)
    assert answer.code == "inbox_for_assistants"
    assert "pierre-mcp import PATH" in answer.text
    allow(world)
    preview = world.ask("import_inbox", of=Owner(preview_as=CLAUDE))
    assert preview.code == "preview_writes"


def test_a_demo_takes_nobodys_data(tmp_path: Path) -> None:
    with a_store(tmp_path / "demo", demo=True), a_world(tmp_path / "demo") as world:
        allow(world)
        assert world.ask("import_inbox").code == "demo_store"
