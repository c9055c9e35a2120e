"""``pierre-mcp zones``: the owner's own, drawn."""

import json

import pytest

from tests.cli.terminal import Person


def test_zones_of_a_threshold_given(runner: Person) -> None:
    said = [line.split() for line in runner.does("zones", "--ftp", "250").splitlines()]
    assert said[0][:2] == ["Power:", "coggan"]
    assert said[1] == ["zone", "from", "to"]
    assert said[2] == ["1", "137", "W"]
    assert said[3] == ["2", "138", "W", "187", "W"]
    assert said[8] == ["7", "376", "W"]


def test_paces_are_read_and_drawn_in_the_units_of_the_person(runner: Person) -> None:
    said = runner.does("zones", "--threshold-pace", "4:10")
    assert "5a    4:10/km" in said
    runner.does("setup", "--units", "imperial", "--timezone", "Europe/Zurich")
    said = runner.does("zones", "pace", "--threshold-pace", "6:42")
    assert "5a    6:42/mi" in said
    said = runner.does("zones", "--threshold-swim-pace", "1:36/100yd")
    assert "Y     1:36/100 yd" in said


def test_all_that_can_be_told_is_of_the_files(runner: Person) -> None:
    said = runner.does("zones", "--days", "3650")
    assert said.startswith("Heart rate: percent_of_max (tens of percent of maximum")
    assert "(estimate: the highest 5 s in 365 days, since 2024-05-04)" in said
    assert "Seconds by these zones over 1 activity in 3650 days." in said
    rows = [line.split() for line in said.splitlines()]
    spent = [row for row in rows if row[-1:] == ["%"]]
    assert len(spent) == 5
    assert sum(int(row[-2]) for row in spent) in range(98, 103)
    assert "Pace: No threshold is known for it." in said


def test_json(runner: Person) -> None:
    given = ("--max-heart-rate", "190", "--resting-heart-rate", "50")
    told = json.loads(runner.does("zones", "karvonen", *given, "--json"))
    (one,) = told["zones"]
    assert one["low"][:2] == [120, 134]
    told = json.loads(runner.does("zones", "--birth-year", "1986", "--json"))
    assert "Tanaka" in told["zones"][0]["basis"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("secret",), "Zones are of, or by, one of: heart_rate, power,"),
        (("--ftp", "secret"), "--ftp takes 20 W to 1000 W"),
        (("--ftp", "5"), "--ftp takes 20 W to 1000 W"),
        (
            ("--ftp", "250", "--threshold-heart-rate", "170"),
            "One threshold at a time",
        ),
        (("power", "--threshold-pace", "4:10"), "The threshold given is of pace, and"),
        (
            ("karvonen", "--threshold-heart-rate", "170"),
            "threshold: zones should say of what",
        ),
    ],
)
def test_bad_input_is_a_sentence(
    runner: Person, words: tuple[str, ...], said: str
) -> None:
    done = runner.run("zones", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert "secret" not in done.stderr
    assert done.stderr.count("\n") == 1
