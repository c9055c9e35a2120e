"""Each command leaves exactly the rows it should; one without an entry here fails."""

import json
from pathlib import Path

import pytest

from tests.cli.terminal import CHALLENGE, Person
from tests.formats.making import fit_activity, ride
from tests.walking import COMMANDS, END, GIVEN, commands, walk

WORDS = "correct horse battery canary-9d02"
ASKED = rf"{CHALLENGE}|(lock: |again: )|(\[[yY]/[nN]\]: )|({END})"


@pytest.mark.promise("audit.every-call")
def test_every_command_has_an_entry() -> None:
    assert sorted(COMMANDS) == sorted(commands())


@pytest.mark.promise("audit.every-call")
def test_each_command_leaves_its_rows_and_no_other(tmp_path: Path) -> None:
    anna, file = Person(tmp_path), tmp_path / "told.json"
    (tmp_path / "ride.fit").write_bytes(fit_activity(ride(60)))
    with anna.sits(str(file), main=walk, within_s=120) as terminal:
        while not (found := terminal.until(ASKED))[4]:
            terminal.type(found[1] or (WORDS if found[2] else "y"))
        screen = terminal.end()
    told = json.loads(file.read_text("utf-8"))
    left = {
        name: tuple(f"{row['action']} {row['outcome']}" for row in one["rows"])
        for name, one in told.items()
    }
    assert left == {name: given.rows for name, given in GIVEN.items()}
    assert {name for name, one in told.items() if one["status"]} == set(), screen.text
    for one in told.values():
        assert {row["session"] for row in one["rows"]} <= {one["session"]}
        assert {row["door"] for row in one["rows"]} <= {"cli"}
