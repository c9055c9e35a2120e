"""What may not be read changes nothing: not a word, a number, an order or a refusal.

One store has two sources and what the person says; one ride is of both sources. For
each pair that is withheld every tool is asked, then what was withheld is deleted by
hand, and every tool is asked again: each answer must be the same to the byte.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import NotesCell
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.services.telling import Word, say
from pierre_mcp.store import gear
from pierre_mcp.store.database import Tx
from tests.analytics.making import Values
from tests.gate.world import OWNER, World, a_world
from tests.services.made import activity, ride, run
from tests.stores import STRAVA, begin_import, copy_store

pytestmark = pytest.mark.unmeasured

SOURCES = ("files", "strava", "self")
BODY, HEART, POWER = Category.BODY, Category.HEART_RATE, Category.POWER
PLACE, NOTES, PROFILE = Category.LOCATION, Category.NOTES, Category.PROFILE
ACTIVITIES = Category.ACTIVITIES
OPEN = (ACTIVITIES, HEART, POWER, PLACE, NOTES, BODY, PROFILE)
RIDDEN_TWICE = "11111111-1111-4111-8111-111111111111"
Pairs = Sequence[tuple[str, Category]]

FILE_FACTS = {
    Kind.FTP: 250.0, Kind.THRESHOLD_HEART_RATE: 168.0, Kind.MAX_HEART_RATE: 188.0,
    Kind.WEIGHT: 71.0, Kind.BIRTH_YEAR: 1988.0, Kind.SEX: 1.0,
}  # fmt: skip
STRAVA_FACTS = {
    Kind.FTP: 243.0, Kind.WEIGHT: 70.0, Kind.RESTING_HEART_RATE: 52.0,
    Kind.THRESHOLD_SPEED: 3.9, Kind.SEX: 0.0, Kind.HEIGHT: 1.8,
}  # fmt: skip
SELF_FACTS = {
    Kind.FTP: 261.0, Kind.WEIGHT: 69.0, Kind.RESTING_HEART_RATE: 48.0,
    Kind.THRESHOLD_HEART_RATE: 171.0, Kind.SEX: 0.0,
    Kind.THRESHOLD_SPEED: 3.7,
}  # fmt: skip


def named(one: NewRecording, name: str) -> NewRecording:
    return replace(one, notes=NotesCell(name=name))


def trained() -> Sequence[NewRecording]:
    """Rides, runs and a swim of both sources, one ride of both at once."""
    hilly = run(1_500, slope=0.03) | {"power_w": np.full(1_500, 260.0)}
    swim: dict[str, Values] = {
        "t_s": np.arange(900.0),
        "distance_m": np.arange(900.0) * 1.1,
        "heart_rate_bpm": np.full(900, 135.0),
    }
    mine = activity(ride(2_400, 215, bpm=151), ago=4)
    theirs = activity(ride(2_430, 262, bpm=158, speed_m_s=8.1), ago=4, where=STRAVA)
    return (
        activity(ride(3_600)),
        named(activity(hilly, sport=Sport.RUNNING, ago=2), "Hills"),
        activity(run(1_800, bpm=144), sport=Sport.RUNNING, ago=9),
        activity(swim, sport=Sport.SWIMMING, ago=11),
        named(replace(mine, activity_id=RIDDEN_TWICE), "Mine"),
        named(replace(theirs, activity_id=RIDDEN_TWICE), "Theirs"),
        activity(ride(1_900, 240), ago=16, where=STRAVA, facts=STRAVA_FACTS),
        named(activity(run(2_000, slope=-0.01, bpm=161), sport=Sport.RUNNING, ago=23,
                       where=STRAVA), "Easy"),
        activity(ride(1_300, 150, bpm=120, without=frozenset({"power_w"})), ago=60,
                 facts=FILE_FACTS),
        activity(ride(1_300, 310, bpm=190), ago=400, where=STRAVA),
    )  # fmt: skip


def tell(tx: Tx, grant: Grant) -> None:
    say(tx, grant, Word(values=SELF_FACTS, since="2026-01-20"))
    import_id = begin_import(tx, grant)
    gear.add(tx, grant, "strava", Gear(name="Bike", kind="bike"), import_id)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with everything in it, and every consent given; closed."""
    directory = tmp_path_factory.mktemp("filled") / "store"
    with a_world(directory) as made:
        for one in trained():
            made.put(one)
        made.gate.act(Call(OWNER, "athlete set", "session"), tell)
        made.give_training(sources=("files", "strava"), extras=OPEN)
        made.give(*(f"self:{c}" for s, c in PAIRS if s == "self"))
        made.give("analytics:predictions")
    return directory


@pytest.fixture
def world(filled: Path, tmp_path: Path) -> Iterator[World]:
    with a_world(copy_store(filled, tmp_path / "store")) as made:
        yield made


