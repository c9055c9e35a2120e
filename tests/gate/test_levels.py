"""The level that a person chose, at every way out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import LocationCell
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.store import audit
from pierre_mcp.tools.catalogue import RESOURCES, TOOLS
from tests.gate.world import CLAUDE, OTHER, OWNER, World, a_world, content
from tests.stores import a_recording, copy_store, owner_of
from tests.tools.test_noninterference import (
    OPEN,
    questions,
    tell,
    trained,
)

HIGH, MEDIUM, LOW = Level.HIGH, Level.MEDIUM, Level.LOW
NAME = "Xanthippe's loop"
ZONE = PrivacyZone(lat_deg=47.40, lon_deg=8.54, radius_m=400)


def walked(day: str, *, east: float = 0.0, name: str = NAME) -> NewRecording:
    """Ten kilometres north, a sample each ten metres."""
    along = np.arange(0, 10_000, 10.0)
    columns = {
        "t_s": along / 4,
        "distance_m": along,
        "lat_deg": 47.37012345 + along / 111_195,
        "lon_deg": np.full_like(along, 8.54012345 + east),
        "altitude_m": 400.44 + along / 50,
    }
    packed = {n: pack(c, STEPS[n]) for n, c in columns.items()}
    made = a_recording(day=day, name=name)
    path = LocationCell(
        along_m=along[::50].tolist(),
        lat_deg=columns["lat_deg"][::50].tolist(),
        lon_deg=columns["lon_deg"][::50].tolist(),
    )
    return replace(made, location=path, streams=packed)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two walks, one of late and one of long ago, and every consent given; closed."""
    directory = tmp_path_factory.mktemp("filled") / "store"
    with a_world(directory) as made:
        made.put(walked("2026-02-20"), walked("2025-11-05", east=1.0))
        for to in (CLAUDE, OTHER):
            made.give_training(extras=tuple(Category), to=to)
    return directory


@pytest.fixture
def world(filled: Path, tmp_path: Path) -> Iterator[World]:
    with a_world(copy_store(filled, tmp_path / "store")) as made:
        yield made


def listed(world: World, **asked: Any) -> dict[str, Any]:
    told: dict[str, Any] = world.told("get_activities", asked)["activities"]
    return told


def one(world: World, i: int = 0) -> dict[str, Any]:
    return world.told("get_activity", {"id": listed(world)["id"][i]})


def streams(world: World, **asked: Any) -> dict[str, Any]:
    [an_id, *_] = listed(world)["id"]
    types = ["lat_deg", "lon_deg", "altitude_m", "distance_m"]
    return world.told("get_activity_streams", {"id": an_id, "types": types, **asked})


# --- what each level shows


@pytest.mark.promise("privacy.levels")
def test_unchosen_is_medium(world: World) -> None:
    before = world.ask("get_activities").text
    world.choose(MEDIUM)
    assert world.ask("get_activities").text == before


@pytest.mark.promise("privacy.levels")
def test_at_high_there_is_no_place_no_name_and_no_hour(world: World) -> None:
    world.choose(HIGH)
    told = listed(world)
    assert told["day"] == ["2026-02-20", "2025-W45"]
    assert told["started_local"] == ["2026-02-20", "2025-W45"]
    assert "untrusted_text" not in told or told["untrusted_text"] == {}
    whole = one(world)
    assert (whole["route"], whole["untrusted_text"]) == ({}, {})
    assert {"source": "files", "category": "location"} in whole["withheld"]
    assert {"source": "files", "category": "notes"} not in whole["withheld"]
    seen = streams(world)
    assert "lat_deg" not in seen["streams"]
    assert {"source": "files", "category": "location"} in seen["withheld"]
    status = world.told("get_status")
    assert "time_zone" not in status
    assert "location" not in status["sources"][0]["categories"]
    assert "2025-11" not in json.dumps(status)


@pytest.mark.promise("privacy.levels")
def test_at_medium_places_and_times_are_coarse(world: World) -> None:
    world.choose(MEDIUM)
    assert listed(world)["started_local"] == ["2026-02-20T07:00", "2025-11-05T07:00"]
    whole = one(world)
    assert whole["untrusted_text"]["name"] == NAME
    assert all(d == round(d, 2) for d in whole["route"]["lat_deg"])
    lat = streams(world)["streams"]["lat_deg"]
    assert lat[0] is None
    assert all(d is None or d == round(d, 2) for d in lat)


@pytest.mark.promise("privacy.levels")
def test_at_low_all_is_as_stored_but_for_zones(world: World) -> None:
    world.choose(LOW)
    told = listed(world)
    ours = world.told("get_activities", of=OWNER)["activities"]
    assert told["id"] == ours["id"]
    assert told["started_local"] == ours["started_local"]
    assert one(world)["route"]["lat_deg"][0] == 47.3701
    seen = streams(world)["streams"]
    assert (seen["lat_deg"][0], seen["altitude_m"][0]) == (47.3701, 400.4)
    world.hide(ZONE)
    assert listed(world)["started_local"] == ["2026-02-20T07:00", "2025-11-05T07:30:00"]
    assert one(world)["started_local"] == "2026-02-20T07:00"
    assert all(d == round(d, 2) for d in one(world)["route"]["lat_deg"])
    assert streams(world)["streams"]["lat_deg"][0] is None
    assert one(world, 1)["started_local"] == "2025-11-05T07:30:00"
    assert one(world, 1)["route"]["lat_deg"][0] == 47.3701


