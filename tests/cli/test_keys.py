"""Keys, as their owner sees and replaces them."""

import re
from base64 import b64encode
from dataclasses import replace

import pytest

from pierre_mcp.cli import keys
from pierre_mcp.keyring.manifest import RetiredMaster
from pierre_mcp.services.rotation import Replacing, Rotation, in_use
from pierre_mcp.store.key_status import ListedKeys
from tests.cli.terminal import Person
from tests.fakes import StillClock

ONLY_COPIES = "Only older copies need it."


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
    assert states(runner) == {"active": 9}
    assert runner.does("call", "get_activities", "{}") == before
    last = runner.asks("audit", "tail", "-n", "20")
    assert [r["event"] for r in last if r["action"] == "keys rotate"] == [
        *("key_rotation", "key_rotation"),
    ]


@pytest.mark.promise("keys.dek-emergency")
def test_others_may_know_them(runner: Person) -> None:
    foretold = runner.asks("keys", "rotate", "--emergency", "--dry-run")
    assert (len(foretold["keys"]), foretold["resumes"]) == (9, False)
    with runner.sits("keys", "rotate", "--emergency") as terminal:
        said = terminal.end()
    assert said.status == 0
    assert re.search(r"9 keys made, 8 keys destroyed, \d+ rows sealed again", said.text)
    assert states(runner) == {"active": 9, "compromised": 1}
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


@pytest.mark.promise("keys.mek-rotation")
def test_a_master_key_moves_and_swapped_entries_do_not_undo_it(runner: Person) -> None:
    old = (runner.config / "development.key").read_text().strip()
    give(runner, new := a_key(1), "dev")
    assert "the primary, from env, is" in runner.does("keys", "status")
    assert "not wrapped under the master key set as primary" in served(runner)
    done = runner.asks("keys", "rewrap")
    assert done == {"rewrapped": 9, "log_emptied": True}
    found = runner.asks("keys", "status")
    [previous] = found["previous"]
    assert previous["may_go"]
    assert found["retired"] == [{"id": previous["id"], "compromised": False}]
    give(runner, old, new)
    assert "not wrapped under the master key set as primary" in served(runner)
    refused = runner.run("keys", "rewrap")
    assert (refused.returncode, refused.stdout) == (78, "")
    assert "retired" in refused.stderr
    give(runner, a_key(2), new)
    said = runner.does("keys", "rewrap", "--compromised")
    assert "9 keys made, 8 keys destroyed" in said
    assert "Copies of the store made before this stay readable" in said
    give(runner, a_key(2), "")
    assert "wrapped under" not in served(runner)
    assert "Retired, and may be known" in runner.does("keys", "status")


def a_key(of: int) -> str:
    return b64encode(bytes(range(of, of + 32))).decode()


def give(runner: Person, primary: str, previous: str) -> None:
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY"] = primary
    runner.env["PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS"] = previous


def served(runner: Person) -> str:
    """What a server says that starts, and whose client goes at once."""
    done = runner.run("serve", "--client", "somebody", typed="")
    assert done.returncode == 0
    return done.stderr


def a_job(**said: object) -> Rotation:
    clock = StillClock()
    job = Rotation(clock, Replacing(clock, in_use(None)))
    for name, value in said.items():
        setattr(job, name, value)
    return job


def test_what_is_said_of_a_rotation_that_met_trouble(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = a_job(resumed=True, resealed=7, destroyed=1, broken=2)
    keys.tell(job, emptied=False, as_json=False)
    said = capsys.readouterr().out
    assert "this finished it, and made no key" in said
    assert "0 keys made, 1 key destroyed, 7 rows sealed again." in said
    assert "2 rows did not open" in said
    assert "A reader kept the write-ahead log" in said


@pytest.mark.promise("keys.mek-rotation")
def test_what_is_said_of_master_keys() -> None:
    one, other, known = b"1" * 16, b"2" * 16, b"3" * 16
    retired = (
        RetiredMaster(one, compromised=False),
        RetiredMaster(known, compromised=True),
    )
    moved = ListedKeys(
        keys=(), destroyed=0, master=other, primary=other, previous=(one,),
        retired=retired,
    )  # fmt: skip
    assert keys._of_masters(moved, "env") == [
        f"Wrapped under {other.hex()}, the primary, from env.",
        f"Retired: {one.hex()}. {ONLY_COPIES} It is given as previous, and may go.",
        f"Retired, and may be known: {known.hex()}. {ONLY_COPIES}",
    ]
    swapped = replace(moved, primary=one, previous=(other,))
    assert keys._of_masters(swapped, "env")[0] == (
        f"Wrapped under {other.hex()}; the primary, from env, is {one.hex()}. To move "
        "to it: pierre-mcp keys rewrap"
    )
