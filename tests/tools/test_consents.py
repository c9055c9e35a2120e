"""Status, consents, and giving them up: this recipient's own, and no other's."""

from datetime import timedelta

import pytest

from pierre_mcp.model.caller import Owner
from pierre_mcp.policy.bundles import training
from tests.gate.world import CLAUDE, OTHER, OWNER, World
from tests.stores import STRAVA, a_recording


@pytest.mark.promise("consent.withdraw-now")
def test_a_recipient_gives_up_its_own_at_once(world: World) -> None:
    world.put(a_recording())
    for to in (CLAUDE, OTHER):
        world.give_training(to=to)
    theirs = world.told("get_consents", of=OTHER)
    told = world.told("withdraw_consent")
    assert "files:activities" in told["withdrawn"]
    assert (told["effect"], told["data_deleted"]) == ("at_once", False)
    assert world.ask("get_activities").code == "consent_missing"
    assert world.told("get_consents")["scope"] == []
    assert world.told("get_consents", of=OTHER) == theirs
    assert world.told("get_activities", of=OTHER)["activities"]["id"]
    assert world.by_hand("SELECT count(*) FROM recordings") == [(1,)]


def test_exact_scopes_are_given_up_and_no_others(world: World) -> None:
    world.give("files:activities", "files:power", f"share:{CLAUDE}")
    world.give(f"share:{OTHER}", "files:activities", to=OTHER)
    asked = ["files:power", f"share:{OTHER}", "files:", "*", "nonsense"]
    assert world.told("withdraw_consent", {"scopes": asked})["withdrawn"] == [
        "files:power"
    ]
    left = ["files:activities", f"share:{CLAUDE}"]
    assert sorted(world.told("get_consents")["scope"]) == left
    assert len(world.told("get_consents", of=OTHER)["scope"]) == 2
    assert world.told("withdraw_consent", {"scopes": []})["withdrawn"] == []
    assert world.last_row()["policy_epoch"] == 3, "nothing changed, so nor did it"


def test_the_owner_has_no_consents_to_give_up(world: World) -> None:
    world.give_training()
    assert world.told("withdraw_consent", of=OWNER)["withdrawn"] == []
    assert world.told("get_consents")["scope"]


def test_consents_are_listed_by_column_with_their_times(world: World) -> None:
    end = world.clock.now() + timedelta(days=1)
    world.give("files:activities", expires_at=end)
    world.give("files:power")
    told = world.told("get_consents")
    assert told["scope"] == ["files:activities", "files:power"]
    assert told["expires_at"] == [end.isoformat().replace("+00:00", "Z"), None]
    assert len(told["given_at"]) == 2
    assert told["extend_command"] == f"pierre-mcp consent --to {CLAUDE}"


@pytest.mark.promise("consent.expiry")
def test_what_has_expired_is_not_listed(world: World) -> None:
    end = world.clock.now() + timedelta(seconds=1)
    world.give_training(expires_at=end)
    world.clock.pass_s(1)
    assert world.told("get_consents")["scope"] == []
    status = world.told("get_status")
    assert not status["consented"]
    assert status["sources"] == []
    assert "time_zone" not in status


def test_nobody_is_told_anothers_consents(world: World) -> None:
    world.give_training(to=OTHER)
    assert world.told("get_consents")["scope"] == []
    assert OTHER not in world.ask("get_consents").text
    assert OTHER not in world.ask("get_status").text
    assert OTHER not in world.ask("get_status", of=Owner(preview_as=CLAUDE)).text


def test_status_says_what_to_do_without_consent(world: World) -> None:
    answer = world.ask("get_status")
    assert answer.text.startswith(
        "No consent is in force for this assistant. Only the person can give it, on a "
        "terminal, with: pierre-mcp setup and then pierre-mcp consent --to "
        f"{CLAUDE}\n"
    )


def test_status_with_consent_but_no_source_says_what_to_do(world: World) -> None:
    world.give(f"share:{CLAUDE}", expires_at=world.clock.now() + timedelta(days=300))
    told = world.told("get_status")
    assert told["consented"]
    assert told["next_steps"][-1] == f"pierre-mcp consent --to {CLAUDE}"
    line = world.ask("get_status").text.partition("\n")[0]
    assert line == "Sources whose activities may be read: none."


