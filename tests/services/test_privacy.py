"""Levels and zones as the person settles them, with their lines in the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.analytics.clusters import clusters
from pierre_mcp.errors import ActivityUnknownError, PrivacyZoneUnknownError
from pierre_mcp.model.caller import Call
from pierre_mcp.model.category import Category
from pierre_mcp.model.cells import LocationCell
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import Policy, PrivacyZone
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import privacy
from pierre_mcp.services.privacy import Proposal
from pierre_mcp.services.restoring import withdraw_all
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEvent
from tests.gate.world import CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import a_grant, a_recording, owner_grant, owner_of

HOME, GYM = (47.3700, 8.5400), (47.4000, 8.6000)


def gone(day: int, *ends: tuple[float, float]) -> NewRecording:
    path = LocationCell(
        along_m=[4_000.0 * i for i in range(len(ends))],
        lat_deg=[lat + day * 1e-5 for lat, _ in ends],
        lon_deg=[lon for _, lon in ends],
    )
    return replace(a_recording(day=f"2026-02-{day:02}"), location=path)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as made:
        yield made


def policy_of(world: World) -> Policy:
    who = owner_of(world.store)
    with world.store.reading() as tx:
        return policies.read(tx, who).policy


def ledger(world: World) -> list[tuple[str, str, str]]:
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        found = policies.history(tx, grant)
    events = {LedgerEvent.LEVEL, LedgerEvent.ZONES}
    return [
        (e.event, e.recipient or e.subject, e.level or "")
        for _, e in found
        if e.event in events
    ]


@pytest.mark.promise("privacy.levels")
def test_a_level_is_of_one_recipient_and_is_in_the_ledger(world: World) -> None:
    world.give_training()
    before = policy_of(world)
    world.choose(Level.LOW)
    after = policy_of(world)
    assert after.policy_epoch == before.policy_epoch + 1
    assert (after.of(CLAUDE).level, after.of(OTHER).level) == (Level.LOW, None)
    assert after.of(CLAUDE).scopes == before.of(CLAUDE).scopes
    assert ledger(world) == [("level", CLAUDE, "low")]
    world.withdraw()
    world.give_training()
    assert policy_of(world).of(CLAUDE).level is Level.LOW, "it outlives the consents"


@pytest.mark.promise("privacy.levels")
def test_what_shows_more_is_known(world: World) -> None:
    policy = policy_of(world)
    shows_more = [privacy.lowers(policy, CLAUDE, level) for level in Level]
    assert shows_more == [False, False, True]
    world.choose(Level.HIGH)
    policy = policy_of(world)
    assert [privacy.lowers(policy, CLAUDE, level) for level in Level] == [
        False, True, True,
    ]  # fmt: skip


@pytest.mark.promise("privacy.levels")
def test_no_recipient_settles_anything(world: World) -> None:
    grant = a_grant(owner_of(world.store), pairs=set())
    with world.store.writing() as tx:
        for work in (
            lambda: privacy.choose(tx, grant, CLAUDE, Level.LOW),
            lambda: privacy.remove(tx, grant, "1"),
            lambda: privacy.proposals(tx, grant),
            lambda: privacy.start_of(tx, grant, "x"),
        ):
            with pytest.raises(RuntimeError, match=r"only the owner|lets more out"):
                work()


@pytest.mark.promise("privacy.levels")
@pytest.mark.parametrize(
    "work",
    [
        lambda tx, grant: privacy.choose(tx, grant, CLAUDE, Level.LOW),
        lambda tx, grant: privacy.remove(tx, grant, "1"),
    ],
    ids=["level", "zone"],
)
def test_what_shows_more_is_behind_the_consent_lock(world: World, work: Any) -> None:
    world.hide(PrivacyZone(lat_deg=HOME[0], lon_deg=HOME[1], radius_m=400))
    before = policy_of(world)
    with pytest.raises(RuntimeError, match="lets more out"):
        world.gate.act(Call(OWNER, "act", "session"), work)
    assert policy_of(world) == before


def test_a_zone_is_taken_back_by_name_or_number(world: World) -> None:
    home = PrivacyZone(lat_deg=HOME[0], lon_deg=HOME[1], radius_m=400, name="home")
    gym = PrivacyZone(lat_deg=GYM[0], lon_deg=GYM[1], radius_m=300)
    world.hide(home, gym)
    for which in ("3", "0", "work", "-1", "1e3", "٢", "9" * 9):
        with pytest.raises(PrivacyZoneUnknownError):
            privacy.find(policy_of(world).zones, which)
    for which in ("home", "1"):
        world.gate.widen(
            Call(OWNER, "privacy zone remove", "session"),
            lambda tx, grant, which=which: privacy.remove(tx, grant, which),  # type: ignore[misc]
        )
    assert policy_of(world).zones == ()
    assert ledger(world) == [
        ("zones", "added 2", ""),
        *[("zones", "removed 1", "")] * 2,
    ]


def test_where_activities_often_start_or_end_is_proposed(world: World) -> None:
    world.put(*(gone(day, HOME, GYM) for day in range(1, 6)))
    world.put(gone(9, GYM, HOME), gone(10, HOME, (46.0, 7.0)))
    found = world.gate.look(Call(OWNER, "look", "session"), privacy.proposals)
    assert [p.count for p in found] == [7, 6]
    assert found[0].lat_deg == pytest.approx(HOME[0], abs=1e-3)
    assert found[1].lon_deg == pytest.approx(GYM[1], abs=1e-9)
    world.hide(PrivacyZone(lat_deg=HOME[0], lon_deg=HOME[1], radius_m=400))
    [left] = world.gate.look(Call(OWNER, "look", "session"), privacy.proposals)
    assert isinstance(left, Proposal)
    assert left.count == 6


def test_where_an_activity_starts(world: World) -> None:
    world.put(gone(0 + 1, HOME, GYM), a_recording(bare=True, day="2026-01-01"))
    with_path, bare = world.told("get_activities", of=OWNER)["activities"]["id"]

    def start(an_id: str) -> tuple[float, float]:
        def work(tx: Tx, grant: object) -> tuple[float, float]:
            return privacy.start_of(tx, grant, an_id)  # type: ignore[arg-type]

        return world.gate.look(Call(OWNER, "look", "session"), work)

    assert start(with_path) == pytest.approx((47.37001, 8.54))
    for unknown in (bare, "x"):
        with pytest.raises(ActivityUnknownError):
            start(unknown)


def test_crowds_are_found_and_strays_are_not() -> None:
    places = [(47 + i * 1e-5, 8.0) for i in range(9)] + [(48.0, 9.0)] * 4
    [((lat, lon), count)] = clusters(places, within_m=200, least=5)
    assert (round(lat, 4), lon, count) == (47.0000, 8.0, 9)
    assert clusters([], within_m=200, least=5) == []
    assert clusters(places[:4], within_m=200, least=5) == []
    across = [(0.0, 180.0)] * 5
    assert clusters(across, within_m=200, least=5)[0][1] == 5
    many = [(float(i), 0.0) for i in range(30) for _ in range(5)]
    assert len(clusters(many, within_m=200, least=5)) == 20


# --- what the assistant is told of it


def test_settings_are_its_own(world: World) -> None:
    told = world.told("get_privacy_settings")
    assert (told["level"], told["not_read"]) == ("medium", [str(c) for c in Category])
    assert "zones_hide_places" not in told
    world.give_training(extras=(Category.LOCATION,))
    world.give_training(to=OTHER)
    world.choose(Level.LOW, to=OTHER)
    told = world.told("get_privacy_settings")
    assert told["level"] == "medium"
    assert told["effects"][1].startswith("places to about 1 km")
    assert told["not_read"] == ["sleep", "body", "notes"]
    assert (told["notice"], told["zones_hide_places"]) == (1, False)
    world.hide(PrivacyZone(lat_deg=1, lon_deg=2, radius_m=300, name="hut"))
    answer = world.ask("get_privacy_settings")
    assert '"zones_hide_places":true' in answer.text
    for word in ("hut", OTHER, "low", "lock"):
        assert word not in answer.text
    world.choose(Level.HIGH)
    told = world.told("get_privacy_settings")
    assert told["not_read"] == ["location", "sleep", "body", "notes"]
    assert "zones_hide_places" not in told
    command = f"pierre-mcp privacy set --recipient {CLAUDE} --level"
    assert told["change_command"] == command
    assert world.told("get_privacy_settings", of=OWNER)["level"] == "owner"


def test_objections_are_told_to_whom_they_concern(world: World) -> None:
    world.give_training()

    def object_(tx: Tx, grant: object) -> None:
        policy = policies.read(tx, grant).policy  # type: ignore[arg-type]
        blocks = ["share", f"share:{OTHER}", f"share:{CLAUDE}", "analytics:insights"]
        changed = {"policy_epoch": policy.policy_epoch + 1, "blocks": blocks}
        policies.write(tx, grant, policy.model_copy(update=changed))  # type: ignore[arg-type]

    world.gate.act(Call(OWNER, "object", "session"), object_)
    answer = world.ask("get_privacy_settings")
    assert OTHER not in answer.text
    assert (
        f'"objections":["share","share:{CLAUDE}","analytics:insights"]' in answer.text
    )


@pytest.mark.promise("consent.human-only")
def test_no_tool_lowers_a_level_or_takes_a_zone_back(world: World) -> None:
    """The tools that write are three, and none of them has a word for it."""
    writing = {t.name for t in world.table.tools.values() if t.terms.writes}
    assert writing == {"withdraw_consent", "import_inbox", "cancel_operation"}
    world.give_training()
    world.choose(Level.HIGH)
    home = PrivacyZone(lat_deg=1, lon_deg=2, radius_m=300)
    world.hide(home)
    for name in writing:
        for asked in (
            {"level": "low"},
            {"scopes": ["level:low"]},
            {"recipient": CLAUDE},
        ):
            world.ask(name, asked)
    policy = policy_of(world)
    assert policy.of(CLAUDE).level is Level.HIGH
    assert [z.circle for z in policy.zones] == [home.circle]


@pytest.mark.promise("privacy.levels")
def test_a_store_that_was_put_back_leaves_nobody_at_low(world: World) -> None:
    for to, level in ((CLAUDE, Level.LOW), (OTHER, Level.HIGH)):
        world.give_training(to=to)
        world.choose(level, to=to)
    world.gate.act(Call(OWNER, "restore accept", "session"), withdraw_all)
    policy = policy_of(world)
    assert policy.of(CLAUDE).level is Level.MEDIUM
    assert policy.of(OTHER).level is Level.HIGH
    assert not policy.of(CLAUDE).scopes
