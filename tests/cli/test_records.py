"""``pierre-mcp records``: the owner's own, drawn."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pierre_mcp.model.category import Sport
from tests.cli.terminal import Person
from tests.efforts import an_effort, beats_of, times_of, watts_of
from tests.stores import a_store, owner_grant, put

KEY = base64.b64encode(bytes(range(32))).decode()
BIKE = Sport.CYCLING
YEAR = ("--from", "2024-01-01", "--to", "2024-12-31")


@pytest.fixture
def athlete(tmp_path: Path) -> Person:
    """Somebody with rides and runs of two years, some of them on a treadmill."""
    person = Person(tmp_path, PIERRE_MASTER_ENCRYPTION_KEY=KEY)
    with a_store(person.store) as store:
        put(
            store,
            owner_grant(store),
            an_effort("2024-01-10", times=times_of(4, 21_097.5), beats=beats_of(180)),
            an_effort("2024-01-12", times=times_of(4.4, 1_000), distance_m=21_500.0),
            an_effort("2024-01-13", times=times_of(4), indoor=True),
            an_effort("2023-01-12", times=times_of(3.8)),
            an_effort("2024-02-01", sport=BIKE, watts=watts_of(250, 20_000),
                      ascent_m=1_204.0),
            an_effort("2024-02-02", sport=BIKE, watts=watts_of(251, 20_000, 480)),
            an_effort("2023-02-01", sport=BIKE, watts=watts_of(200, 20_000)),
        )  # fmt: skip
        store.checkpoint()
    return person


def rows(said: str, *begins: str) -> Sequence[Sequence[str]]:
    """The words of each line that begins with these."""
    lines = (line.split() for line in said.splitlines())
    return [line for line in lines if line[: len(begins)] == list(begins)]


def test_what_you_did_best(athlete: Person) -> None:
    said = athlete.does("records", *YEAR)
    assert said.startswith("2024-01-01 to 2024-12-31. 5 activities: 2 with best times")
    (kilometre,) = rows(said, "running", "1", "km")
    assert kilometre[3:] == ["3:47", "3:47/km", "2024-01-12"]
    (half,) = rows(said, "running", "half")
    assert half[3] == "1:52:12"
    (twenty,) = rows(said, "cycling", "20", "min")
    assert twenty[3:] == ["267", "W", "2024-02-01"], "nobody told a weight"
    assert rows(said, "1", "h") == [["1", "h", "170", "running", "2024-01-10"]]
    assert rows(said, "cycling", "most") == [
        ["cycling", "most", "climbed", "1204", "m", "2024-02-01"]
    ]
    assert rows(said, "running", "farthest")[0][2:] == ["21.5", "km", "2024-01-12"]
    assert "longest, stops left out" in said
    power, *_ = rows(said, "cycling", "these", "records")
    assert power[3:7] == ["250", "±", "0.2", "W"]
    assert "kJ" in power
    assert {"3", "min", "2024-02-02"} <= {word.strip(",") for word in power}
    speed, *_ = rows(said, "running", "these", "records")
    assert {"m/s", "±"} <= set(speed)
    assert "Note: indoor activities without best times" in said
    assert "change" not in said


def test_one_year_beside_the_one_before(athlete: Person) -> None:
    said = athlete.does("records", *YEAR, "--year-before", "--sport", "cycling")
    assert "Beside 2023-01-01 to 2023-12-31." in said
    (twenty,) = rows(said, "cycling", "20", "min")
    assert twenty[-4:] == ["217", "W", "+23.1", "%"]
    assert "running" not in said


@pytest.mark.parametrize(
    ("options", "beside"),
    [
        (("--against-from", "2022-01-01", "--against-to", "2023-06-30"),
         "2022-01-01 to 2023-06-30"),
        (("--against-from", "2022-01-01"), "2022-01-01 and later"),
        (("--against-to", "2023-06-30"), "all up to 2023-06-30"),
    ],
)  # fmt: skip
def test_any_days_beside_any_others(
    athlete: Person, options: Sequence[str], beside: str
) -> None:
    said = athlete.does("records", *YEAR, *options)
    assert f"Beside {beside}." in said
    (kilometre,) = rows(said, "running", "1", "km")
    assert len(kilometre) == 9, "its time then, and the change"


def test_in_miles_and_feet_for_who_thinks_in_them(athlete: Person) -> None:
    athlete.does("setup", "--units", "imperial", "--timezone", "Europe/Zurich")
    said = athlete.does("records", *YEAR)
    assert rows(said, "running", "farthest")[0][2:4] == ["13.4", "mi"]
    assert rows(said, "cycling", "most")[0][3:5] == ["3950", "ft"]
    assert "6:06/mi" in said


def test_as_json_it_is_what_the_tool_tells(athlete: Person) -> None:
    told = json.loads(athlete.does("records", *YEAR, "--json"))
    assert told["times"]["distance_m"][:2] == [400, 1_000]
    assert told["withheld"] == []


def test_nothing_yet(runner: Person) -> None:
    assert "No activities" in runner.does("records", "--from", "1999-01-01", "--to",
                                          "1999-12-31")  # fmt: skip


def test_a_day_that_is_none_is_a_mistake(runner: Person) -> None:
    done = runner.run("records", "--from", "yesterday")
    assert done.returncode == 2
    assert "--from" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_question_is_one_row_of_the_log(runner: Person) -> None:
    """Units come with the answer, so they are not looked up beside it."""
    for command in ("records", "predict", "load", "zones"):
        before = runner.asks("audit", "tail", "-n", "1")[0]["seq"]
        runner.does(command)
        after = runner.asks("audit", "tail", "-n", "1")[0]["seq"]
        assert after - before <= 2, f"{command}, and a look at the log itself"