def test_status_of_one_that_may_read_the_heart_rate_and_not_the_activities(
    world: World,
) -> None:
    """It can ask for nothing yet, and is told neither days nor counts."""
    world.put(a_recording())
    world.give("files:heart_rate")
    told = world.told("get_status")
    assert told["sources"] == [{"source": "files", "categories": ["heart_rate"]}]
    line = world.ask("get_status").text.partition("\n")[0]
    assert line == "Sources whose activities may be read: none."


def test_status_gives_range_and_count_where_activities_may_be_read(
    world: World,
) -> None:
    world.put(a_recording(day="2026-01-05"), a_recording(day="2026-01-01"))
    world.put(a_recording(where=STRAVA))
    world.give("files:activities", "files:profile", "garmin:activities")
    told = world.told("get_status")
    assert told["sources"] == [
        {
            "source": "files",
            "categories": ["activities", "profile"],
            "first_day": "2026-01-01",
            "last_day": "2026-01-05",
            "activities": 2,
        },
        {
            "source": "garmin",
            "categories": ["activities"],
            "first_day": None,
            "last_day": None,
            "activities": 0,
        },
    ]
    assert (told["today"], told["time_zone"]) == ("2026-03-01", "Europe/Zurich")


@pytest.mark.promise("consent.expiry")
@pytest.mark.parametrize(
    ("left", "warned"),
    [
        (timedelta(days=14, seconds=1), []),
        (timedelta(days=14), ["A consent expires in 14 days."]),
        (timedelta(days=1, hours=5), ["A consent expires in 1 day."]),
        (timedelta(hours=23), ["A consent expires within a day."]),
    ],
)
def test_status_warns_before_a_consent_expires(
    world: World, left: timedelta, warned: list[str]
) -> None:
    end = world.clock.now() + left
    world.give("files:activities", expires_at=end)
    world.give("files:power")
    told = world.told("get_status")
    assert told["warnings"] == warned
    command = f"pierre-mcp consent renew --to {CLAUDE}"
    assert told["next_steps"] == ([command] if warned else [])
    assert told["expires_at"] == end.isoformat().replace("+00:00", "Z")


def test_the_owner_sees_every_source_and_needs_no_step(world: World) -> None:
    world.put(a_recording(), a_recording(where=STRAVA))
    told = world.told("get_status", of=OWNER)
    assert [s["source"] for s in told["sources"]] == ["files", "strava"]
    assert all(s["activities"] == 1 for s in told["sources"])
    assert all(len(s["categories"]) == 8 for s in told["sources"])
    assert (told["recipient"], told["next_steps"]) == ("owner", [])
    assert told["time_zone"] == "Europe/Zurich"


# --- tools that came after the consent

ADDED = "tool:get_activity_streams"
EXTENDS = f"pierre-mcp consent grant {ADDED} --to {CLAUDE}"


def given_before_an_upgrade(world: World, *, to: str = CLAUDE) -> None:
    """Give what the bundle was when there was one tool less."""
    tools = [t for t in world.table.readers() if not ADDED.endswith(f":{t}")]
    world.give(*training(to, sources=["files"], tools=tools), to=to)


def test_a_tool_that_came_after_the_consent_comes_with_its_command(
    world: World,
) -> None:
    world.put(a_recording())
    given_before_an_upgrade(world)
    told = world.told("get_status")
    assert told["next_steps"] == [EXTENDS]
    assert told["warnings"] == [
        "There are tools that came after the consent and are not in it."
    ]
    assert world.told("get_consents")["extend_command"] == EXTENDS
    world.give(ADDED)
    assert world.told("get_status")["next_steps"] == []
    assert world.told("get_consents")["extend_command"] != EXTENDS


def test_a_tool_that_was_taken_back_is_not_offered_again(world: World) -> None:
    given_before_an_upgrade(world, to=OTHER)
    world.give_training()
    world.withdraw(ADDED)
    told = world.told("get_status")
    assert (told["next_steps"], told["warnings"]) == ([], [])


def test_a_consent_about_to_end_is_renewed_whole(world: World) -> None:
    """With what the bundle leaves out, and the tools that came since beside it."""
    given_before_an_upgrade(world)
    world.give("files:notes", expires_at=world.clock.now() + timedelta(days=2))
    steps = world.told("get_status")["next_steps"]
    assert steps == [f"pierre-mcp consent renew --to {CLAUDE}", EXTENDS]
