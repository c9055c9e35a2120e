"""Deadlines by law: published examples, and the laws that hold for every day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import ExtensionRefusedError, RequestUnboundError
from pierre_mcp.model.request import Law, RequestKind
from pierre_mcp.policy.deadlines import (
    RULES,
    business_days_later,
    due_on,
    months_later,
    working_day,
)

DAYS = st.dates(date(1990, 1, 1), date(2120, 1, 1))
KNOWN = [(law, kind) for law, kinds in RULES.items() for kind in kinds]
ACCESS, OPT_OUT = RequestKind.ACCESS, RequestKind.OPT_OUT


@pytest.mark.promise("rights.requests")
@pytest.mark.parametrize(
    ("law", "received", "due", "extended"),
    [
        # EDPB Guidelines 01/2022, 5.3: 5 March to 5 April; 31 August to 30 September.
        pytest.param(Law.GDPR, "2024-03-05", "2024-04-05", "2024-06-05", id="EDPB"),
        pytest.param(Law.GDPR, "2022-08-31", "2022-09-30", "2022-11-30", id="EDPB end"),
        # ICO, "Time limits": 3 September to 3 October; 31 March to 30 April.
        pytest.param(Law.UK_GDPR, "2024-09-03", "2024-10-03", "2024-12-03", id="ICO"),
        pytest.param(Law.UK_GDPR, "2025-03-31", "2025-04-30", "2025-06-30", id="short"),
        pytest.param(Law.GDPR, "2024-01-31", "2024-02-29", "2024-04-30", id="leap"),
        pytest.param(Law.GDPR, "2023-12-31", "2024-01-31", "2024-04-01", id="year"),
        pytest.param(Law.GDPR, "2024-05-01", "2024-06-03", "2024-08-01", id="Saturday"),
        pytest.param(Law.GDPR, "2024-05-02", "2024-06-03", "2024-08-02", id="Sunday"),
        pytest.param(Law.CCPA, "2024-01-01", "2024-02-15", "2024-03-31", id="CCPA"),
        pytest.param(Law.HIPAA, "2024-01-01", "2024-01-31", "2024-03-01", id="HIPAA"),
    ],
)
def test_published_examples(law: Law, received: str, due: str, extended: str) -> None:
    day = date.fromisoformat(received)
    assert str(due_on(law, ACCESS, day)) == due
    assert str(due_on(law, ACCESS, day, extended=True)) == extended


def test_an_opt_out_takes_fifteen_business_days_and_no_more() -> None:
    friday = date(2024, 3, 1)
    assert due_on(Law.CCPA, OPT_OUT, friday) == date(2024, 3, 22)
    with pytest.raises(ExtensionRefusedError):
        due_on(Law.CCPA, OPT_OUT, friday, extended=True)


def test_an_amendment_takes_longer_than_access() -> None:
    day, kind = date(2024, 1, 1), RequestKind.RECTIFICATION
    assert due_on(Law.HIPAA, kind, day) == date(2024, 3, 1)
    assert due_on(Law.HIPAA, kind, day, extended=True) == date(2024, 3, 31)


@pytest.mark.parametrize("law", Law)
@pytest.mark.parametrize("kind", RequestKind)
def test_what_a_law_does_not_know_has_no_deadline(law: Law, kind: RequestKind) -> None:
    if kind not in RULES[law]:
        with pytest.raises(RequestUnboundError):
            due_on(law, kind, date(2024, 1, 1))


@pytest.mark.promise("rights.requests")
@given(st.sampled_from(KNOWN), DAYS, st.integers(0, 60))
def test_a_later_day_is_never_due_earlier(
    known: tuple[Law, RequestKind], day: date, later: int
) -> None:
    due = due_on(*known, day)
    assert due > day
    assert due_on(*known, day + timedelta(days=later)) >= due
    if RULES[known[0]][known[1]].extended is not None:
        assert due_on(*known, day, extended=True) > due


@given(DAYS)
def test_a_month_ends_on_a_working_day_within_two_of_its_date(day: date) -> None:
    due = due_on(Law.GDPR, ACCESS, day)
    assert due.weekday() < 5
    same = months_later(day, 1)
    assert timedelta(0) <= due - same <= timedelta(days=2)


@given(DAYS, st.integers(0, 24))
def test_months_keep_the_date_or_end_with_the_month(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    is_last = (later + timedelta(days=1)).day == 1
    assert later.day == day.day or (later.day < day.day and is_last)


@given(DAYS, st.integers(1, 30))
def test_business_days_are_counted_one_by_one(day: date, count: int) -> None:
    end = business_days_later(day, count)
    between = (day + timedelta(days=i) for i in range(1, (end - day).days + 1))
    assert sum(one.weekday() < 5 for one in between) == count
    assert end.weekday() < 5


@given(DAYS)
def test_a_weekend_moves_to_its_monday(day: date) -> None:
    moved = working_day(day)
    assert (moved == day) is (day.weekday() < 5)
    assert moved == day or (moved.weekday(), (moved - day).days <= 2) == (0, True)
