"""Tables for a spreadsheet: nothing in them is run, and numbers are numbers."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.formats.csv_writing import decimals, line, safe, streams, table

ACTIVE = "=+-@\t\r\n\0"


@pytest.mark.promise("rights.portability")
@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param('=HYPERLINK("x")', '\'=HYPERLINK("x")', id="formula"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus, as text"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\uff1d1", "'\uff1d1", id="full-width formula"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\r=1", "'\r=1", id="carriage return"),
        pytest.param("\n=1", "'\n=1", id="line feed"),
        pytest.param("\0=1", "'\0=1", id="NUL"),
        pytest.param(-3.5, -3.5, id="a number stays one"),
        pytest.param(0, 0, id="zero"),
        pytest.param(None, "", id="nothing"),
        pytest.param("1=1", "1=1", id="harmless"),
    ],
)
def test_no_text_is_a_formula(value: object, written: object) -> None:
    assert safe(value) == written


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_row_comes_back_as_it_was_but_for_the_quote(texts: list[str]) -> None:
    [found] = csv.reader(io.StringIO(line(texts), newline=""))
    for before, after in zip(texts, found, strict=True):
        assert not after.startswith(tuple(ACTIVE))
        assert after.removeprefix("'") == before.removeprefix("'")


def test_a_table_ends_its_lines_as_the_standard_says() -> None:
    rows: list[dict[str, object]] = [{"a": "x,y", "b": 1.5}, {"b": None}]
    assert "".join(table(("a", "b"), rows)) == 'a,b\r\n"x,y",1.5\r\n,\r\n'


def test_streams_are_written_to_their_step_and_gaps_are_empty() -> None:
    columns = {
        "t_s": np.arange(3.0),
        "lat_deg": np.array([47.12345678, np.nan, -1.0]),
        "power_w": np.array([np.nan, 200.4, 0.0]),
    }
    said = "".join(streams(columns)).split("\r\n")
    assert said == [
        "t_s,lat_deg,power_w",
        "0.000,47.1234568,",
        "1.000,,200",
        "2.000,-1.0000000,0",
        "",
    ]
    assert "".join(streams({})) == "\r\n"


def test_altitude_is_kept_to_a_fifth_and_written_to_a_tenth() -> None:
    assert (decimals("altitude_m"), decimals("heart_rate_bpm")) == (1, 0)
