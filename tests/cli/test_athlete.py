"""``pierre-mcp athlete``: the owner's own, drawn."""

import json

from tests.cli.terminal import Person
from tests.formats.exporting import BIKES, Row, activities_csv, zipped


def test_what_is_known_of_you(anna: Person) -> None:
    rows = [Row(1, gear="Silver", totals={1: 64.5})]
    files = {"activities.csv": activities_csv(rows), "bikes.csv": BIKES}
    anna.does("import", str(anna.file("export.zip", zipped(files))))
    said = anna.does("athlete")
    assert "metric units" in said
    for words in ("weight", "64.5 kg", "2022-03-04", "strava export"):
        assert words in said
    (silver,) = [row for row in said.splitlines() if "Silver" in row]
    assert silver.split() == [
        "Silver", "bike", "1", "10.0", "km", "1", "h", "00", "min", "2022-03-04",
        "2022-03-04",
    ]  # fmt: skip
    told = json.loads(anna.does("athlete", "--json"))
    assert told["body"]["value"] == [64.5]


def test_nothing_is_known_yet(runner: Person) -> None:
    assert runner.does("athlete").strip().endswith("metric units")
