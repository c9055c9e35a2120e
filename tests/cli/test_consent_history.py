"""What was consented to, shown to the person: now, ever, and as a receipt."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli import consent_history, consent_receipt, consent_show
from pierre_mcp.cli.consent_withdraw import withdraw
from pierre_mcp.cli.faults import (
    HistoryTamperedError,
    NotTakenError,
    PathTakenError,
    PathUnwritableError,
    ReceiptInvalidError,
)
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.errors import (
    LabelMalformedError,
    LedgerLineUnknownError,
    PathUnknownError,
)
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Purpose
from pierre_mcp.policy.notices import CURRENT
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import a_recording, settings_of

NOW = datetime.now(UTC)
SOON = NOW + timedelta(days=3, hours=1)
HELD = ("files:activities", "files:power", "analytics:insights", f"share:{CLAUDE}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store of now, and the command line at it."""
    with a_world(tmp_path / "store") as made:
        made.clock.at = NOW
        made.put(a_recording())
        begin(Session(settings_of(made.directory)))
        yield made


def change(world: World, **changed: Any) -> None:
    """Change the policy as other commands do."""

    def work(tx: Tx, grant: Grant) -> None:
        policy = policies.read(tx, grant).policy
        epoch = {"policy_epoch": policy.policy_epoch + 1}
        policies.write(tx, grant, policy.model_copy(update={**changed, **epoch}))

    world.gate.act(Call(OWNER, "change", "session"), work)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """What the last command said, as text or as JSON."""

    class Said:
        @property
        def text(self) -> str:
            return capsys.readouterr().out

        @property
        def json(self) -> Any:
            return json.loads(self.text)

    return Said()


def test_show_without_any(world: World, said: Any) -> None:
    consent_show.show()
    assert (
        said.text == "No consents. Give one with: pierre-mcp --profile store consent\n"
    )
    consent_show.show(as_json=True)
    assert said.json == {"recipients": [], "objections": []}
    assert world.told("get_status")["consented"] is False


@pytest.mark.promise("consent.history")
def test_show_says_what_is_in_force(world: World, said: Any) -> None:
    world.give(*HELD, "tool:get_activities", expires_at=SOON)
    world.give("files:notes", to=OTHER)
    consent_show.show()
    shown = said.text
    for words in (
        f"{CLAUDE}, at privacy level medium: ids are pseudonyms of this",
        "reads of files: activities, power\n",
        "for insights\n",
        "by get_activities\n",
        f"The first of it ends on {SOON.date()}, in 3 days. Given upon notice 1.",
        f"{OTHER}, at privacy level medium",
        "Open-ended.",
        "Nothing leaves: sharing with it is not consented to.",
    ):
        assert words in shown, words
    consent_show.show(CLAUDE, as_json=True)
    (one,) = said.json["recipients"]
    assert set(one["scopes"]) == {*HELD, "tool:get_activities"}
    assert (one["days_left"], one["notices"]) == (3, [CURRENT.version])
    consent_show.show("nobody", as_json=True)
    assert said.json["recipients"] == []
    with pytest.raises(LabelMalformedError):
        consent_show.show("No Label")


def test_show_says_what_ends_soon_and_many_tools(world: World, said: Any) -> None:
    world.give_training(expires_at=NOW + timedelta(hours=2))
    consent_show.show()
    shown = said.text
    assert ", within a day. Given" in shown
    assert f"by {len(world.table.readers())} tools\n" in shown


def test_show_says_what_does_not_count(world: World, said: Any) -> None:
    world.give(*HELD)
    held = world.gate.look(
        Call(OWNER, "look", "session"), lambda tx, g: policies.read(tx, g).policy
    )
    mine = held.of(CLAUDE)
    old = {
        scope: h.model_copy(update={"notice": 0}) for scope, h in mine.scopes.items()
    }
    changed = mine.model_copy(update={"scopes": old})
    change(world, recipients={CLAUDE: changed}, blocks=["share"])
    consent_show.show()
    shown = said.text
    assert "4 scopes given upon an older notice do not count until you run: " in shown
    assert f"consent renew --to {CLAUDE}" in shown
    assert "You object to: share." in shown
    consent_show.list_(as_json=True)
    assert {row["in_force"] for row in said.json} == {False}


@pytest.mark.promise("consent.history")
def test_the_history_is_whole_and_enters_what_has_ended(
    world: World, said: Any
) -> None:
    world.clock.at = NOW - timedelta(days=2)
    world.give(*HELD, expires_at=NOW - timedelta(days=1))
    world.give("files:notes", to=OTHER)
    world.withdraw(to=OTHER)
    consent_history.history(as_json=True)
    told = said.json
    assert told["holds"]
    events = [(line["event"], line["recipient"]) for line in told["lines"]]
    assert events == [
        *[("given", CLAUDE)] * 4,
        ("given", OTHER),
        ("withdrawn", OTHER),
        *[("expired", CLAUDE)] * 4,
    ]
    assert told["lines"][-1]["at"].startswith(f"{(NOW - timedelta(days=1)).date()}T")
    consent_history.history(OTHER)
    rows = said.text.splitlines()[1:]
    assert [row.split()[2:4] for row in rows] == [
        ["given", OTHER],
        ["withdrawn", OTHER],
    ]
    consent_history.history()
    first = said.text.splitlines()[1].split()
    assert (first[2], first[4:6]) == ("given", ["4", "scopes"])
    consent_history.history("nobody")
    assert said.text == "Nothing was ever consented to.\n"


