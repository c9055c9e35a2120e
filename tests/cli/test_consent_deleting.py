"""``consent withdraw --delete-data`` as a person gives it."""

from pathlib import Path

import pytest

from pierre_mcp.cli import consent_deleting, session
from pierre_mcp.cli.consent_deleting import Deletion, withdraw_and_delete
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.errors import LockPassphraseWrongError
from pierre_mcp.gate import consent_lock
from pierre_mcp.gate.locking import LOCK
from pierre_mcp.model.caller import Call
from tests.cli.terminal import Person
from tests.gate.world import CLAUDE, OWNER, a_world
from tests.store.hands import look
from tests.stores import a_recording, settings_of

WITHDRAW = ("consent", "withdraw", "--to", "claude", "--delete-data")


@pytest.mark.promise("consent.cleanup")
def test_shown_asked_withdrawn_and_gone(runner: Person) -> None:
    runner.consents("grant", "files:heart_rate", "files:activities", "--to", "claude")
    runner.consents("grant", "files:power", "--to", "other")
    told = runner.asks(*WITHDRAW, "--dry-run")
    assert told["would_delete"]["files:activities"]["recordings"] == 1
    assert told["others"] == {"other": ["files:power"]}
    shown = runner.run(*WITHDRAW, "--dry-run")
    assert "other still has consent for: files:power" in shown.stderr
    assert runner.run(*WITHDRAW).returncode == 1, "not without a terminal"
    with runner.sits(*WITHDRAW) as terminal:
        refused = terminal.end()
    assert (refused.status, refused.challenges) == (1, 0)
    assert "--anyway" in refused.text
    assert runner.asks(*WITHDRAW, "--dry-run") == told
    with runner.sits(*WITHDRAW, "--anyway") as terminal:
        terminal.take_challenge()
        done = terminal.end()
    assert done.status == 0, done.text
    assert "Withdrawn from claude: files:" in done.text
    assert "Deleted: activities of 1" in done.text
    assert "nothing is due" not in done.text.lower()
    assert look(runner.store, "SELECT count(*) FROM recordings") == [(0,)]
    assert runner.asks("audit", "verify")["healthy"]
    with runner.sits(*WITHDRAW, "--anyway", "--json") as terminal:
        terminal.take_challenge()
        assert '"withdrawn": []' in terminal.end().text
    assert runner.run("consent", "withdraw", "--to", "x", "--anyway").returncode == 1


@pytest.mark.promise("consent.cleanup")
def test_without_the_passphrase_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it says: else who mistypes it is told wrongly that all is as before."""
    for name in ("require_terminal", "challenge"):
        monkeypatch.setattr(consent_deleting, name, lambda *_: None)
    monkeypatch.setattr(session, "has_terminal", lambda: True)
    monkeypatch.setattr(session, "ask_passphrase", lambda _: "another one")
    asked = Deletion(CLAUDE, None, dry_run=False, anyway=False, as_json=False)
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        world.give("files:power")
        settings = settings_of(world.directory)
        begin(Session(settings))
        on = Call(OWNER, LOCK, "session")
        outside = settings.high_water_dir
        consent_lock.put_on(world.gate, on, outside, "the one it is", sign=None)
        with pytest.raises(LockPassphraseWrongError, match="nothing was changed"):
            withdraw_and_delete(session.current(), asked)
        assert world.told("get_consents")["scope"] == ["files:power"]
        monkeypatch.setattr(session, "ask_passphrase", lambda _: "the one it is")
        withdraw_and_delete(session.current(), asked)
        assert world.told("get_consents")["scope"] == []
        assert world.by_hand("SELECT power FROM recordings") == [(None,)]
