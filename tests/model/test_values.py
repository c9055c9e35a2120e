"""The small values the gate passes along: callers, pages, policies, here."""

from datetime import UTC, date, datetime

import pytest

from pierre_mcp.model.caller import Caller, Job, Owner, Recipient, System, weighed_as
from pierre_mcp.model.fields import Page, Shape
from pierre_mcp.model.here import Here
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.profile import Profile
from pierre_mcp.model.scope import share
from tests.stores import NOW


@pytest.mark.parametrize(
    ("caller", "label"),
    [
        (Recipient("a"), "a"),
        (Owner(), None),
        (Owner(preview_as="a"), "a"),
        (Job(Recipient("a")), "a"),
        (Job(Owner()), None),
        (System(), None),
    ],
)
def test_a_job_is_weighed_as_whoever_began_it(
    caller: Caller, label: str | None
) -> None:
    assert weighed_as(caller) == label


def test_a_page_cut_short_says_that_more_follows() -> None:
    class Row(Shape):
        day: str

    page = Page(Row, {"day": ["x", "y", "z"]}, ("a", "b", "c"), more=False)
    assert page.first(3) is page
    assert page.first(9) is page
    assert page.first(2).places == ("a", "b")
    assert page.first(2).more
    assert page.first(2).columns == {"day": ["x", "y"]}
    assert len(page.first(0)) == 0
    with pytest.raises(ValueError, match="declares"):
        Page(Row, {"day": [], "night": []}, (), more=False)


def test_a_changed_policy_is_a_new_one_an_epoch_on() -> None:
    held = Held(given_at=NOW, expires_at=None, ledger_id="1")
    first = Policy()
    second = first.changed("a", {share("a"): held})
    third = second.changed("b", {})
    assert [p.policy_epoch for p in (first, second, third)] == [0, 1, 2]
    assert first.of("a") == RecipientPolicy()
    assert third.of("a").scopes == {share("a"): held}
    assert Policy.model_validate_json(third.model_dump_json()) == third


def test_today_is_the_day_at_home() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert Here(late, Profile(zone="Asia/Tokyo"), "", "").today == date(2026, 3, 2)
    assert Here(late, Profile(zone="America/Lima"), "", "").today == date(2026, 3, 1)