@pytest.mark.promise("consent.history")
def test_a_history_that_was_changed_is_shown_and_said(world: World, said: Any) -> None:
    world.give(*HELD)
    world.withdraw("files:power")
    of_ledger = (
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name"
    )
    triggers = world.by_hand(f"{of_ledger} = 'ledger'")
    for name, _ in triggers:
        world.by_hand(f"DROP TRIGGER {name}")
    world.by_hand("UPDATE ledger SET mac = randomblob(32) WHERE seq = 1")
    for _, sql in triggers:
        world.by_hand(sql)  # else the store would not be opened
    with pytest.raises(HistoryTamperedError):
        consent_history.history(as_json=True)
    assert not said.json["holds"]


# --- withdrawing


@pytest.mark.promise("consent.granular")
def test_withdraw_by_purpose_from_all_or_one(world: World, said: Any) -> None:
    for to in (CLAUDE, OTHER):
        world.give("files:power", "analytics:insights", to=to)
    withdraw(purpose=Purpose.INSIGHTS, dry_run=True)
    assert said.text == (
        f"Would be withdrawn from {CLAUDE}: analytics:insights.\n"
        f"Would be withdrawn from {OTHER}: analytics:insights.\n"
    )
    withdraw(purpose=Purpose.INSIGHTS, to=OTHER, as_json=True)
    assert said.json == {
        "recipient": OTHER,
        "withdrawn": ["analytics:insights"],
        "dry_run": False,
    }
    assert "analytics:insights" in world.told("get_consents")["scope"]
    withdraw(purpose=Purpose.INSIGHTS)
    assert said.text == f"Withdrawn from {CLAUDE}: analytics:insights.\n"
    withdraw(purpose=Purpose.PREDICTIONS)
    assert said.text == "Nothing was held.\n"
    withdraw(purpose=Purpose.PREDICTIONS, as_json=True)
    assert said.json == {"withdrawn": {}, "dry_run": False}
    assert world.told("get_consents")["scope"] == ["files:power"]


def test_a_dry_run_takes_nothing_back(world: World, said: Any) -> None:
    world.give("files:power", "files:notes")
    withdraw(["files:power"], dry_run=True, as_json=True)
    assert said.json == {
        "recipient": CLAUDE,
        "withdrawn": ["files:power"],
        "dry_run": True,
    }
    assert len(world.told("get_consents")["scope"]) == 2
    with pytest.raises(NotTakenError):
        withdraw(["files:power"], purpose=Purpose.INSIGHTS)


# --- receipts


@pytest.mark.promise("consent.history")
def test_a_receipt_is_issued_and_checked(
    world: World, said: Any, tmp_path: Path
) -> None:
    world.give(*HELD, expires_at=SOON)
    consent_history.history(as_json=True)
    entry_id = said.json["lines"][0]["id"]
    consent_receipt.receipt(entry_id)
    made = said.json
    assert made["receipt"]["record"]["record_id"] == entry_id
    path = tmp_path / "receipt.json"
    consent_receipt.receipt(entry_id, out=path)
    assert said.text.startswith("Written.")
    consent_receipt.receipt(verify=path)
    shown = said.text
    assert "The receipt holds: consent given for claude-desktop" in shown
    assert "of files:activities, files:power." in shown
    assert "Signed by the key this store has now." in shown
    consent_receipt.receipt(verify=path, as_json=True)
    assert said.json["signed_by_this_store"]
    with pytest.raises(PathTakenError):
        consent_receipt.receipt(entry_id, out=path)
    with pytest.raises(PathUnwritableError):
        consent_receipt.receipt(entry_id, out=tmp_path / "none" / "receipt.json")
    consent_receipt.receipt(entry_id, out=tmp_path / "other.json", as_json=True)
    assert said.json == {"written": str(tmp_path / "other.json")}


def test_a_receipt_of_another_store_says_so(
    world: World, said: Any, tmp_path: Path
) -> None:
    world.give("tool:get_activities")
    consent_history.history(as_json=True)
    entry_id = said.json["lines"][0]["id"]
    path = tmp_path / "receipt.json"
    consent_receipt.receipt(entry_id, out=path)
    with a_world(tmp_path / "another", own=True) as another:
        begin(Session(settings_of(another.directory)))
        consent_receipt.receipt(verify=path)
    shown = said.text
    assert "of no data" in shown
    assert "Signed by another key than this store has now" in shown


def test_what_is_no_receipt(world: World, tmp_path: Path) -> None:
    world.give("files:power")
    for content in (b"", b"\xff\xfe", b"{}", b" " * 1_000_001):
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(ReceiptInvalidError):
            consent_receipt.receipt(verify=path)
    with pytest.raises(PathUnknownError):
        consent_receipt.receipt(verify=tmp_path / "none")
    with pytest.raises(LedgerLineUnknownError):
        consent_receipt.receipt("none")
    with pytest.raises(NotTakenError):
        consent_receipt.receipt()
    with pytest.raises(NotTakenError):
        consent_receipt.receipt("x", verify=tmp_path)
