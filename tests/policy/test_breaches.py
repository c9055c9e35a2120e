"""The 72 hours of a breach: from when they run, and what ends them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.incident import Duty, Told
from pierre_mcp.policy.breaches import NOTICE_TERM, ClockState, notice_clock
from tests.stores import NOW, an_incident

HOUR = timedelta(hours=1)


@pytest.mark.promise("incident.levels")
@pytest.mark.parametrize(
    ("after", "duty", "told", "state"),
    [
        pytest.param(0, Duty.UNDECIDED, None, ClockState.RUNNING, id="undecided"),
        pytest.param(72, Duty.NOTIFY, None, ClockState.RUNNING, id="to the minute"),
        pytest.param(72.1, Duty.NOTIFY, None, ClockState.OVERDUE, id="past"),
        pytest.param(73, Duty.UNDECIDED, None, ClockState.OVERDUE, id="nobody said"),
        pytest.param(99, Duty.NONE, None, ClockState.NONE, id="not owed"),
        pytest.param(99, Duty.NOTIFY, 72, ClockState.MET, id="told in time"),
        pytest.param(99, Duty.NOTIFY, 73, ClockState.LATE, id="told late"),
        pytest.param(1, Duty.NONE, 1, ClockState.MET, id="told all the same"),
    ],
)
def test_how_they_stand(
    after: float, duty: Duty, told: float | None, state: ClockState
) -> None:
    when = {} if told is None else {Told.AUTHORITY: NOW + told * HOUR}
    incident = an_incident().model_copy(update={"duty": duty, "told": when})
    found = notice_clock(incident, NOW + after * HOUR)
    assert (found.state, found.due_at) == (state, NOW + NOTICE_TERM)
    assert found.runs == (state in {ClockState.RUNNING, ClockState.OVERDUE})


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_telling_the_people_stops_nothing(minutes: int, told: int) -> None:
    """Only the authority's notice is under the 72 hours."""
    at, moment = NOW + timedelta(minutes=minutes), NOW + timedelta(minutes=told)
    told_them = an_incident().model_copy(update={"told": {Told.PEOPLE: moment}})
    assert notice_clock(told_them, at) == notice_clock(an_incident(), at)
