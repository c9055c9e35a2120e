"""Levels and zones on the command line."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.cli.privacy_zones import list_
from pierre_mcp.cli.session import Session, begin
from tests.cli.terminal import Person
from tests.formats.making import STARTED_AT, fit_activity, ride
from tests.gate.world import a_world
from tests.stores import settings_of

LABEL = "claude-desktop"
SET = ("privacy", "set", "--recipient", LABEL, "--level")


def test_where_to_find_a_zone_is_said_for_the_profile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_world(tmp_path / "store") as world:
        begin(Session(settings_of(world.directory)))
        list_()
    assert "pierre-mcp --profile store privacy zone propose" in capsys.readouterr().out


@pytest.mark.promise("privacy.levels")
def test_a_level_is_raised_at_once_and_lowered_by_a_challenge(runner: Person) -> None:
    runner.consents("--to", LABEL)
    runner.does(*SET, "high")
    told = runner.asks("call", "get_activities", "--as", LABEL)
    assert told["activities"]["started_local"] == ["2024-W18"]
    refused = runner.run(*SET, "medium")
    assert (refused.returncode, refused.stdout) == (1, "")
    with runner.sits(*SET, "low") as terminal:
        terminal.take_challenge()
        assert terminal.end().status == 0
    (row,) = runner.asks("privacy", "show")["recipients"]
    assert (row["level"], row["chosen"]) == ("low", True)
    told = runner.asks("call", "get_activities", "--as", LABEL)
    assert told["activities"]["started_local"] == ["2024-05-04T08:30:00"]
    shown = runner.does("privacy", "show")
    assert f"{LABEL}: low: ids as stored; places to about 10 m" in shown


def test_one_answer_at_each_level(runner: Person) -> None:
    words = ("privacy", "preview", "get_activities", '{"limit": 1}')
    refused = runner.run(*words)
    assert refused.returncode == 1
    assert refused.stderr.startswith("No assistant holds any consent; say which")
    runner.consents("--to", LABEL)
    told = runner.asks(*words)
    starts = [told[level]["activities"]["started_local"] for level in told]
    assert [*told] == ["high", "medium", "low"]
    assert starts == [["2024-W18"], ["2024-05-04T08:00"], ["2024-05-04T08:30:00"]]
    assert "--- high\n1 activity, 2024-W18" in runner.does(*words)
    rows = runner.asks("audit", "tail")
    assert [r["outcome"] for r in rows if r["action"] == "get_activities"] == (
        ["preview"] * 7  # one in the dialogue of the consent
    )
    wide = Person(runner.home, TERM="xterm-256color")
    with wide.sits(*words) as terminal:
        screen = terminal.end().text
    assert re.search(r"high\W.*medium\W.*low", screen)
    assert runner.run("privacy", "preview", "nothing").returncode == 1
    assert runner.run("privacy", "preview", "get_status", "[").returncode == 1


def test_zones_are_added_listed_and_taken_back(runner: Person) -> None:
    assert runner.does("privacy", "zone", "list").startswith("No privacy zones.")
    add = ("privacy", "zone", "add", "--name", "home", "--at", "47.3700,8.5400")
    assert runner.does(*add) == "Private from now on.\n"
    assert runner.does(*add) == "It was private already.\n"
    (zone,) = runner.asks("privacy", "zone", "list")
    assert zone == {
        "lat_deg": 47.37, "lon_deg": 8.54, "radius_m": 400.0, "name": "home",
    }  # fmt: skip
    assert "home" in runner.does("privacy", "zone", "list")
    assert runner.run("privacy", "zone", "remove", "home").returncode == 1
    assert runner.run("privacy", "zone", "remove", "work").returncode == 1
    with runner.sits("privacy", "zone", "remove", "home") as terminal:
        terminal.take_challenge()
        assert terminal.end().status == 0
    assert runner.asks("privacy", "zone", "list") == []


def test_a_place_that_is_none(runner: Person) -> None:
    for at in ("47.3", "91,0", "0,181", "x,y", "47,8,9"):
        done = runner.run("privacy", "zone", "add", "--at", at)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("A place is latitude,longitude")
    assert runner.run("privacy", "zone", "add").returncode == 1


def test_where_activities_often_start_is_proposed_and_hidden(anna: Person) -> None:
    for i in range(5):  # each begins and ends near the others
        started_at = STARTED_AT + timedelta(days=i)
        anna.file(f"{i}.fit", fit_activity(ride(1_200 + i), started_at=started_at))
    anna.does("import", str(anna.home / "files"))
    found = anna.asks("privacy", "zone", "propose")
    assert [one["count"] for one in found] == [5, 5]
    told = anna.does("privacy", "zone", "propose")
    assert told.count("a start or an end 5 times.") == 2
    with anna.sits("privacy", "zone", "propose") as terminal:
        terminal.answer("empty: no >", "home")
        terminal.answer("empty: no >", "")
        assert terminal.end().status == 0
    assert [z["name"] for z in anna.asks("privacy", "zone", "list")] == ["home"]
    assert len(anna.asks("privacy", "zone", "propose")) == 1
    (an_id, *_) = anna.asks("call", "get_activities")["activities"]["id"]
    anna.does("privacy", "zone", "add", "--start-of", an_id, "--radius", "300")
    (_, start) = anna.asks("privacy", "zone", "list")
    assert start["radius_m"] == 300
    assert "home" not in json.dumps(anna.asks("audit", "tail"))
