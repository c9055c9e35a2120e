"""Keys that others may know: marked, listed, replaced, and nothing forged gets in."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    KeyMissingError,
    MasterKeySameError,
    SealBrokenError,
    StaleKeyError,
)
from pierre_mcp.keyring.cells import cell_cipher, seal_cell
from pierre_mcp.keyring.pseudonyms import Pseudonyms
from pierre_mcp.keyring.ring import (
    KeyState,
    Purpose,
    Ring,
    person_scope,
)
from pierre_mcp.keyring.tokens import open_token, seal_token
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.rotation import Emergency, due
from pierre_mcp.services.steps import UpkeepStep
from pierre_mcp.store import (
    gear,
    key_changes,
    key_status,
    policies,
    recordings,
    rotation,
    sealed,
)
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import open_store
from tests.fakes import StillClock
from tests.services.test_rotation import healthy, kids, states, values
from tests.store.hands import edit, look
from tests.store.rotating import a_rotation, do, rotate, run, sealing_key
from tests.store.test_sealed import everything
from tests.store.units import append
from tests.stores import (
    MASTER,
    NOW,
    OTHER_MASTER,
    a_digest,
    a_recording,
    a_store,
    copy_store,
    maintenance,
    opening,
    owner_grant,
    owner_of,
    put,
)

EVERYTHING_ELSE = {
    Purpose.AUDIT,
    Purpose.LEDGER,
    Purpose.PSEUDONYM,
    Purpose.TOKEN_MAC,
    Purpose.MANIFEST,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows of nearly every kind: for copies of it."""
    directory = tmp_path_factory.mktemp("filled") / "store"
    with everything(directory) as store:
        put(store, owner_grant(store), a_recording())
    return directory


@pytest.fixture
def directory(filled: Path, tmp_path: Path) -> Path:
    return copy_store(filled, tmp_path / "store")


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    with a_store(directory) as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


def an_emergency(kind: str | None = None) -> Emergency:
    return Emergency(StillClock(), kind)


def begin(store: Store) -> None:
    """Do an emergency's first step: the keys are marked, nothing else is done."""
    do(store, an_emergency())


def scope_of(grant: Grant) -> str:
    return person_scope(grant.tenant, grant.person)


def ring_of(store: Store) -> Ring:
    with store.reading() as tx:
        return tx.ring


@pytest.mark.promise("keys.dek-emergency")
def test_every_key_is_replaced_and_all_of_it_stays_readable(
    store: Store, grant: Grant
) -> None:
    before, old = values(store), states(store)
    job = a_rotation(an_emergency())
    for number, (step, _) in enumerate(job.steps()):
        do(store, step)
        if number in {1, 2, 4, 8}:  # reading goes on while keys are marked
            assert values(store).items() >= before.items()
    assert {k: v for k, v in values(store).items() if k[0] != "listings"} == before
    after = states(store)
    ring = ring_of(store)
    index = [i for i in ring.infos() if i.purpose is Purpose.INDEX]
    assert [i.state for i in index] == [KeyState.COMPROMISED, KeyState.ACTIVE]
    gone = {after[kid] for kid in old if kid != index[0].id}
    assert gone == {KeyState.DESTROYED}
    assert not look_listings(store)
    append(store, grant)
    assert healthy(store)
    assert (job.broken, job.resumed) == (0, False)


def look_listings(store: Store) -> int:
    with store.reading() as tx:
        return int(tx.one("SELECT count(*) FROM listings")[0])


@pytest.mark.promise("keys.dek-emergency")
def test_marking_destroys_at_once_what_holds_nothing(store: Store) -> None:
    purposes = {info.id: info.purpose for info in ring_of(store).infos()}
    begin(store)
    after = states(store)
    for kid, purpose in purposes.items():
        expected = "destroyed" if purpose in EVERYTHING_ELSE else "compromised"
        assert after[kid] == expected


@pytest.mark.promise("keys.dek-emergency")
def test_a_cell_made_with_the_key_after_it_was_marked_is_refused(
    directory: Path, store: Store, grant: Grant
) -> None:
    """Also where it is written by hand over a cell that is listed."""
    with store.reading() as tx:
        old = sealing_key(tx.ring, grant)
        dek = tx.ring.dek(old)
        row = next(sealed.under(tx, maintenance(), sealed.TABLES[0], old, most=1))
    assert dek is not None
    _, place, cell = row.cells[0]
    forged = seal_cell(cell_cipher(dek), old, b"forged", place)
    begin(store)
    edit(
        directory,
        "UPDATE recordings SET activities = ? WHERE rowid = ?",
        (forged, row.rowid),
    )
    with store.reading() as tx:
        tx.ring.open(cell, place)
        with pytest.raises(SealBrokenError):
            tx.ring.open(forged, place)
    with pytest.raises(SealBrokenError):
        values(store)
    job = a_rotation(an_emergency())
    assert run(store, job)
    assert (job.resumed, job.broken) == (True, 1)
    assert states(store)[old] == KeyState.COMPROMISED