def questions(ids: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What is asked of every tool; ids are those that the assistant was once given."""
    yield from (("get_athlete", {}), ("get_stats", {}), ("get_activities", {}))
    yield from (("analyze_training_load", {"by": by}) for by in ("week", "day"))
    yield "analyze_training_load", {"sport": "running", "project_days": 3}
    yield "analyze_trends", {"metric": "load", "compare": "previous"}
    for metric in METRICS:
        yield "analyze_trends", {"metric": metric, "from_day": "2025-10-01"}
    yield "analyze_trends", {"metric": "efficiency", "sport": "cycling"}
    yield "get_personal_records", {"compare": "year_before", "from_day": "2025-06-01"}
    for kind in ("times", "power", "heart_rate", "longest"):
        yield "get_personal_records", {"kind": kind, "sport": "cycling"}
    yield from (("get_personal_records", {"provider": s}) for s in SOURCES)
    for sport in ("running", "swimming"):
        yield "predict_performance", {"sport": sport}
    yield "calculate_zones", {"days": 400}
    for name in ("heart_rate", "power", "pace"):
        yield "calculate_zones", {"zones": name}
    yield "calculate_zones", {"max_heart_rate_bpm": 190.0}
    yield "calculate_zones", {"birth_year": 1990}
    for i in (0, 1, 2, 5, 6):  # of either source, and of both
        yield "analyze_activity", {"id": ids[i]}
    yield "compare_activities", {"ids": ids[:5]}
    yield "compare_activities", {"ids": ids[-4:]}
    yield "compare_activities", {"ids": [ids[0], "0" * 22]}


METRICS = (
    "load", "ctl", "ascent", "pace", "graded_pace", "efficiency", "heart_rate",
    "normalized_power", "weight", "resting_heart_rate",
)  # fmt: skip


def answers(world: World, ids: Sequence[str]) -> dict[str, tuple[bool, str]]:
    found = {}
    for tool, asked in questions(ids):
        answer = world.ask(tool, asked)
        assert not answer.text.startswith("internal"), (tool, asked)
        found[f"{tool} {asked}"] = answer.is_error, answer.text
    return found


def delete(world: World, source: str, category: Category) -> None:
    """Make it that this was never recorded."""
    names = [str(category), *(n for n, held in STREAMS.items() if held is category)]
    marks = ", ".join("?" * len(names))
    for table, of in WHERE.items():
        sql = f"DELETE FROM {table} WHERE {of} IN ({marks}) AND {OWN[table]}"  # noqa: S608 - fixed words
        world.by_hand(sql, (*names, source))
    if category in {HEART, POWER, PLACE, NOTES}:
        sql = f"UPDATE recordings SET {category} = NULL WHERE source = ?"  # noqa: S608 - fixed words
        world.by_hand(sql, (source,))
    for table in WITH.get(category, ()):
        world.by_hand(f"DELETE FROM {table} WHERE {OWN[table]}", (source,))  # noqa: S608 - fixed words


OF_RECORDING = "recording IN (SELECT id FROM recordings WHERE source = ?)"
OWN = {
    "details": OF_RECORDING,
    "streams": OF_RECORDING,
    "recordings": "source = ?",
    "athlete": "source = ?",
    "gear_imports": "gear IN (SELECT id FROM gear WHERE source = ?)",
    "gear": "source = ?",
}
WHERE = {"details": "category", "streams": "name", "athlete": "category"}
"""What tells the category of a row."""
WITH = {
    ACTIVITIES: ("details", "streams", "recordings"),
    PROFILE: ("gear_imports", "gear"),
}
"""What goes as a whole; tables in the order in which rows hang on each other."""

PAIRS = [
    (source, category)
    for source in SOURCES
    for category in OPEN
    if source != "self" or category not in {PLACE, NOTES}
]
CASES: dict[str, Pairs] = {
    **{f"{s}:{c}": [(s, c)] for s, c in PAIRS if c not in {PLACE, NOTES}},
    **{s: [pair for pair in PAIRS if pair[0] == s] for s in SOURCES},
    **{c: [p for p in PAIRS if p[1] is c] for c in OPEN if c is not ACTIVITIES},
    "heart_rate, power": [p for p in PAIRS if p[1] in {HEART, POWER}],
    "all but activities": [p for p in PAIRS if p[1] is not ACTIVITIES],
}


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("withheld", CASES.values(), ids=CASES.keys())
def test_what_is_withheld_might_as_well_not_be(world: World, withheld: Pairs) -> None:
    ids = world.told("get_activities")["activities"]["id"]
    assert len(ids) == 9, "the ride of both sources is one"
    world.withdraw(*(f"{source}:{category}" for source, category in withheld))
    before = answers(world, ids)
    for source, category in withheld:
        delete(world, source, category)
    after = answers(world, ids)
    assert {q for q in before if before[q] != after[q]} == set()


def test_what_is_not_withheld_does_change_answers(world: World) -> None:
    """The deletions above are no idle ones: each is seen by who may read."""
    ids = world.told("get_activities")["activities"]["id"]
    before = answers(world, ids)
    for pair in sorted(PAIRS, key=lambda pair: pair[1] is ACTIVITIES):
        delete(world, *pair)
        world.clock.pass_s(60)  # or there would be too many calls
        after = answers(world, ids)
        assert after != before, pair
        before = after
