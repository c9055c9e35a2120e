"""The whole way: at most three commands and one challenge to a right answer."""

from pathlib import Path

from tests.cli.terminal import Person
from tests.formats.making import STARTED_AT, fit_activity, ride
from tests.host import Host, json_of, text_of

SAMPLES = 900
RIDE = ride(SAMPLES)


def a_ride(anna: Person) -> Path:
    return anna.file("ride.fit", fit_activity(RIDE))


def holds_the_ride(anna: Person) -> None:
    """Ask over stdio, and compare with what the file holds."""
    with Host(anna.env) as host:
        host.greet()
        result = host.call("get_activities", limit=5)
    found = result["structuredContent"]
    assert json_of(text_of(result)) == found
    row = {name: values[0] for name, values in found["activities"].items() if values}
    assert len(found["activities"]["id"]) == 1
    assert row["source"] == "files"
    assert row["sport"] == "cycling"
    assert row["day"] == STARTED_AT.date().isoformat()
    assert row["started_local"] == "2024-05-04T08:00"  # to the hour, 2 h east of UTC
    assert row["duration_s"] == SAMPLES - 1
    assert row["distance_m"] == float(RIDE["distance_m"][-1])
    assert abs(row["mean_bpm"] - RIDE["heart_rate_bpm"].mean()) < 0.1
    assert row["max_bpm"] == RIDE["heart_rate_bpm"].max()
    assert abs(row["mean_power_w"] - RIDE["power_w"].mean()) < 0.1
    assert found["withheld"] == [
        {"source": "files", "category": category} for category in ("notes",)
    ]


def test_by_what_setup_offers(anna: Person) -> None:
    path = a_ride(anna)
    with anna.sits("setup") as terminal:
        terminal.answer(r"time zone \[Europe/Zurich\]: ", "")
        terminal.answer(r"Units, metric or imperial \[metric\]: ", "")
        terminal.answer(r"Claude Desktop\? \[y/N\]: ", "y")
        terminal.answer(r"Set one now\? \[y/N\]: ", "")
        terminal.answer(r"Import now\?.*: ", str(path))
        terminal.answer(r"consent now\? \[Y/n\]: ", "")
        terminal.answer(r"Which assistant \[claude-desktop\]: ", "")
        terminal.take_challenge()
        screen = terminal.end()
    assert screen.status == 0, screen.text
    assert screen.challenges == 1
    assert "1 activity from 1 file: 1 imported." in screen.text
    holds_the_ride(anna)


def test_by_three_commands(anna: Person) -> None:
    path = a_ride(anna)
    anna.does("setup", "--yes")
    anna.does("import", str(path))
    screen = anna.consents("--to", "claude-desktop")
    assert screen.status == 0, screen.text
    assert screen.challenges == 1
    holds_the_ride(anna)
