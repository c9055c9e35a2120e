"""``object`` as a person gives it."""

import pytest

from tests.cli.terminal import Person


@pytest.mark.promise("rights.object")
def test_at_once_and_lifted_only_on_a_terminal(runner: Person) -> None:
    assert runner.does("object") == "You object to nothing.\n"
    said = runner.does("object", "share")
    assert "nothing of yours goes to any assistant" in said
    assert "pierre-mcp object share --lift" in said
    assert runner.asks("object", "insights") == {
        "objected": "analytics:insights",
        "changed": True,
    }
    assert runner.asks("object") == ["analytics:insights", "share"]
    assert "share: nothing of yours" in runner.does("object")
    with runner.sits("consent", "grant", "files:power", "--to", "me") as terminal:
        terminal.take_challenge(wrongly=True)
        shown = terminal.end().text
    assert (
        "You object to share, analytics:insights, whatever you consent to. Lift that "
        "with: pierre-mcp object share --lift; pierre-mcp object analytics:insights"
    ) in shown
    assert runner.run("object", "share", "--lift").returncode == 1
    with runner.sits("object", "share", "--lift") as terminal:
        terminal.take_challenge()
        assert "Lifted: share" in terminal.end().text
    with runner.sits("object", "share", "--to", "me", "--lift", "--json") as terminal:
        terminal.take_challenge()
        assert '"changed": false' in terminal.end().text
    with runner.sits("object", "share", "--to", "me", "--lift") as terminal:
        terminal.take_challenge()
        assert "You did not object to share:me" in terminal.end().text
    assert runner.run("object", "--lift").returncode == 1
