"""One tool, as its owner or as an assistant would have it."""

import json

from tests.cli.terminal import IN_BUNDLE, Person
from tests.host import Host, text_of

LABEL = "claude-desktop"


def test_your_own_data_whole(runner: Person) -> None:
    said = runner.does("call", "get_activities", '{"limit": 5}')
    line, answer = said.splitlines()
    assert line.startswith("1 activity")
    assert json.loads(answer)["activities"]["started_local"] == ["2024-05-04T08:30:00"]
    assert runner.does("call", "get_activities", '{"limit": 5}', "--json") == (
        f"{answer}\n"
    )


def test_a_preview_is_what_the_assistant_gets(runner: Person) -> None:
    runner.consents("--to", LABEL)
    previewed = runner.does("call", "get_activities", "--as", LABEL)
    with Host(runner.env) as host:
        host.greet()
        assert previewed == f"{text_of(host.call('get_activities'))}\n"
    rows = [r for r in runner.asks("audit", "tail") if r["outcome"] == "preview"]
    assert [row["action"] for row in rows].count(
        "get_activities"
    ) == 2  # the dialogue's
    assert {row["recipient"] for row in rows} == {LABEL}


def test_a_preview_is_refused_as_the_assistant_is(runner: Person) -> None:
    done = runner.run("call", "get_activities", "--as", LABEL)
    assert done.returncode == 1
    assert done.stdout.startswith("consent_missing: No consent in force.")
    found = json.loads(
        runner.run("call", "get_activities", "--as", LABEL, "--json").stdout
    )
    assert found["code"] == "consent_missing"
    assert "pierre-mcp consent --to claude-desktop" in found["error"]


def test_a_preview_changes_nothing(runner: Person) -> None:
    runner.consents("--to", LABEL)
    done = runner.run("call", "withdraw_consent", "{}", "--as", LABEL)
    assert done.returncode == 1
    assert done.stdout.startswith("preview_writes")
    assert len(runner.asks("consent", "list")) == IN_BUNDLE


def test_arguments_that_are_none(anna: Person) -> None:
    for text in ("[", "[]", "5", "", "[" * 10_000):
        done = anna.run("call", "get_activities", text)
        assert done.returncode == 1
        assert done.stderr == (
            'The arguments are not a JSON object, such as {"limit": 5}.\n'
        )
    assert not anna.data.exists()


def test_arguments_the_tool_does_not_take(runner: Person) -> None:
    done = runner.run("call", "get_activities", '{"limit": "secret"}')
    assert done.returncode == 1
    assert "limit" in done.stdout
    assert "secret" not in done.stdout


def test_a_tool_that_is_none(anna: Person) -> None:
    done = anna.run("call", "get_sleep")
    assert done.returncode == 1
    assert done.stdout.startswith("tool_unknown")
    assert "The tools are: get_status, get_activities," in done.stderr


def test_a_label_that_is_none(anna: Person) -> None:
    done = anna.run("call", "get_status", "{}", "--as", "Claude Desktop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "A recipient's label is lower-case letters" in done.stderr
