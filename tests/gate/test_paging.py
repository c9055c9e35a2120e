"""Lists: every row exactly once, whatever the page, and within what fits."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.gate.exits import DEFAULT_BYTES, EXPLICIT_BYTES
from pierre_mcp.model.caller import Caller, Owner
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.recording import NewRecording
from tests.gate.world import CLAUDE, World, a_world
from tests.stores import FILES, STRAVA, a_recording

FIRST = date(2026, 1, 1)


def on(offset: int, hour: int, *, strava: bool = False) -> NewRecording:
    """A recording ``offset`` days on, at this hour; its name tells which it is."""
    made = a_recording(
        day=str(FIRST + timedelta(days=offset)),
        where=STRAVA if strava else FILES,
        sport=Sport.CYCLING if strava else Sport.RUNNING,
    )
    started_us = made.activity.started_us + hour * 3_600_000_000
    return replace(made, activity=made.activity.model_copy(
        update={"started_us": started_us}
    ))  # fmt: skip


def pages(
    world: World, question: dict[str, Any], *, of: str | Caller = CLAUDE
) -> list[dict[str, Any]]:
    """Every page of a question."""
    told = [world.told("get_activities", question, of=of)]
    while told[-1]["truncated"]:
        further = {**question, "cursor": told[-1]["next_cursor"]}
        told.append(world.told("get_activities", further, of=of))
    assert told[-1]["next_cursor"] is None
    return told


def column(told: list[dict[str, Any]], name: str) -> list[Any]:
    return [value for page in told for value in page["activities"].get(name, [])]


made = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 15), st.booleans()), max_size=14
)


@settings(max_examples=25, deadline=None)
@given(made, st.integers(1, 9), st.sampled_from([None, "files", "strava"]))
def test_paging_gives_every_row_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    some: list[tuple[int, int, bool]],
    limit: int,
    provider: str | None,
) -> None:
    """Also where several are on one day, or begin in the same instant."""
    with a_world(tmp_path_factory.mktemp("w")) as world:
        world.put(*(on(d, hour, strava=s) for d, hour, s in some))
        world.give_training(sources=("files", "strava"))
        question: dict[str, Any] = {"limit": limit}
        if provider:
            question["provider"] = provider
        wanted = [x for x in some if provider is None or x[2] == (provider == "strava")]
        for of in (CLAUDE, Owner()):
            told = pages(world, question, of=of)
            ids = column(told, "id")
            assert len(set(ids)) == len(ids) == len(wanted)
            assert all(len(column([page], "id")) == limit for page in told[:-1])
            starts = column(told, "started_local")
            assert starts == sorted(starts, reverse=True)
            days = sorted((str(FIRST + timedelta(days=d)) for d, _, _ in wanted))
            assert column(told, "day") == days[::-1]


def test_a_row_that_arrives_between_pages_shifts_nothing(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.put(*(on(d, 0) for d in range(6)))
        world.give_training()
        first = world.told("get_activities", {"limit": 3})
        world.put(on(9, 0))
        further = {"limit": 3, "cursor": first["next_cursor"]}
        rest = world.told("get_activities", further)
        days = column([first, rest], "day")
        assert days == [str(FIRST + timedelta(days=d)) for d in (5, 4, 3, 2, 1, 0)]


def test_the_first_of_all_days_ends_the_list(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        world.put(
            *(replace(on(0, h), local_day="0001-01-01") for h in range(3)), on(0, 0)
        )
        world.give_training()
        assert len(column(pages(world, {"limit": 1}), "id")) == 4


def test_one_activity_of_two_recordings_is_one_row(tmp_path: Path) -> None:
    """However many recordings each has, a page is full and nothing is left out."""
    with a_world(tmp_path) as world:
        world.put(*(on(d, h, strava=s) for d in range(6) for h in (0, 5)
                    for s in (False, True)))  # fmt: skip
        for day in range(6):
            ids = world.by_hand(
                "SELECT activity_id, id FROM recordings WHERE local_day = ?",
                (str(FIRST + timedelta(days=day)),),
            )
            for _, row in ids:
                world.by_hand(
                    "UPDATE recordings SET activity_id = ? WHERE id = ?",
                    (ids[0][0], row),
                )
        world.give_training(sources=("files", "strava"))
        for limit in (1, 2, 5):
            told = pages(world, {"limit": limit})
            ids = column(told, "id")
            assert len(set(ids)) == len(ids) == 6
            assert set(column(told, "source")) == {"files"}
            one = world.told("get_activity", {"id": ids[0]})
            assert one["source"] == "files", "the list and the one agree"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A world whose activities have the longest names there can be."""
    with a_world(tmp_path_factory.mktemp("talkative") / "store") as world:
        for d in range(60):
            world.put(replace(on(d, 0), notes=None))
        world.put(*(a_recording(day=f"2025-0{m}-{d:02}", name="\U0001f3c3" * 1_000)
                    for m in (1, 3) for d in range(1, 31)))  # fmt: skip
        world.give_training(extras=(Category.NOTES,))
        yield world


def test_a_default_answer_is_short(talkative: World) -> None:
    told = pages(talkative, {})
    assert len(column(told, "id")) == 120
    assert len(column(told[:1], "id")) == 20
    for page in told:
        assert len(column([page], "id")) <= 20
    sizes = [r["size"] for r in talkative.rows() if r["action"] == "get_activities"]
    assert max(sizes) <= DEFAULT_BYTES
    cut = [page for page in told[:-1] if len(column([page], "id")) < 20]
    assert cut, "the budget cut some, and the cursor went on after the last one kept"


@pytest.mark.parametrize("limit", [1, 50, 200])
def test_an_explicit_limit_is_honoured_as_far_as_it_fits(
    talkative: World, limit: int
) -> None:
    told = talkative.told("get_activities", {"provider": "files", "limit": limit})
    assert talkative.last_row()["size"] <= EXPLICIT_BYTES
    rows = len(column([told], "id"))
    assert rows == limit if limit <= 50 else 60 < rows < 120
    assert told["truncated"]


def test_a_row_too_long_for_the_budget_still_goes_out(
    talkative: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pierre_mcp.gate.exits.DEFAULT_BYTES", 10)
    assert len(column([talkative.told("get_activities")], "id")) == 1


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"provider": "strava"}, "not_imported"),
        ({"to_day": "2000-01-01"}, "outside_range"),
        ({"sport": "yoga"}, "outside_range"),
        ({"from_day": "2026-01-02", "to_day": "2026-01-01"}, "outside_range"),
    ],
)
def test_an_empty_list_says_why(
    tmp_path: Path, question: dict[str, str], why: str
) -> None:
    with a_world(tmp_path) as world:
        world.put(on(0, 0))
        world.give_training(sources=("files", "strava"))
        answer = world.ask("get_activities", question)
        told = world.told("get_activities", question)
        assert told["data_availability"] == why
        assert told["activities"] == {"untrusted_text": {}}
        assert answer.text.startswith("No activities")
        assert (told["from_day"], told["to_day"]) == (
            question.get("from_day"),
            question.get("to_day"),
        )