def test_without_places_a_start_at_low_tells_nothing_of_zones(world: World) -> None:
    world.choose(LOW)
    world.hide(ZONE)
    world.withdraw("files:location")
    assert listed(world)["started_local"][0] == "2026-02-20T07:30:00"


@pytest.mark.promise("privacy.location")
@pytest.mark.parametrize("level", [MEDIUM, LOW])
def test_the_same_question_has_the_same_answer(world: World, level: Level) -> None:
    world.choose(level)
    world.hide(ZONE)
    first = one(world), streams(world)
    assert (one(world), streams(world)) == first
    whole = streams(world, max_points=2_000)["streams"]
    part = streams(world, max_points=2_000, start_s=500, end_s=900)["streams"]
    at = {
        t: (a, o)
        for t, a, o in zip(
            whole["t_s"], whole["lat_deg"], whole["lon_deg"], strict=True
        )
    }
    for t, a, o in zip(part["t_s"], part["lat_deg"], part["lon_deg"], strict=True):
        assert at[t] == (a, o), "what is hidden does not hang on what is asked"


# --- ids


@pytest.mark.promise("privacy.levels")
def test_ids_are_ours_its_own_or_of_this_session(world: World) -> None:
    by_level = {}
    for level in Level:
        world.choose(level)
        world.choose(level, to=OTHER)
        mine = listed(world)["id"]
        theirs = world.told("get_activities", of=OTHER)["activities"]["id"]
        later = asked_in(world, "another session", "get_activities", {})
        by_level[level] = mine
        assert (mine == theirs) == (level is LOW)
        assert (mine == later["activities"]["id"]) == (level is not HIGH)
        for an_id in mine:
            assert world.told("get_activity", {"id": an_id})["id"] == an_id
        if level is not LOW:
            refused = world.ask("get_activity", {"id": mine[0]}, of=OTHER)
            assert refused.code == "activity_unknown"
    assert len({str(ids) for ids in by_level.values()}) == 3
    world.choose(HIGH)
    for an_id in by_level[MEDIUM] + by_level[LOW]:
        assert world.ask("get_activity", {"id": an_id}).code == "activity_unknown"


@pytest.mark.promise("privacy.levels")
def test_at_high_ids_and_cursors_end_with_the_session(world: World) -> None:
    world.choose(HIGH)
    page = world.told("get_activities", {"limit": 1})
    [an_id] = page["activities"]["id"]
    again = {"limit": 1, "cursor": page["next_cursor"]}
    assert world.told("get_activities", again)["activities"]["day"] == ["2025-W45"]
    call = Call(Recipient(CLAUDE), "get_activities", "another session")
    assert world.gate.serve(call, again).code == "cursor_invalid"
    call = Call(Recipient(CLAUDE), "get_activity", "another session")
    assert world.gate.serve(call, {"id": an_id}).code == "activity_unknown"
    world.choose(MEDIUM)
    page = world.told("get_activities", {"limit": 1})
    asked = {"limit": 1, "cursor": page["next_cursor"]}
    assert asked_in(world, "another session", "get_activities", asked)["activities"]


def asked_in(
    world: World, session: str, tool: str, asked: Mapping[str, Any]
) -> dict[str, Any]:
    answer = world.gate.serve(Call(Recipient(CLAUDE), tool, session), asked)
    assert not answer.is_error, answer.text
    return content(answer)


# --- every way out


@pytest.fixture(scope="module")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("trained") / "store") as made:
        for one_ in trained():
            made.put(one_)
        made.put(walked("2025-11-05", name=NAME))
        made.gate.act(Call(OWNER, "athlete set", "session"), tell)
        made.give_training(sources=("files", "strava", "self"), extras=OPEN)
        made.give("analytics:predictions")
        yield made


@pytest.mark.promise("privacy.every-exit")
def test_at_high_no_tool_tells_an_old_day_a_name_or_a_place(
    trained_world: World,
) -> None:
    world = trained_world
    world.choose(HIGH)
    old = {str(d) for d in _days(world)}
    ids = world.told("get_activities")["activities"]["id"]
    everything = [*questions(ids), ("get_status", {}), ("get_privacy_settings", {})]
    everything += [
        (tool, {"id": one_})
        for tool in ("get_activity", "get_activity_streams")
        for one_ in ids
    ]
    for tool, asked in everything:
        answer = world.ask(tool, asked)
        assert not answer.text.startswith("internal"), (tool, asked)
        told = answer.text
        for day in old:
            assert day not in told, (tool, asked, day)
        for word in (NAME, "Bike", "Europe/Zurich", "47.37", "lat_deg"):
            assert word not in told, (tool, asked, word)


