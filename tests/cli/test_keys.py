"""Keys, as their owner sees and replaces them."""

import base64
import re

import pytest

from tests.cli.terminal import Person

NEW_KEY = base64.b64encode(bytes(range(100, 132))).decode()


def states(runner: Person) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in runner.asks("keys", "status")["keys"]:
        found[key["state"]] = found.get(key["state"], 0) + 1
    return found


def test_what_keys_there_are(runner: Person) -> None:
    found = runner.asks("keys", "status")
    [mine] = [
        key
        for key in found["keys"]
        if (key["scope"], key["purpose"]) == ("person", "seal")
    ]
    assert mine["rows"] > 5
    assert (mine["version"], mine["state"], mine["due"]) == (1, "active", None)
    assert found["primary"] == {"id": found["master"], "source": "dev"}
    assert (found["retired"], found["previous"], found["destroyed"]) == ([], [], 0)
    said = runner.does("keys", "status")
    assert re.search(r"\byou +seal +1 +active", said)
    assert f"Wrapped under {found['master']}, the primary, from dev." in said


@pytest.mark.promise("keys.dek-rotation")
def test_they_are_replaced(runner: Person) -> None:
    before = runner.does("call", "get_activities", "{}")
    foretold = runner.asks("keys", "rotate", "--dry-run")
    assert (len(foretold["keys"]), foretold["resumes"]) == (3, False)
    assert "It would replace 1 key:" in runner.does(
        *("keys", "rotate", "--dry-run", "--scope", "system")
    )
    done = runner.asks("keys", "rotate")
    assert (done["keys_made"], done["keys_destroyed"]) == (3, 3)
    assert done["rows_sealed_again"] > 5
    assert (done["rows_unreadable"], done["log_emptied"]) == (0, True)
    assert states(runner) == {"active": 8}
    assert runner.does("call", "get_activities", "{}") == before
    last = runner.asks("audit", "tail", "-n", "20")
    assert [r["event"] for r in last if r["action"] == "keys rotate"] == [
        *("key_rotation", "key_rotation"),
    ]


@pytest.mark.promise("keys.dek-emergency")
def test_others_may_know_them(runner: Person) -> None:
    foretold = runner.asks("keys", "rotate", "--emergency", "--dry-run")
    assert (len(foretold["keys"]), foretold["resumes"]) == (8, False)
    with runner.sits("keys", "rotate", "--emergency") as terminal:
        said = terminal.end()
    assert said.status == 0
    assert re.search(r"8 keys made, 7 keys destroyed, \d+ rows sealed again", said.text)
    assert states(runner) == {"active": 8, "compromised": 1}
    rows = runner.asks("audit", "tail", "-n", "20")
    assert [
        (row["event"], row["risk"]) for row in rows if row["action"] == "keys emergency"
    ] == [("key_rotation", "high")] * 2
    assert "Healthy" in runner.does("audit", "verify")


def test_a_master_key_that_is_primary_already(runner: Person) -> None:
    assert "already" in runner.does("keys", "rewrap")
    assert runner.asks("keys", "rewrap") == {"rewrapped": 0, "log_emptied": True}
    refused = runner.run("keys", "rewrap", "--compromised")
    assert refused.returncode == 78
    assert "Set a new key as primary" in refused.stderr


def test_how_old_a_key_may_be(runner: Person) -> None:
    env = {**runner.env, "PIERRE_KEY_MAX_AGE_DAYS": "soon"}
    refused = runner.run("keys", "status", env=env)
    assert (refused.returncode, refused.stdout) == (78, "")
    assert "a whole number of days" in refused.stderr