@pytest.mark.promise("keys.dek-emergency")
def test_other_processes_refuse_it_too(directory: Path, store: Store) -> None:
    with a_store(directory) as other:
        before = values(other)
        begin(store)
        assert values(other).items() >= before.items()
    with a_store(directory) as fresh:
        assert values(fresh).items() >= before.items()
        edit(directory, "DELETE FROM listings")
        edit(directory, "UPDATE store SET generation = generation")
    with a_store(directory) as fresh, pytest.raises(SealBrokenError):
        values(fresh)


@pytest.mark.promise("keys.dek-emergency")
def test_a_list_that_was_changed_lists_nothing(directory: Path, store: Store) -> None:
    begin(store)
    edit(directory, "UPDATE listings SET cell = CAST(cell || x'00' AS BLOB)")
    with a_store(directory) as fresh, pytest.raises(SealBrokenError):
        values(fresh)


@pytest.mark.promise("keys.dek-emergency")
def test_files_gear_and_facts_are_known_again(store: Store, grant: Grant) -> None:
    bike, import_id = Gear(name="A bike", kind="bike"), last_import(store)
    with store.writing() as tx:
        mine = gear.add(tx, grant, "strava", bike, import_id)
    known = a_digest(f"{import_id}/0")
    assert is_known(store, grant, known)
    facts = count_of(store, "athlete")
    for _ in range(2):
        assert run(store, a_rotation(an_emergency()))
        assert is_known(store, grant, known)
        with store.writing() as tx:
            assert gear.add(tx, grant, "strava", bike, import_id) == mine
        assert count_of(store, "athlete") == facts


def last_import(store: Store) -> str:
    """The id of the import that ``put`` began, of which its digests are made."""
    with store.reading() as tx:
        return str(
            tx.one("SELECT import_id FROM recordings ORDER BY rowid DESC LIMIT 1")[0]
        )


def is_known(store: Store, grant: Grant, digest: bytes) -> bool:
    with store.reading() as tx:
        return recordings.known(tx, grant, digest)


def count_of(store: Store, table: str) -> int:
    with store.reading() as tx:
        return int(tx.one(f"SELECT count(*) FROM {table}")[0])  # noqa: S608 - ours


@pytest.mark.promise("keys.dek-emergency")
def test_the_consent_ledger_holds_under_its_new_key(store: Store) -> None:
    who = owner_of(store)
    assert run(store, a_rotation(an_emergency()))
    with store.reading() as tx:
        assert policies.ledger_holds(tx, maintenance(), who)


def test_a_ledger_that_was_changed_is_not_made_whole(
    directory: Path, store: Store, grant: Grant
) -> None:
    edit(directory, "UPDATE ledger SET mac = zeroblob(32) WHERE seq = 1")
    ledger, who = (
        ring_of(store).active(scope_of(grant), Purpose.LEDGER),
        owner_of(store),
    )
    assert run(store, a_rotation(an_emergency()))
    assert states(store)[ledger] == KeyState.ACTIVE
    with store.reading() as tx:
        assert not policies.ledger_holds(tx, maintenance(), who)


@pytest.mark.promise("keys.dek-emergency")
def test_pseudonyms_and_cursors_of_before_lead_nowhere(
    store: Store, grant: Grant
) -> None:
    scope, one = scope_of(grant), "0e0e5e0c-0000-4000-8000-000000000001"
    ring = ring_of(store)
    hidden = Pseudonyms(ring, scope).hide("claude", [one])[0]
    token = seal_token(ring, scope, b"here", ())
    begin(store)
    ring = ring_of(store)
    assert Pseudonyms(ring, scope).reveal("claude", hidden) != one
    assert open_token(ring, scope, token, ()) is None


def test_what_somebody_writes_while_it_lists_is_listed_too(
    directory: Path, store: Store, grant: Grant
) -> None:
    """Twice it lists again; then it lists under the lock."""
    step: UpkeepStep = an_emergency()
    with a_store(directory) as other:
        for refused in (True, True, False):
            store.refill()
            with store.reading() as tx:
                step.prepare(tx, maintenance())
            put(other, grant, a_recording())
            if refused:
                with pytest.raises(StaleKeyError), store.writing() as tx:
                    step.write(tx, maintenance())
            else:
                with store.writing() as tx:
                    step.write(tx, maintenance())
    before = values(store)
    assert run(store, a_rotation(an_emergency()))
    after = values(store)
    assert after.items() <= before.items()
    assert count_of(store, "recordings") == 9


def test_an_emergency_does_not_wait_for_a_routine_rotation(
    store: Store, grant: Grant
) -> None:
    first = sealing_key(ring_of(store), grant)
    rotate(store, grant)
    second = sealing_key(ring_of(store), grant)
    before = values(store)
    job = a_rotation(an_emergency())
    assert run(store, job)
    assert not job.resumed
    assert {states(store)[kid] for kid in (first, second)} == {KeyState.DESTROYED}
    assert values(store) == before