@pytest.mark.promise("privacy.levels")
def test_at_high_no_argument_finds_the_day_within_an_old_week(
    trained_world: World,
) -> None:
    """Else who asks for each day of it by itself is told in which it happened."""
    world = trained_world
    monday = date(2025, 11, 3)  # on its Wednesday there is a walk
    week = [monday + timedelta(n) for n in range(7)]
    today = world.clock.now().date()
    asked: Mapping[str, list[dict[str, Any]]] = {
        "get_personal_records": [{"compare": f"{day}/{day}"} for day in week],
        "get_activities": [{"from_day": str(day), "to_day": str(day)} for day in week],
        "calculate_zones": [{"days": (today - day).days + 1} for day in week],
        "predict_performance": [{"days": (today - day).days + 1} for day in week],
    }
    for level, most in ((MEDIUM, 7), (HIGH, 1)):
        world.choose(level)
        for tool, each in asked.items():
            told = {world.ask(tool, one_).text for one_ in each}
            assert len(told) <= most, tool
            assert level is HIGH or len(told) > 1, tool
    year = {"from_day": "2026-02-25", "compare": "year_before"}
    beside = world.told("get_personal_records", year)
    days = beside["compare_from"], beside["compare_to"]
    assert days == ("2025-02-24", "2025-03-02")


def _days(world: World) -> list[str]:
    days = world.by_hand("SELECT DISTINCT local_day FROM recordings")
    return [d for (d,) in days if d < "2026-02-01"]


@pytest.mark.promise("privacy.levels")
def test_from_high_to_low_nothing_is_lost(trained_world: World) -> None:
    """Each level has the fields of the one above it, and never a place less exact."""
    world = trained_world
    fields: dict[Level, dict[str, set[str]]] = {}
    for level in (HIGH, MEDIUM, LOW):
        world.choose(level)
        ids = world.told("get_activities")["activities"]["id"]
        asked = [*questions(ids)][::2]
        asked += [("get_activity", {"id": one_}) for one_ in ids[:2]]
        fields[level] = {
            f"{i} {tool}": paths(json.loads(answer.structured or b"{}"))
            for i, (tool, of) in enumerate(asked)
            for answer in [world.ask(tool, of)]
        }
    for question, most in fields[LOW].items():
        assert fields[HIGH][question] <= fields[MEDIUM][question] <= most, question


def paths(value: Any, at: str = "") -> set[str]:
    """Every named place in an answer where there is something."""
    if isinstance(value, dict):
        inner = {
            p
            for k, v in value.items()
            if k != "withheld"
            for p in paths(v, f"{at}.{k}")
        }
        return inner | {at}
    return {at}


@pytest.mark.promise("privacy.every-exit")
def test_resources_and_previews_go_the_same_way(trained_world: World) -> None:
    world = trained_world
    for level in Level:
        world.choose(level)
        an_id = world.told("get_activities")["activities"]["id"][0]
        for resource in RESOURCES:
            uri = resource.uri.replace("{id}", an_id)
            tool, asked = world.table.behind(uri)
            direct = world.ask(tool, asked).text
            assert world.ask(tool, asked, of=Owner(CLAUDE)).text == direct
            assert world.ask(tool, asked, of=Owner(CLAUDE, level=level)).text == direct
    world.choose(HIGH)
    shown = world.told("get_activities", of=Owner(CLAUDE, level=LOW))["activities"]
    assert "started_local" in shown
    assert shown["untrusted_text"]["name"]


@pytest.mark.promise("privacy.every-exit")
def test_prompts_and_refusals_hold_nothing_of_a_person(trained_world: World) -> None:
    world = trained_world
    texts = set()
    for level in Level:
        world.clock.pass_s(60)  # or they would be too many calls
        world.choose(level)
        prompts = [
            world.gate.prompt(Call(Recipient(CLAUDE), name, "s"), {}).text
            for name in world.table.prompts
        ]
        refusals = [
            world.ask(tool.name, {"id": "x" * 22, "nothing": NAME}).text
            for tool in TOOLS
        ]
        unknown = world.ask("get_activity", {"id": "0" * 22}).text
        texts.add(json.dumps([*prompts, *refusals, unknown]))
    assert len(texts) == 1, "the same at each level"
    [said] = texts
    assert not any(w in said for w in (NAME, "2025-", "Zurich", "Hills"))


@pytest.mark.promise("privacy.levels")
def test_the_record_tells_the_level(world: World) -> None:
    for level in Level:
        world.choose(level)
        world.told("get_activities")
        row = world.last_row()
        assert row["outcome"] == Outcome.RELEASED
        assert bool(row["detail"]) == (level is not MEDIUM)
        if level is not MEDIUM:
            [(cell,)] = world.by_hand(
                "SELECT cell FROM audit_detail ORDER BY seq DESC LIMIT 1"
            )
            place = audit.detail_place(owner_of(world.store), row["seq"])
            with world.store.reading() as tx:
                salted = tx.ring.open(cell, place)
            assert salted.endswith(f'{{"level":"{level}"}}'.encode())
