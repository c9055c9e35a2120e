"""Whole weeks and months, and others as long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.analytics import periods
from pierre_mcp.analytics.periods import Span, Step

SUNDAY = np.datetime64("2026-03-01")


def days(span: Span) -> tuple[str, str]:
    return str(span.first), str(span.last)


@pytest.mark.parametrize(
    ("by", "whole", "before", "year"),
    [
        ("week", ("2026-01-26", "2026-03-01"), ("2025-12-22", "2026-01-25"),
         ("2025-01-20", "2025-02-23")),
        ("month", ("2026-02-01", "2026-03-01"), ("2025-12-01", "2026-01-31"),
         ("2025-02-01", "2025-03-31")),
    ],
)  # fmt: skip
def test_a_range_and_those_beside_it(
    by: Step, whole: tuple[str, str], before: tuple[str, str], year: tuple[str, str]
) -> None:
    span = periods.span(np.datetime64("2026-02-01"), SUNDAY, by)
    assert days(span) == whole
    assert days(span.before()) == before
    assert days(span.a_year_before()) == year


def test_a_period_that_goes_on_is_open() -> None:
    assert not periods.span(SUNDAY, SUNDAY, "week").is_open
    assert periods.span(SUNDAY, SUNDAY - 1, "week").is_open
    assert periods.span(SUNDAY, SUNDAY, "month").is_open
    assert not periods.span(SUNDAY - 5, SUNDAY - 1, "month").is_open


@given(st.integers(0, 20_000), st.integers(0, 900), st.sampled_from(["week", "month"]))
def test_the_one_before_ends_where_it_begins(at: int, long: int, by: Step) -> None:
    first = np.datetime64(at, "D")
    span = periods.span(first, first + long, by)
    assert span.first <= first
    for other in (span.before(), span.a_year_before()):
        assert len(other.labels) == len(span.labels)
        assert not other.is_open
        assert periods.begin(other.first, by) == other.first
    assert span.before().last == span.first - 1
