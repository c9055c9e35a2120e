"""``consent withdraw --delete-data`` as a person gives it."""

import pytest

from tests.cli.terminal import Person
from tests.store.hands import look

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
