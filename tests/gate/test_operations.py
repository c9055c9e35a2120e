"""Operations of a recipient: each step let in afresh, each end noted."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import ConsentMissingError
from pierre_mcp.gate.jobs import carry_out, unfinished
from pierre_mcp.model.caller import Call, Caller, Job, Owner, Recipient
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import operations
from pierre_mcp.services.imports import listed
from pierre_mcp.services.inbox import InboxImport
from pierre_mcp.services.steps import Act, Progress
from pierre_mcp.store import recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import State
from tests.gate.inboxes import CALL, NAME, allow, begin, do, fill, name_inbox
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.stores import owner_grant

FILES = 5


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return fill(tmp_path / "inbox", FILES)


@pytest.fixture
def world(tmp_path: Path, inbox: Path) -> Iterator[World]:
    """A person with an inbox, whose assistant may import and see activities."""
    with a_world(tmp_path / "store") as made:
        name_inbox(made, inbox)
        allow(made, "files:activities")
        yield made


def told(world: World, operation_id: str) -> dict[str, Any]:
    return world.told("get_operation", {"operation_id": operation_id})


def stored(world: World) -> int:
    ((count,),) = world.by_hand("SELECT count(*) FROM recordings")
    return int(count)


def runs(world: World) -> list[tuple[State, int]]:
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        found = listed(tx, grant)
    return [(run.state, run.run.activities) for run in found]


def job_rows(world: World) -> list[tuple[str, str]]:
    rows = (row for row in world.rows() if row["caller"] == "job")
    return [(row["outcome"], row["code"]) for row in rows]


def after(files: int, act: Callable[[], object]) -> Callable[[Progress], None]:
    """Act once so many files are told of."""

    def listen(progress: Progress) -> None:
        if progress.done == files and progress.word == "reading":
            act()

    return listen


@pytest.mark.promise("audit.every-call")
def test_it_imports_what_is_in_the_inbox(world: World) -> None:
    operation_id = begin(world)
    heard: list[Progress] = []
    do(world, operation_id, heard.append)
    found = told(world, operation_id)
    assert found == {
        "withheld": [],
        "operation_id": operation_id,
        "state": "finished",
        "reason": None,
        "files_done": FILES,
        "files_total": FILES,
        "files_imported": FILES,
        "files_duplicate": 0,
        "files_skipped": 0,
        "files_failed": 0,
        "activities_imported": FILES,
    }
    assert {p.word for p in heard} == {"looking", "reading", "done"}
    assert [p.done for p in heard] == [0, 0, 1, 2, 3, 4, 5, 5, 5]
    assert stored(world) == FILES
    assert runs(world) == [(State.FINISHED, FILES)]
    assert job_rows(world) == [("started", ""), ("done", "")]
    assert world.rows()[-2]["recipient"] == CLAUDE
    again = begin(world)
    assert again != operation_id
    do(world, again)
    assert told(world, again)["files_duplicate"] == FILES


def test_while_it_runs_it_grows(world: World) -> None:
    operation_id = begin(world)
    seen: list[tuple[int, int]] = []

    def look(_: Progress) -> None:
        found = told(world, operation_id)
        seen.append((found["files_done"], found["files_imported"]))

    do(world, operation_id, look)
    assert seen == sorted(seen)
    assert {done for done, _ in seen} == {0, 1, 2, 3, 4, 5}


@pytest.mark.promise("jobs.bound")
@pytest.mark.promise("consent.withdraw-now")
@pytest.mark.parametrize(
    ("ends", "state", "row"),
    [
        (lambda w, _: w.withdraw("tool:import_inbox"), "stopped", "consent_missing"),
        (lambda w, _: w.withdraw(f"share:{CLAUDE}"), "stopped", "consent_missing"),
        (
            lambda w, id_: w.told("cancel_operation", {"operation_id": id_}),
            "cancelled",
            "cancelled",
        ),
    ],
    ids=["tool withdrawn", "sharing withdrawn", "cancelled"],
)
def test_what_ends_it_ends_it_at_the_next_step(
    world: World, ends: Callable[[World, str], object], state: str, row: str
) -> None:
    operation_id = begin(world)
    do(world, operation_id, after(2, lambda: ends(world, operation_id)))
    assert stored(world) == 2, "what was done stays"
    assert runs(world) == [(State.INTERRUPTED, 2)]
    outcome = "cancelled" if row == "cancelled" else "refused"
    assert job_rows(world) == [("started", ""), (outcome, row)]
    found = told(world, operation_id)
    assert (found["state"], found["files_done"]) == (state, 2)
    assert found["reason"] == ("consent_missing" if state == "stopped" else None)
    assert found["files_imported"] == 2
    text = world.ask("get_operation", {"operation_id": operation_id}).text
    assert text.startswith(("Stopped after 2 files.", "Cancelled after 2 files;"))
    do(world, operation_id)
    assert stored(world) == 2, "it is over"


@pytest.mark.promise("consent.expiry")
def test_consent_that_expires_stops_it(world: World) -> None:
    end = world.clock.now() + timedelta(hours=1)
    allow(world, expires_at=end)
    operation_id = begin(world)
    do(world, operation_id, after(1, lambda: world.clock.pass_s(3_600)))
    assert stored(world) == 1
    assert told(world, operation_id)["state"] == "stopped"
    refused = world.ask("import_inbox")
    command = f"consent grant share:{CLAUDE} tool:import_inbox --to {CLAUDE}"
    assert command in refused.text


def test_a_policy_tampered_with_stops_it_and_nothing_is_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even how it ended: nobody is let in, so it is left as it is."""
    operation_id = begin(world)
    cell = "UPDATE policies SET cell = CAST(cell || x'00' AS BLOB)"
    do(world, operation_id, after(2, lambda: world.by_hand(cell)))
    assert stored(world) == 2
    assert job_rows(world) == [("started", ""), ("refused", "policy_tampered")]
    refused = world.ask("get_operation", {"operation_id": operation_id})
    assert refused.code == "policy_tampered"
    assert "an operation's end was not noted: PolicyTamperedError" in caplog.text
    assert world.by_hand("SELECT state FROM operations") == [("running",)]


