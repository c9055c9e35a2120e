"""Strava's tables, in any language and width, and what is wrong with them."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.formats import strava_export, strava_extras
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.strava_dates import moment_of, month_first
from pierre_mcp.formats.strava_export import BrokenRow, ExportedActivity
from pierre_mcp.formats.strava_extras import ExportedGear, ExportedZone
from pierre_mcp.formats.strava_words import sport_of
from pierre_mcp.model.category import Sport
from tests.formats.exporting import (
    BIKES,
    ENGLISH,
    FIRST,
    LANGUAGES,
    SHOES,
    WIDTHS,
    ZONES,
    Row,
    activities_csv,
    later,
    table_csv,
)

FILE = "activities/21204285641.fit.gz"


def read(data: bytes, **limits: int) -> list[Any]:
    return list(strava_export.activities(io.BytesIO(data), Limits(**limits)))


def only(row: Row, width: int = 94) -> ExportedActivity:
    (found,) = read(activities_csv([row], width=width))
    assert isinstance(found, ExportedActivity)
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_any_language_and_width(language: str, width: int) -> None:
    spoken = LANGUAGES[language]
    rows = [
        Row(1, FILE, name="One", kind=spoken.run, gear="Silver", note="mine"),
        Row(2, "", later(200), name="Two", kind=spoken.ride, km=25.5),
    ]
    first, second = read(activities_csv(rows, spoken, width))
    assert (first.provider_id, first.file, first.gear) == ("1", FILE, "Silver")
    assert (first.row, second.row, second.file) == (1, 2, None)
    assert (first.started_at, second.started_at) == (FIRST, later(200))
    assert (first.sport, second.sport) == (Sport.RUNNING, Sport.CYCLING)
    assert first.totals["elapsed_s"] == 3_600
    assert first.private_note == ("mine" if width >= 13 else "")
    if width > 13:
        assert second.totals["distance_m"] == pytest.approx(25_500)
        assert first.totals["max_bpm"] == 171
    else:
        assert "distance_m" not in first.totals  # of a unit that nothing tells


def test_totals_are_the_machines() -> None:
    second = {4: 3_000.5, 6: 5.1, 8: 120, 9: 110, 17: 80, 18: 180, 19: 140}
    more = {20: 700, 21: 210.5, 22: 640}
    found = only(Row(1, totals=second | more)).totals
    assert found == {
        "elapsed_s": 3_600, "moving_s": 3_000.5, "distance_m": 10_000,
        "max_speed_m_s": 5.1, "ascent_m": 120, "descent_m": 110,
        "mean_cadence_rpm": 80, "max_bpm": 180, "mean_bpm": 140, "max_power_w": 700,
        "mean_power_w": 210.5, "calories_kcal": 640,
    }  # fmt: skip


@pytest.mark.parametrize("value", ["nan", "inf", "-5", "many", "1e400"])
def test_what_is_no_number_is_not_there(value: str) -> None:
    assert "mean_bpm" not in only(Row(1, totals={19: value})).totals


@pytest.mark.parametrize(("unit_m", "shown"), [(1_000, 10.0), (1_609.344, 6.21)])
def test_a_distance_shown_counts_where_the_table_tells_its_unit(
    unit_m: float, shown: float
) -> None:
    rows = [Row(i, km=shown, totals={5: shown * unit_m}) for i in range(1, 4)]
    rows.append(Row(9, km=shown, totals={5: ""}))
    assert read(activities_csv(rows))[-1].totals["distance_m"] == pytest.approx(
        shown * unit_m
    )


def test_a_unit_that_rows_do_not_agree_on_is_none() -> None:
    rows = [Row(1, km=10.0, totals={5: 123}), Row(2, km=10.0, totals={5: ""})]
    assert "distance_m" not in read(activities_csv(rows))[1].totals


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3,32", 3.32), ("1.234,56", 1_234.56), ("1,234.5", 1_234.5), ("12", 12.0),
        ("1\u202f234,5", 1_234.5), ("1,234", None), ("", None), ("x", None),
    ],
)  # fmt: skip
def test_numbers_as_shown(text: str, number: float | None) -> None:
    assert strava_export._shown_number(text) == number


def test_line_ends_and_quotes_in_words() -> None:
    words = 'One "quoted"\r\nand, a comma\n\nand a third line'
    first, second = read(
        activities_csv([Row(1, FILE, description=words), Row(2, FILE)])
    )
    assert first.description == words
    assert (second.row, second.provider_id) == (2, "2")


def test_the_file_is_where_its_names_are() -> None:
    """A column put in before it by a later release does not mislead."""
    row = ["1", "Mar 4, 2022, 7:00:00 AM", "n", "Run", "", "60", "1", "", "", "", "",
           "", "", FILE, "", ""]  # fmt: skip
    (found,) = read(table_csv([["h"] * len(row), row]))
    assert found.file == FILE


def test_what_is_wrong_with_a_row_is_its_own() -> None:
    rows = [Row(1, FILE), Row(2, FILE, at="soon"), Row(3, FILE, at="1800-01-01 01:00")]
    data = activities_csv(rows) + b"not a number,x\r\n" + b"4\r\n"
    found = read(data)
    assert isinstance(found[0], ExportedActivity)
    assert found[1:] == [
        BrokenRow(2, Reason.UNKNOWN_DATE),
        BrokenRow(3, Reason.UNKNOWN_DATE),
        BrokenRow(4, Reason.BROKEN_ROW),
        BrokenRow(5, Reason.BROKEN_ROW),
    ]


@pytest.mark.parametrize(
    ("data", "limits", "reason"),
    [
        (b"a,b\n1,2\n", {}, Reason.BROKEN_TABLE),
        (b"", {}, Reason.BROKEN_TABLE),
        (b",".join([b"c"] * 10_000), {}, Reason.TOO_MANY_COLUMNS),
        (b"x" * 2_000, {"table_bytes": 1_999}, Reason.TOO_LARGE),
        (b"1\n" * 50, {"rows": 20}, Reason.LIMITS),
        (b"\xff\xfe\0\0" * 40, {}, Reason.BROKEN_TABLE),
    ],
)
def test_no_such_table(data: bytes, limits: dict[str, int], reason: Reason) -> None:
    with pytest.raises(UnreadableError) as fault:
        read(data, **limits)
    assert fault.value.reason is reason


def test_a_table_that_breaks_off_gives_what_came_before() -> None:
    data = activities_csv([Row(1, FILE)]) + b'2,"' + b"x" * 200_000
    rows = strava_export.activities(io.BytesIO(data), Limits())
    assert next(rows).provider_id == "1"  # type: ignore[union-attr]
    with pytest.raises(UnreadableError) as fault:
        next(rows)
    assert fault.value.reason is Reason.BROKEN_TABLE


NOON = datetime(2022, 3, 4, 12, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mar 4, 2022, 12:05:00 PM", "Mar 4, 2022, 12:05:00\u202fPM",
        "4 Mar 2022, 12:05:00", "04.03.2022, 12:05:00", "4. 3. 2022 12:05:00",
        "2022-03-04 12:05:00", "4 mars 2022 à 12:05:00", "4 mar. 2022 12:05:00",
        "4 de mar. de 2022, 12:05:00", "4 mrt. 2022 12:05:00", "2022/03/04 12:05:00",
        "2022年3月4日 12:05:00", "2022. 3. 4. 오후 12:05:00",
        "4 мар. 2022 г., 12:05:00",  # noqa: RUF001 - as it is written

        "4. mar. 2022 12.05.00", "4 Mär. 2022, 12:05", "4 marca 2022 12:05:00",
    ],
)  # fmt: skip
def test_dates(text: str) -> None:
    assert moment_of(text) == NOON


@pytest.mark.parametrize(
    "text",
    ["", "soon", "31.02.2022, 10:00:00", "04.03.2022", "4 foo 2022, 12:00", "12:00:00",
     "2022 2023 12:00", "04.03.2022, 25:00:00", "1 2 3 2022 12:00"],
)  # fmt: skip
def test_no_date(text: str) -> None:
    assert moment_of(text) is None


@pytest.mark.parametrize(
    ("column", "is_first"),
    [
        (["3/4/2022 12:00", "25/4/2022 12:00"], False),
        (["3/4/2022 12:00", "3/25/2022 12:00"], True),
        (["3/4/2022, 1:00 AM"], True),
        (["3/4/2022 12:00"], False),
    ],
)
def test_a_column_tells_what_comes_first(column: list[str], *, is_first: bool) -> None:
    assert month_first(column) is is_first
    found = moment_of("3/4/2022 12:00", slashes_month_first=is_first)
    assert found is not None
    assert (found.month, found.day) == ((3, 4) if is_first else (4, 3))


@given(st.text(max_size=80))
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = moment_of(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "sport"),
    [
        ("Virtual Ride", Sport.CYCLING), ("Langlauf", Sport.SKIING),
        ("Wanderung", Sport.HIKING), ("Caminata", Sport.WALKING),
        ("Alpine Ski", Sport.SKIING), ("Weight Training", Sport.STRENGTH),
        ("Workout", None), ("", None),
    ],
)  # fmt: skip
def test_sports(kind: str, sport: Sport | None) -> None:
    assert sport_of(kind) is sport


def test_gear() -> None:
    shoes = strava_extras.gear(io.BytesIO(SHOES), "shoes", Limits())
    assert list(shoes) == [
        ExportedGear("shoes", "", "Brandless", "Glider 3"),
        ExportedGear("shoes", "Old ones", "Brandless", "Glider 1"),
    ]
    bikes = strava_extras.gear(io.BytesIO(BIKES + b" ,,\r\n"), "bike", Limits())
    assert list(bikes) == [ExportedGear("bike", "Silver", "Nobody", "Road")]


@pytest.mark.parametrize(
    ("cells", "radius_m"),
    [
        (["a", "400", "-48.9, -123.4"], 400),
        (["a", "400.0 m", "-48.9 -123.4"], 400),
        (["a", "0.5 km", "-48.9", "-123.4"], 500),
        (["a", "1", "-48.9, -123.4"], 1_609.344),
        (["a", "20 m", "-48.9, -123.4"], 50),
    ],
)
def test_zones(cells: list[str], radius_m: float) -> None:
    data = io.BytesIO(table_csv([["h"], cells]))
    (zone,) = strava_extras.zones(data, Limits())
    assert isinstance(zone, ExportedZone)
    assert (zone.lat_deg, zone.lon_deg) == (-48.9, -123.4)
    assert zone.radius_m == pytest.approx(radius_m)


@pytest.mark.parametrize(
    "cells",
    [["a"], ["a", "wide", "1, 2"], ["a", "300", "1"], ["a", "300", "91.0, 2"],
     ["a", "9 parsec", "1, 2"], ["a", "99999999", "1, 2"]],
)  # fmt: skip
def test_no_zone(cells: list[str]) -> None:
    data = io.BytesIO(table_csv([["h"], cells]))
    assert list(strava_extras.zones(data, Limits())) == [None]


def test_a_zone_keeps_no_address() -> None:
    (zone,) = strava_extras.zones(io.BytesIO(ZONES), Limits())
    assert "Street" not in repr(zone)
    assert ENGLISH.header == "Activity ID"
