"""A token is issued for what is in force, and verified against it."""

import json
from typing import Any

import pytest

from tests.cli.terminal import Person

TOOL = "get_activities"
LABEL = "claude-desktop"
SCOPES = ("--scope", "files:activities", "--scope", "analytics:insights")
ISSUE = ("consent", "token", "--to", LABEL, "--operation", TOOL)
VERIFY = ("consent", "verify", "--operation", TOOL)


def answer(anna: Person, token: str, *words: str, status: int) -> dict[str, Any]:
    done = anna.run(*VERIFY, "--token", "-", *words, "--json", typed=f"{token}\n")
    assert done.returncode == status, done.stderr
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.promise("consent.verify")
def test_from_issue_to_withdrawal(runner: Person) -> None:
    refused = runner.run(*ISSUE, *SCOPES)
    assert refused.returncode == 1
    assert "consent grant files:activities analytics:insights" in refused.stderr
    runner.consents("--to", LABEL)

    issued = runner.run(*ISSUE, *SCOPES, "--minutes", "5")
    token = issued.stdout.strip()
    assert "It says that claude-desktop may run get_activities" in issued.stderr
    assert token not in issued.stderr
    told = answer(runner, token, *SCOPES, status=0)
    assert told.pop("expires_at")
    assert told == {
        "allowed": True,
        "reason": None,
        "recipient": LABEL,
        "operation": TOOL,
        "granted_scopes": [*SCOPES[1::2], f"share:{LABEL}", f"tool:{TOOL}"],
        "missing_scopes": [],
    }
    shown = runner.does(*VERIFY, "--token", token, *SCOPES)
    assert shown.startswith("Allowed: claude-desktop may run get_activities with")

    more = answer(runner, token, "--scope", "files:location", status=1)
    assert (more["reason"], more["missing_scopes"]) == (
        "consent_missing", ["files:location"],
    )  # fmt: skip
    runner.does("consent", "withdraw", "analytics:insights", "--to", LABEL)
    after = answer(runner, token, *SCOPES, status=1)
    assert (after["reason"], after["expires_at"]) == ("consent_missing", None)
    assert after["missing_scopes"] == ["analytics:insights"]
    for path in runner.home.rglob("*"):
        assert not (path.is_file() and token.encode() in path.read_bytes())


@pytest.mark.promise("consent.verify")
def test_what_is_no_token(runner: Person) -> None:
    told = answer(runner, "x" * 100_000, *SCOPES, status=1)
    assert (told["allowed"], told["reason"]) == (False, "token_refused")
    done = runner.run(*VERIFY, "--token", "s3cret.s3cret.s3cret", *SCOPES)
    assert done.returncode == 1
    assert done.stdout.startswith("Not allowed: it is no token of this store in use.")
    assert "s3cret" not in done.stdout + done.stderr
    issued = runner.run(*ISSUE[:-1], "no_such_tool", *SCOPES)
    assert "There is no such tool." in issued.stderr


def test_as_json(runner: Person) -> None:
    runner.consents("grant", f"share:{LABEL}", f"tool:{TOOL}", "--to", LABEL)
    runner.consents("grant", "files:power", "--to", LABEL)
    told = runner.asks(*ISSUE, "--scope", "files:power")
    assert set(told) == {"token", "recipient", "operation", "scopes", "expires_at"}
    assert answer(runner, told["token"], "--scope", "files:power", status=0)["allowed"]