@pytest.mark.promise("jobs.resume")
@pytest.mark.promise("store.crash")
def test_the_next_process_goes_on_where_this_one_ends(world: World) -> None:
    operation_id = begin(world)
    job = InboxImport(operation_id, world.clock)
    carry_out(world.gate, CALL, job, listen=after(2, job.end))
    assert job_rows(world)[-1] == ("cancelled", "process_ending")
    found = told(world, operation_id)
    assert (found["state"], stored(world)) == ("running", 2)
    assert unfinished(world.gate, CALL) == [operation_id]
    do(world, operation_id)
    found = told(world, operation_id)
    assert found["state"] == "finished"
    assert (found["files_imported"], found["files_duplicate"]) == (FILES, 0)
    assert found["activities_imported"] == FILES
    assert runs(world) == [(State.INTERRUPTED, 2), (State.FINISHED, FILES - 2)]
    assert unfinished(world.gate, CALL) == []


def test_what_was_undone_meanwhile_is_not_counted(world: World) -> None:
    operation_id = begin(world)
    job = InboxImport(operation_id, world.clock)
    carry_out(world.gate, CALL, job, listen=after(2, job.end))
    world.by_hand("DELETE FROM recordings")
    world.by_hand("UPDATE imports SET state = 'undone'")
    do(world, operation_id)
    assert told(world, operation_id)["files_imported"] == FILES
    assert stored(world) == FILES


