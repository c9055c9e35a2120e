"""``disclosures`` as a person reads it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from pierre_mcp.cli.disclosures import disclosures
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import Session, begin
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import a_recording, settings_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        begin(Session(settings_of(world.directory)))
        yield world


@pytest.fixture
def shown(world: World) -> World:
    world.put(a_recording())
    world.give_training()
    world.told("get_activities")
    world.told("get_consents", of=OTHER)
    return world


@pytest.mark.promise("rights.disclosures")
def test_as_a_table_as_json_and_as_csv(
    shown: World, capsys: pytest.CaptureFixture[str]
) -> None:
    disclosures()
    text = capsys.readouterr().out
    assert "heart_rate" in text
    assert "no category" in text
    disclosures(as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert {one["recipient"] for one in found} == {CLAUDE, OTHER}
    disclosures(as_csv=True, to=CLAUDE)
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert {row["category"] for row in rows} == {
        one["category"] for one in found if one["recipient"] == CLAUDE
    }
    assert {row["answers"] for row in rows} == {"1"}
    day = f"{shown.clock.now():%Y-%m-%d}"
    disclosures(since=day, as_csv=True, to=CLAUDE)
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 1


def test_where_nothing_left(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    disclosures()
    assert capsys.readouterr().out == "Nothing was released to any assistant.\n"
    assert world.last_row()["action"] == "disclosures"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_broken_log_tells_nothing(
    shown: World, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    edit(shown.directory, "UPDATE audit SET entry = replace(entry, 'claude', 'clarke')")
    with pytest.raises(typer.Exit):
        disclosures(as_json=as_json)
    said = capsys.readouterr().out
    assert CLAUDE not in said
    assert "row" in said
    assert as_json or "with: pierre-mcp --profile store audit verify" in said


@pytest.mark.parametrize("since", ["2026-02-30", "yesterday", "20260301"])
def test_what_is_no_day(since: str) -> None:
    with pytest.raises(NotTakenError):
        disclosures(since=since)
    with pytest.raises(NotTakenError):
        disclosures(as_json=True, as_csv=True)
