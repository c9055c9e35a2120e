"""``rectify``: what a person types, what they are told, and what stays."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import pierre_mcp
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.rectify import _checked, rectify
from pierre_mcp.cli.rectify_values import NAMES, named, read, told
from pierre_mcp.cli.session import Session, begin
from pierre_mcp.model.correction import Part, Value
from pierre_mcp.model.recording import Recording, Where
from pierre_mcp.store import exporting
from tests.cli.terminal import Person
from tests.gate.world import a_world
from tests.stores import a_recording, owner_grant, settings_of

PACKAGE = Path(pierre_mcp.__file__).parent
NEW = a_recording()
WHOLE = Recording(
    id="r",
    activity_id="a",
    where=Where("files", "file"),
    sport=NEW.sport,
    local_day=NEW.local_day,
    formula=2,
    activity=NEW.activity,
    heart_rate=None,
    power=None,
    location=None,
    notes=None,
)


@pytest.mark.promise("privacy.retention")
def test_what_is_deleted_later_is_not_in_the_log(tmp_path: Path) -> None:
    """A value is deleted with its category, and the log keeps what it was told."""
    with a_world(tmp_path / "store") as world:
        world.put(a_recording(day="2026-02-01"))
        begin(Session(settings_of(world.directory)))
        rectify("2026-02-01", "name", "Xanthippe's loop", why="misspelt")
        grant = owner_grant(world.store)
        with world.store.reading() as tx:
            rows = [of for _, of in exporting.accesses(tx, grant, after=0, most=99)]
    [corrected] = [row["detail"] for row in rows if row["action"] == "rectify"]
    assert corrected == {"activity": "2026-02-01", "field": "name", "why": "misspelt"}


@pytest.mark.promise("rights.rectify")
def test_a_correction_outlives_undo_and_import(runner: Person) -> None:
    def first() -> dict[str, object]:
        said = runner.does("call", "get_activities", "{}").partition("\n")[2]
        columns = json.loads(said)["activities"]
        apart = ("id", "untrusted_text")
        return {name: of[0] for name, of in columns.items() if name not in apart}

    day = "2024-05-04"
    said = runner.does("rectify", day, "distance", "0.5km", "--why", "GPS was off")
    assert said.splitlines()[0] == f"distance of {day} is: 500 m (was: 354 m)"
    assert "Laps, curves, zones and load stay" in said
    [told_] = runner.asks("rectify", day, "sport", "running")
    assert (told_["was"], told_["now"], told_["recordings"]) == (
        "cycling",
        "running",
        1,
    )
    runner.does("undo", "1")
    runner.does("import", str(runner.home / "files" / "ride.fit"))
    again = first()
    assert (again["distance_m"], again["sport"], again["day"]) == (500, "running", day)
    assert "GPS was off" in runner.does("rectify", "--list")
    shown = runner.does("rectify", day, "distance", "--undo", "--dry-run")
    assert "distance of 2024-05-04 would be: 354 m (was: 500 m)" in shown
    [held] = runner.asks("rectify", "--list")
    assert [one["field"] for one in held["changes"]] == ["distance", "sport"]
    runner.does("rectify", day, "--undo")
    assert runner.does("rectify", "--list") == "Nothing was corrected.\n"
    rows = [row["action"] for row in runner.asks("audit", "tail")]
    assert (rows.count("rectify"), rows.count("rectify undo")) == (2, 1)


def test_no_tool_corrects_or_exports() -> None:
    """Only the command line knows either; what serves a recipient knows neither."""
    doors = re.compile(
        r"corrections\.(rectify|undo)|service\.(rectify|undo)|\bExport\("
    )
    layers = ("tools", "server", "gate", "services")
    for layer in layers:
        for path in (PACKAGE / layer).rglob("*.py"):
            text = path.read_text("utf-8")
            assert not doors.search(text), path.name
    assert doors.search((PACKAGE / "cli" / "rectify.py").read_text("utf-8"))
    assert doors.search((PACKAGE / "cli" / "export.py").read_text("utf-8"))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="nothing"),
        pytest.param(("2026-02-01",), id="no field"),
        pytest.param(("2026-02-01", "name"), id="no value"),
        pytest.param(("2026-02-01", "name", "x", "--undo"), id="a value and undo"),
        pytest.param(("--undo",), id="undo of what"),
    ],
)
def test_it_says_what_it_takes(words: tuple[str, ...]) -> None:
    given = [word for word in words if word != "--undo"] + [None] * 3
    with pytest.raises(NotTakenError, match="ACTIVITY FIELD VALUE"):
        _checked(given[0], given[1], given[2], "", undo="--undo" in words)
    with pytest.raises(NotTakenError, match="at most 500"):
        _checked("a", "name", "x", "y" * 501, undo=False)


@pytest.mark.parametrize(
    ("part", "text", "value"),
    [
        (Part.SPORT, "Running", "running"),
        (Part.NAME, " Loop ", "Loop"),
        (Part.NAME, "none", None),
        (Part.DESCRIPTION, "", None),
        (Part.ELAPSED, "1:02:30", 3_750.0),
        (Part.MOVING, "45:00", 2_700.0),
        (Part.MOVING, "90:00.5", 5_400.5),
        (Part.DISTANCE, "10.5km", 10_500.0),
        (Part.DISTANCE, "10500 m", 10_500.0),
        (Part.DISTANCE, "1mi", 1_609.344),
        (Part.ASCENT, "100ft", 30.48),
        (Part.ENERGY, "418.4kJ", 100.0),
        (Part.ENERGY, "640", 640.0),
        (Part.MEAN_HEART_RATE, "142bpm", 142.0),
        (Part.MEAN_POWER, "0", 0.0),
        (Part.MEAN_POWER, "210W", 210.0),
        (Part.GEAR, "Old shoes", "Old shoes"),
    ],
)
def test_what_is_taken(part: Part, text: str, value: Value) -> None:
    found = read(part, text)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part.SPORT, "quidditch"),
        (Part.SPORT, "none"),
        (Part.ELAPSED, "none"),
        (Part.START, ""),
        (Part.START, "yesterday"),
        (Part.START, "2026-02-30"),
        (Part.START, "25:00"),
        (Part.ELAPSED, "3750"),
        (Part.MOVING, "1:75:00"),
        (Part.MOVING, "45:61"),
        (Part.DISTANCE, "10"),
        (Part.DISTANCE, "-5km"),
        (Part.DISTANCE, "1e9km"),
        (Part.DISTANCE, "999999km"),
        (Part.ASCENT, "3km"),
        (Part.MEAN_HEART_RATE, "24"),
        (Part.MAX_HEART_RATE, "251"),
        (Part.MEAN_POWER, "3001"),
        (Part.ENERGY, "nan"),
        (Part.NAME, "x" * 1_001),
        (Part.DESCRIPTION, "x" * 20_001),
    ],
)
def test_what_is_not(part: Part, text: str) -> None:
    with pytest.raises(NotTakenError) as caught:
        read(part, text)
    assert NAMES[part] in str(caught.value)
    if text:
        assert f" {text}" not in str(caught.value).partition("takes")[0]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-03-29T09:15", "2026-03-29 09:15:00"),
        ("2026-03-29 09:15:30", "2026-03-29 09:15:30"),
        ("2026-07-01", "2026-07-01 07:30:00"),
        ("23:59", "2026-02-01 23:59:00"),
    ],
)
@pytest.mark.parametrize("zone", [None, "Europe/Zurich"])
def test_a_start_is_by_the_clock_there(text: str, local: str, zone: str | None) -> None:
    cell = WHOLE.activity.model_copy(update={"zone": zone})
    asked = read(Part.START, text)
    assert callable(asked)
    value = asked(replace(WHOLE, activity=cell))
    summer = zone is not None and local > "2026-03-28"
    assert told(Part.START, value, 7_200 if summer else 3_600) == local
    assert told(Part.START, value).endswith(" UTC")


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        (Part.NAME, "x", "x"),
        (Part.DISTANCE, None, "not recorded"),
        (Part.DISTANCE, 10_000.04, "10000 m"),
        (Part.DISTANCE, 160_934.4, "160934 m"),
        (Part.ELAPSED, 3_750.4, "1:02:30"),
        (Part.ENERGY, 640.25, "640.2 kcal"),
        (Part.MEAN_POWER, 210.0, "210 W"),
        (Part.MAX_HEART_RATE, 171.0, "171 bpm"),
    ],
)
def test_how_a_value_is_told(part: Part, value: Value, said: str) -> None:
    assert told(part, value) == said


def test_names() -> None:
    assert NAMES.keys() == set(Part)
    assert {named(name) for name in NAMES.values()} == set(Part)
    assert named("--mean-power") is Part.MEAN_POWER
    with pytest.raises(NotTakenError, match="What can be corrected is: sport, name"):
        named("pace")