def test_withdrawn_while_nobody_carried_it_out(world: World) -> None:
    operation_id = begin(world)
    job = InboxImport(operation_id, world.clock)
    job.end()
    carry_out(world.gate, CALL, job, listen=lambda _: None)
    world.withdraw()
    do(world, operation_id)
    assert told(world, operation_id)["state"] == "stopped"
    assert stored(world) == 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda inbox: inbox.chmod(0o777), "inbox_unusable"),
        (lambda inbox: inbox.rename(inbox.with_name("gone")), "inbox_unusable"),
    ],
    ids=["others may write to it", "gone"],
)
def test_an_inbox_that_is_none_any_more(
    world: World, inbox: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    operation_id = begin(world)
    spoil(inbox)
    do(world, operation_id)
    found = told(world, operation_id)
    assert (found["state"], found["reason"]) == ("failed", reason)
    text = world.ask("get_operation", {"operation_id": operation_id}).text
    assert "setup --inbox FOLDER" in text


def test_an_inbox_given_up_meanwhile(world: World) -> None:
    operation_id = begin(world)
    name_inbox(world, None)
    do(world, operation_id)
    assert told(world, operation_id)["reason"] == "inbox_missing"


def test_a_fault_of_ours_fails_it_with_a_word(world: World) -> None:
    operation_id = begin(world)

    def broken(_: Progress) -> None:
        raise ValueError(NAME)

    do(world, operation_id, broken)
    found = told(world, operation_id)
    assert (found["state"], found["reason"]) == ("failed", "internal")


@pytest.mark.promise("consent.explicit")
def test_a_job_reads_only_what_its_recipient_may(world: World) -> None:
    seen: list[Grant] = []

    def look(tx: Tx, grant: Grant) -> None:
        seen.append(grant)
        assert (grant.owner, grant.recipient) == (False, CLAUDE)
        assert grant.reads("files", Category.ACTIVITIES)
        assert not grant.reads("files", Category.HEART_RATE)
        with pytest.raises(RuntimeError):
            recordings.sources(tx, grant)

    world.give("files:heart_rate")
    world.gate.step(CALL, Act(look))
    with pytest.raises(RuntimeError):
        seen[0].check()


@pytest.mark.parametrize(
    ("caller", "action"),
    [
        (Job(Recipient(CLAUDE)), "get_activities"),
        (Job(Recipient(CLAUDE)), "withdraw_consent"),
        (Job(Recipient(CLAUDE)), "nonsense"),
        (Recipient(CLAUDE), "import_inbox"),
        (Owner(preview_as=CLAUDE), "import_inbox"),
    ],
    ids=str,
)
def test_a_step_is_of_a_job_that_was_consented_to(
    world: World, caller: Caller, action: str
) -> None:
    world.give_training()
    with pytest.raises(RuntimeError):
        world.gate.step(Call(caller, action, "session"), Act(lambda *_: None))


def test_a_job_without_consent_takes_no_step(world: World) -> None:
    call = Call(Job(Recipient(OTHER)), "import_inbox", "session")
    with pytest.raises(ConsentMissingError, match=f"--to {OTHER}"):
        world.gate.step(call, Act(lambda *_: None))


@pytest.mark.promise("mcp.errors")
def test_no_name_or_path_is_in_any_answer_row_or_line(
    world: World, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (inbox / f"{NAME}.gpx").write_bytes(b"nonsense")
    answer = world.ask("import_inbox")
    operation_id = str(answer.operation)
    do(world, operation_id)
    inbox.chmod(0o777)
    broken = begin(world)
    do(world, broken)
    said = [answer.text, json.dumps(world.rows()), caplog.text]
    for one in (operation_id, broken):
        said.append(world.ask("get_operation", {"operation_id": one}).text)
        said.append(world.ask("cancel_operation", {"operation_id": one}).text)
    for text in said:
        assert NAME not in text
        assert str(inbox.parent) not in text


def test_nothing_outlives_a_command_of_the_owners(world: World) -> None:
    grant = owner_grant(world.store)
    with world.store.writing() as tx, pytest.raises(RuntimeError):
        operations.begin(tx, grant, "import_inbox")
