"""The shift of a zone: drawn once, kept, and of no use without the key."""

from pathlib import Path

import pytest

from pierre_mcp.keyring import shifts
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.policy.circles import LEAST, MOST
from pierre_mcp.store import policies
from tests.gate.world import a_world
from tests.stores import a_store, owner_of

HOME = PrivacyZone(lat_deg=47.37, lon_deg=8.54, radius_m=400)
NEAR = PrivacyZone(lat_deg=47.3701, lon_deg=8.54, radius_m=800, name="home")
FAR = PrivacyZone(lat_deg=47.0, lon_deg=8.0, radius_m=400)


@pytest.mark.promise("privacy.location")
def test_the_same_place_again_is_the_same_circle(tmp_path: Path) -> None:
    with a_store(tmp_path / "a") as store, a_store(tmp_path / "b", own=True) as other:
        found = []
        for one in (store, other):
            who = owner_of(one)
            with one.reading() as tx:
                scope = person_scope(who.tenant, who.person)
                [first] = shifts.settled(tx.ring, scope, [HOME])
                [again] = shifts.settled(tx.ring, scope, [HOME])
                assert first == again
                found.append(first.shift_m)
                pair = shifts.settled(tx.ring, scope, [HOME, NEAR, FAR])
            east, north = first.shift_m or (0, 0)
            assert LEAST * 400 - 1 <= (east**2 + north**2) ** 0.5 <= MOST * 400 + 1
            assert pair[1].shift_m == (round(2 * east, 1), round(2 * north, 1))
            assert pair[2].shift_m not in {first.shift_m, pair[1].shift_m}
        assert found[0] != found[1], "of other keys it is another"


@pytest.mark.promise("privacy.location")
def test_a_zone_of_an_earlier_version_is_hidden_alike_and_then_kept(
    tmp_path: Path,
) -> None:
    with a_world(tmp_path / "store") as world:
        who = owner_of(world.store)
        world.hide(HOME)
        with world.store.reading() as tx:
            [kept] = policies.read(tx, who).policy.zones
        assert kept.shift_m is not None
        world.hide(FAR, HOME)
        with world.store.reading() as tx:
            policy = policies.read(tx, who).policy
        assert policy.zones[0] == kept
        assert len(policy.zones) == 2
        old = policy.model_copy(update={"zones": (HOME,)})
        with world.store.reading() as tx:
            assert policies.settled(tx.ring, who, old).zones == (kept,)
            assert policies.settled(tx.ring, who, policy) is policy
