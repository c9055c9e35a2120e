"""``pierre-mcp predict``: the owner's own, drawn."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.predict import _distance, _race
from tests.cli.terminal import Person
from tests.formats.making import STARTED_AT, fit_activity
from tests.stores import database


def test_from_a_race(runner: Person) -> None:
    said = runner.does("predict", "--from", "10k=40:00").splitlines()
    (head, five, ten, half, marathon, _, paces, *rest) = said
    assert head.split()[:5] == ["distance", "time", "VDOT", "Riegel", "Cameron"]
    assert five.split()[:8] == [
        "5", "km", "19:12", "(19:11", "to", "19:18)", "19:18", "19:11",
    ]  # fmt: skip
    assert five.rstrip().endswith("10 km in 40:00")
    assert ten.split()[2] == "40:00"
    assert half.startswith("half marathon  1:28:15 (1:28:11 to 1:28:33)")
    assert "3:04:00" in marathon
    assert "3:07:25" in marathon
    assert paces.split() == ["training", "pace", "of", "VDOT", "51.94"]
    assert "easy, slow     5:41/km" in [line.rstrip() for line in rest]
    assert any(line.startswith("The result is taken as raced") for line in rest)


def test_one_distance_as_json(runner: Person) -> None:
    told = json.loads(
        runner.does("predict", "10mi", "--from", "half=1:28:15", "--json")
    )
    assert told["races"]["distance_m"] == [16_093.44]
    assert told["races"]["effort_s"] == [5_295]


def test_from_a_run_of_a_file(anna: Person) -> None:
    """Five kilometres and more at 4 m/s: 20:50, in the person's own units."""
    t = np.arange(1_300.0)
    way = {"lat_deg": 47 + t * 4 / 111_195, "lon_deg": t * 0 + 8}
    run = fit_activity({"t_s": t, "distance_m": t * 4.0, **way}, sport=1)
    anna.does("setup", "--units", "imperial", "--timezone", "Europe/Zurich")
    anna.does("import", str(anna.file("run.fit", run)))
    said = anna.does("predict", "5k", "--days", "3650")
    assert "5 km in 20:50, 2024-05-04, " in said
    assert "low" in said
    assert "/mi" in said
    assert "1 of 1 run in 3650 days have best times." in said


def test_swimming_without_paces(anna: Person) -> None:
    """Pieces at 0.8 m/s with 20 m in hand: 1,500 m is beyond half an hour."""
    for day, metres in enumerate((420.0, 1_020.0)):
        t = np.arange((metres - 20) / 0.8 + 1)
        run = fit_activity(
            {"t_s": t, "distance_m": t / t[-1] * metres},
            sport=5,
            started_at=STARTED_AT + timedelta(days=day),
        )
        anna.does("import", str(anna.file(f"{day}.fit", run)))
    said = anna.does("predict", "--sport", "swimming", "--days", "3650")
    rows = [line.split() for line in said.splitlines()]
    assert [row[:2] for row in rows[1:4]] == [["400", "m"], ["800", "m"], ["1.5", "km"]]
    assert [len(row) for row in rows[1:4]] == [5, 5, 2], "a time, and of which method"
    assert "training pace" not in said
    assert "2 of 2 swims in 3650 days" in said


def test_a_store_that_was_tampered_with_is_said(runner: Person) -> None:
    with closing(sqlite3.connect(database(runner.store))) as db:
        db.execute("UPDATE recordings SET activities = substr(activities, 1, 60)")
        db.commit()
    done = runner.run("zones", "pace", "--days", "3650")
    assert done.returncode == 1
    assert done.stdout.startswith("seal_broken: ")


def test_nothing_yet_says_what_to_do(runner: Person) -> None:
    said = runner.does("predict")
    assert "There is no run in the last 90 days. Ask for more days" in said
    assert "0 of 0 runs in 90 days" in said
    assert "cannot be told from power" in runner.does("predict", "--sport", "cycling")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("5k", "5k"), (" Half ", "half"), ("15km", "15000"), ("3000", "3000"),
        ("3000 m", "3000"), ("10mi", "16093.44"), ("42,195km", "42195"),
    ],
)  # fmt: skip
def test_a_distance_is_read(text: str, taken: str) -> None:
    assert _distance(text) == taken


@pytest.mark.parametrize("text", ["", "ten", "10", "399", "81km", "-5k", "1e4", "5k k"])
def test_a_distance_that_is_none(text: str) -> None:
    with pytest.raises(NotTakenError, match="A distance is 5k"):
        _distance(text)


@pytest.mark.parametrize(
    ("text", "distance", "seconds"),
    [
        ("10k=40:00", "10k", 2_400), ("half = 1:28:15", "half", 5_295),
        ("5km=19:57.5", "5000", 1_197.5), ("marathon=240:00", "marathon", 14_400),
    ],
)  # fmt: skip
def test_a_race_is_read(text: str, distance: str, seconds: float) -> None:
    assert _race(text) == {"from_distance": distance, "from_time_s": seconds}


@pytest.mark.parametrize(
    "text", ["10k", "10k=", "10k=40", "10k=40:60", "10k=3:29", "10k=5:00:01", "=40:00"]
)
def test_a_race_that_is_none(text: str) -> None:
    with pytest.raises(NotTakenError):
        _race(text)


def test_bad_input_is_a_sentence(runner: Person) -> None:
    for words, said in (
        (("predict", "secret"), "A distance is 5k, 10k, half or marathon"),
        (("predict", "--from", "10k=secret"), "--from takes a distance and its time"),
        (("predict", "--from", "10k=20:00"), "from_time_s: should be a time in which"),
        (("predict", "--from", "10k=40:00", "--sport", "swimming"), "from_distance: "),
    ):
        done = runner.run(*words)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert done.stderr.startswith(said)
        assert "secret" not in done.stderr
        assert done.stderr.count("\n") == 1
