"""``pierre-mcp athlete``: the owner's own, drawn."""

import json

import pytest

from pierre_mcp.cli.measures import NAMES
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


def test_nothing_is_known_yet(anna: Person) -> None:
    assert anna.does("athlete").strip().endswith("metric units")


def test_what_nobody_told_is_estimated_and_looks_it(runner: Person) -> None:
    row = runner.does("athlete").splitlines()[-1]
    assert row.startswith("max heart rate")
    assert row.strip().endswith("estimate: the highest 5 s in 365 days")


def test_what_you_say_yourself(anna: Person) -> None:
    rows = [Row(1, gear="Silver", totals={1: 64.5})]
    files = {"activities.csv": activities_csv(rows), "bikes.csv": BIKES}
    anna.does("import", str(anna.file("export.zip", zipped(files))))
    said = anna.does(
        *("athlete", "set", "--weight", "63", "--threshold-pace", "4:10"),
        *("--birth-year", "1985", "--sex", "female", "--since", "2024-03-01"),
    )
    assert said.splitlines() == [
        "birth year: not told -> 1985, since 2024-03-01",
        "sex: not told -> female, since 2024-03-01",
        "weight: 64.5 kg -> 63 kg, since 2024-03-01",
        "threshold pace: not told -> 4:10 /km, since 2024-03-01",
    ]
    shown = anna.does("athlete", "show")
    assert shown == anna.does("athlete")
    assert "metric units, female, born 1985" in shown
    for kind, value, since, by in (
        ("threshold speed", "4:10 /km", "2024-03-01", "self"),
        ("weight", "63 kg", "2024-03-01", "self"),
        ("weight", "64.5 kg", "2022-03-04", "strava export"),
    ):
        assert any(
            row.split() == [*kind.split(), *value.split(), since, *by.split()]
            for row in shown.splitlines()
        ), (kind, shown)
    assert anna.does("undo", "1").startswith("Import 1 taken back")
    assert anna.asks("athlete")["body"]["value"] == [63]


def test_taken_back_it_is_as_it_was(anna: Person) -> None:
    nothing = anna.asks("athlete")
    for day, value in (("2024-03-01", "250"), ("2024-03-01", "255"), (None, "260")):
        since = ("--since", day) if day else ()
        anna.does("athlete", "set", "--ftp", value, *since)
    assert anna.asks("athlete")["power"]["value"] == [260, 255]
    one = anna.asks("athlete", "set", "--unset", "ftp", "--since", "2024-03-01")
    assert one["changed"] == [{"kind": "ftp_w", "before": 255, "after": None}]
    assert anna.asks("athlete")["power"]["value"] == [260]
    said = anna.does("athlete", "set", "--unset", "ftp", "--max-heart-rate", "190")
    assert said.startswith("max heart rate: not told -> 190 bpm, since ")
    assert "\nftp: 260 W -> not told, since " in said
    anna.does("athlete", "set", "--unset", "max-heart-rate", "--unset", "weight")
    assert anna.asks("athlete") == nothing


def test_a_dry_run_changes_nothing(anna: Person) -> None:
    words = ("athlete", "set", "--ftp", "250", "--since", "2024-03-01")
    wet, dry = "ftp: not told -> 250 W, since 2024-03-01\n", "Nothing was changed. It"
    assert anna.does(*words, "--dry-run") == f"{dry} would be:\n{wet}"
    told = anna.asks(*words, "--dry-run")
    assert told == {
        "since": "2024-03-01",
        "changed": [{"kind": "ftp_w", "before": None, "after": 250}],
        "consent_commands": [],
        "dry_run": True,
    }
    assert anna.asks("athlete")["power"]["value"] == []
    assert anna.does(*words) == wet


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Say what to set, as --ftp 250: athlete set --help lists it all."),
        (("--ftp", "2000"), "--ftp takes 20 W to 1000 W, as --ftp 250."),
        (("--ftp", "-5"), "--ftp takes 20 W to 1000 W, as --ftp 250."),
        (("--birth-year", "2099"), "--birth-year takes a year that has begun."),
        *(
            (
                ("--ftp", "250", "--since", day),
                "--since takes a day as 2026-03-01, today or earlier.",
            )
            for day in ("2199-01-01", "2024-02-30", "20240301", "yesterday", "")
        ),
        (
            ("--ftp", "250", "--unset", "ftp"),
            "What is set is not taken back too: --unset is for other options.",
        ),
        (
            ("--unset", "vo2max"),
            f"What --unset takes back is one of: {', '.join(NAMES.values())}.",
        ),
    ],
)
def test_what_cannot_be_set(
    anna: Person, words: tuple[str, ...], sentence: str
) -> None:
    done = anna.run("athlete", "set", *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{sentence}\n")


def test_one_refusal_sets_nothing_of_the_rest(anna: Person) -> None:
    assert anna.run("athlete", "set", "--ftp", "250", "--height", "9").returncode == 1
    assert anna.asks("athlete")["power"]["value"] == []


def test_the_record_has_one_row_and_no_value(anna: Person) -> None:
    anna.does("athlete", "set", "--ftp", "251.25", "--since", "2024-03-01")
    rows = [row for row in anna.asks("audit", "tail") if row["action"] == "athlete set"]
    assert len(rows) == 1
    assert rows[0]["outcome"] == "done"
    assert "251.25" not in json.dumps(rows)


@pytest.mark.promise("consent.granular")
def test_who_holds_the_bundle_is_offered_what_you_say(runner: Person) -> None:
    runner.consents("--to", "claude-desktop")
    said = runner.does("athlete", "set", "--ftp", "250", "--weight", "70")
    *_, offer = said.splitlines()
    command = "pierre-mcp consent grant self:power --to claude-desktop"
    assert offer == f"claude-desktop cannot read that so far. To let it: {command}"
    seen = ("call", "get_athlete", "{}", "--as", "claude-desktop")
    assert "ftp_w" not in runner.does(*seen)
    screen = runner.consents(*command.split()[2:])
    assert "self:power: your power in it and at threshold (from self)" in screen.text
    assert "nothing imported" not in screen.text
    assert '"value":[250.0]' in runner.does(*seen)
    assert "cannot read" not in runner.does("athlete", "set", "--ftp", "255")


def test_the_bundle_has_what_you_said(runner: Person) -> None:
    runner.does("athlete", "set", "--ftp", "250")
    screen = runner.consents("--to", "claude-desktop")
    assert "could then read, from files, self (what you said yourself):" in screen.text
    seen = ("call", "get_athlete", "{}", "--as", "claude-desktop")
    assert '"value":[250.0]' in runner.does(*seen)