@pytest.mark.promise("keys.dek-emergency")
def test_places_and_heart_rate_come_first(
    directory: Path, store: Store, grant: Grant
) -> None:
    for _ in range(2):
        put(store, grant, a_recording())
    old = sealing_key(ring_of(store), grant)
    job = a_rotation(an_emergency())
    for step, _ in job.steps():
        do(store, step)
        left = {
            name
            for (name,) in look(
                directory, "SELECT DISTINCT name FROM streams WHERE kid = ?", (old,)
            )
        }
        if left and not left & {"lat_deg", "lon_deg", "heart_rate_bpm"}:
            break
    else:
        pytest.fail("they went together")
    [(rest,)] = look(directory, "SELECT count(*) FROM details WHERE kid = ?", (old,))
    assert rest


@pytest.mark.parametrize("kind", ["system", "tenant"])
def test_one_kind_of_scope(store: Store, grant: Grant, kind: str) -> None:
    mine = sealing_key(ring_of(store), grant)
    job = a_rotation(an_emergency(kind))
    assert run(store, job)
    assert job.made == job.destroyed == (2 if kind == "system" else 1)
    assert states(store)[mine] == KeyState.ACTIVE
    assert healthy(store)


def test_stopped_anywhere_it_is_gone_on_with(directory: Path) -> None:
    with a_store(directory) as store:
        before = values(store)
    for steps in (1, 2, 3, 6, 12, 20):
        with a_store(directory) as store:
            assert not run(store, a_rotation(an_emergency()), steps)
        with a_store(directory) as store:
            assert values(store).items() >= before.items()
            rest = a_rotation(an_emergency())
            assert run(store, rest)
            assert rest.resumed == (steps > 1)
            assert values(store) == before


@pytest.mark.promise("keys.mek-rotation")
def test_a_known_master_key_replaces_every_data_key(
    directory: Path, store: Store, grant: Grant
) -> None:
    before, old = values(store), set(states(store))
    store.close()
    with both(directory) as moved:
        job = a_rotation(Emergency(StillClock(), None, rewrap=True))
        assert run(moved, job)
        assert values(moved) == before
        infos = ring_of(moved).infos()
        assert {info.mek_id for info in infos} == {OTHER_MASTER.id}
        assert {i.purpose for i in infos if i.id in old} == {Purpose.INDEX}
        with moved.reading() as tx:
            found = key_status.listed(
                tx, maintenance(), now=NOW, max_age=timedelta(days=1)
            )
        [gone] = found.retired
        assert (gone.mek_id, gone.compromised) == (MASTER.id, True)
        again = a_rotation(Emergency(StillClock(), None, rewrap=True))
        with pytest.raises(MasterKeySameError):
            run(moved, again)
        append(moved, grant)


def both(directory: Path) -> closing[Store]:
    """The store opened by who was given a new master key, and the old as previous."""
    given = (OTHER_MASTER, MASTER)
    return closing(open_store(replace(opening(directory), masters=lambda _: given)))


@pytest.mark.promise("keys.nonce-budget")
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1", 0),
        ("UPDATE keyring SET seals = 1 << 30 WHERE purpose = 'seal'", 2),
        ("UPDATE keyring SET seals = (1 << 30) - 1", 0),
        ("UPDATE keyring SET seals = 1 << 30 WHERE purpose = 'index'", 0),
        ("UPDATE keyring SET created_us = created_us - 31536000000000", 3),
        ("UPDATE keyring SET created_us = created_us - 31535999999999", 0),
    ],
    ids=["new", "spent", "nearly", "digests", "a year", "nearly a year"],
)
def test_what_is_due(tmp_path: Path, sql: str, expected: int) -> None:
    directory, year = tmp_path / "new", timedelta(days=365)
    with a_store(directory) as store:
        edit(directory, sql)
        with store.reading() as tx:
            found = due(StillClock(), year)(tx, maintenance())
            waits = key_status.waits(tx, now=NOW, max_age=year)
        assert len(found) == expected
        assert waits == bool(expected)


def test_a_key_marked_by_itself(store: Store, grant: Grant) -> None:
    """As another process's older key is, with no list: it opens nothing."""
    rotate(store, grant)
    with store.writing() as tx:
        [old] = rotation.pending(tx, maintenance())
        key_changes.compromise(tx, maintenance(), [old.id], now=NOW)
    with pytest.raises(SealBrokenError):
        values(store)
    assert kids(store)


def test_a_lost_index_key_is_said_so(store: Store, grant: Grant) -> None:
    ring = ring_of(store)
    infos = [info for info in ring.infos() if info.purpose is not Purpose.INDEX]
    lacking = Ring((info, bytes(32)) for info in infos)
    with pytest.raises(KeyMissingError):
        recordings.keyed_digest(lacking, grant, a_digest("x"))
