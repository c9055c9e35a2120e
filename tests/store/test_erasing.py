"""Erasing a person: what goes, what stays, and what a copy or a kill cannot undo."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pierre_mcp.errors import (
    PersonErasedError,
    SealBrokenError,
    StoreDamagedError,
    StorePermissionsError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.ring import SYSTEM, person_scope
from pierre_mcp.model.audit import Finding, FindingKind, Health, Outcome
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.profile import Profile
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import (
    audit,
    emergency,
    erasing,
    keys,
    people,
    policies,
    receipts,
    sealed,
)
from pierre_mcp.store.database import Store
from pierre_mcp.store.erasing import Erased
from pierre_mcp.store.tombstones import Tombstones, Word, tombstone_of
from tests.store.hands import edit, look
from tests.store.test_older import OLDER, put_back
from tests.stores import (
    NOW,
    a_line,
    a_recording,
    a_store,
    add_what_came_later,
    copy_store,
    database,
    maintenance,
    new_store,
    owner_grant,
    owner_of,
    put,
)

STAYS = {
    "anchors",
    "audit",
    "audit_state",
    "checkpoints",
    "erasures",
    "keyring",
    "notices",
    "retired_masters",
    "sqlite_sequence",
    "store",
}
SESSION = "session"
STORE_ID = "0e0e5e0c-0000-4000-8000-000000000001"


def erase(store: Store) -> Erased:
    with store.writing() as tx:
        who = people.owner(tx)
        return erasing.erase_person(tx, maintenance(), who, session=SESSION, now=NOW)


def begin_anew(store: Store) -> Identity:
    with store.writing() as tx:
        return erasing.begin_anew(tx, maintenance(), Profile(), now=NOW)


def checked(store: Store) -> Finding | Health:
    with store.reading() as tx:
        return verify_log(tx, maintenance(), people.whose(tx))


@pytest.fixture
def filled(directory: Path) -> Path:
    """A store with a row of every kind there is, and a key marked compromised."""
    put_back(OLDER / "version-2.db.gz", directory)
    with a_store(directory) as store:
        with store.reading() as tx:
            found = emergency.listed(tx, maintenance(), None)
        with store.writing() as tx:
            emergency.replace(tx, maintenance(), found, None, session="", now=NOW)
            add_what_came_later(tx, people.owner(tx))
        assert isinstance(checked(store), Health)
    return directory


@pytest.mark.promise("rights.erase")
def test_not_one_row_of_the_person_is_left_in_any_table(filled: Path) -> None:
    """A table added later that erasing forgets is found here."""
    tables = {name for (name,) in look(filled, TABLES)}
    full = {t for t in tables if look(filled, f"SELECT count(*) FROM {t}") != [(0,)]}  # noqa: S608 - our own
    assert full >= tables - STAYS, "the store has a row of every kind"
    with a_store(filled) as store:
        who = owner_of(store)
        erase(store)
    left = {t for t in tables if look(filled, f"SELECT count(*) FROM {t}") != [(0,)]}  # noqa: S608 - our own
    assert left <= STAYS
    for name in left:
        [*rows] = look(filled, f"SELECT * FROM {name}")  # noqa: S608 - our own
        named = [row for row in rows if who.person in repr(row)]
        assert name == "keyring" or not named


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


@pytest.mark.promise("rights.erase")
def test_every_key_of_the_person_is_destroyed_whatever_its_state(filled: Path) -> None:
    with a_store(filled) as store:
        who = owner_of(store)
        erase(store)
        with store.reading() as tx:
            assert {info.scope for info in tx.ring.infos()} == {SYSTEM}
    scope = person_scope(who.tenant, who.person)
    found = look(filled, "SELECT state, wrapped FROM keyring WHERE scope = ?", (scope,))
    assert len(found) == 10, "five, and those before an emergency"
    assert set(found) == {("destroyed", None)}


@pytest.mark.promise("rights.erase")
def test_what_was_sealed_opens_nowhere_any_more(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    [table] = [table for table in sealed.TABLES if table.name == "recordings"]
    with store.reading() as tx:
        [row] = sealed.every(tx, maintenance(), table)
    erase(store)
    with store.reading() as tx:
        for _, place, cell in row.cells:
            with pytest.raises(SealBrokenError):
                tx.ring.open(cell, place)


def test_a_row_put_under_another_key_by_hand_goes_too(
    directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording())
    edit(directory, "UPDATE imports SET kid = 2")
    erase(store)
    assert look(directory, "SELECT * FROM imports") == []


@pytest.mark.promise("rights.erase")
def test_the_log_stays_whole_and_says_so(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": "detail"})
    name = look(directory, "SELECT json_extract(entry, '$.who') FROM audit")
    erase(store)
    with store.reading() as tx:
        row = audit.last(tx, maintenance(), 1)[0]
        assert people.whose(tx) is None
        with pytest.raises(PersonErasedError):
            people.owner(tx)
    assert (row["action"], row["risk"], row["who"]) == ("erase", "high", *name[0])
    assert checked(store) == Health(2)


def test_nobody_at_all_and_no_erasure_is_damage(directory: Path, store: Store) -> None:
    edit(directory, "DELETE FROM people")
    with pytest.raises(StoreDamagedError), store.reading() as tx:
        people.whose(tx)


def test_a_detail_is_missed_unless_an_erasure_after_it_says_so(
    directory: Path, store: Store
) -> None:
    def told(action: str) -> None:
        with store.writing() as tx:
            who = people.owner(tx)
            audit.append(tx, a_line(action), now=NOW, who=who, detail={"a": 1})

    told("first")
    edit(directory, "DELETE FROM audit_detail WHERE seq = 1")
    assert checked(store) == Finding(1, FindingKind.REDACTED)
    erase(store)
    assert checked(store) == Health(2)
    begin_anew(store)
    told("second")
    assert checked(store) == Health(3)
    edit(directory, "DELETE FROM audit_detail WHERE seq = 3")
    assert checked(store) == Finding(3, FindingKind.REDACTED)


def test_a_row_written_by_hand_does_not_say_so(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": 1})
    [(entry, link, mac)] = look(directory, "SELECT entry, link, mac FROM audit")
    said = json.loads(entry) | {"action": "erase", "outcome": "done", "seq": 2}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    edit(directory, "INSERT INTO audit VALUES (2, ?, ?, ?)", (text, link, mac))
    edit(directory, "DELETE FROM audit_detail")
    assert checked(store) == Finding(1, FindingKind.REDACTED)


def test_what_stands_beside_a_row_of_nobody_was_put_there(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": 1})
    [kept] = look(directory, "SELECT * FROM audit_detail")
    erase(store)
    edit(directory, "INSERT INTO audit_detail VALUES (?, ?, ?)", kept)
    assert checked(store) == Finding(1, FindingKind.REDACTED)


def canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.promise("rights.erase")
def test_the_receipt_is_checked_without_us(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant)
        audit.append(tx, a_line("backup"), now=NOW, who=grant)
        own = replace(a_line(), door="cli", caller="owner", recipient="")
        audit.append(tx, own, now=NOW, who=grant)  # to nobody else
    text = erase(store).receipt
    body, signature = (json.loads(text)[name] for name in ("body", "signature"))
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(body["public_key"]))
    public.verify(bytes.fromhex(signature), canonical(body))
    with pytest.raises(InvalidSignature):
        public.verify(bytes.fromhex(signature), canonical({**body, "log_row": 1}))
    with store.reading() as tx:
        store_id = keys.store_id(tx.db)
        assert receipts.every(tx, maintenance()) == [text]
    assert (body["store"], body["log_row"]) == (store_id, 4)
    who = Identity(grant.tenant, grant.person)
    assert body["tombstone"] == tombstone_of(store_id, who).hex()
    assert body["rows_erased"]["recordings"] == 1
    assert [key["id"] for key in body["keys_destroyed"]] == [4, 5, 6, 7, 8, 9]
    assert body["out_of_reach"]["answers_released"] == {"claude-desktop": 2}
    assert grant.person not in text


def test_any_changed_byte_of_a_receipt_is_refused(store: Store) -> None:
    text = erase(store).receipt
    assert receipts.holds(text)
    for at in range(0, len(text), 7):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        assert not receipts.holds(changed) or json.loads(changed) == json.loads(text)
    assert not receipts.holds("[]")


def test_a_backup_the_log_knows_of_is_named(store: Store, grant: Grant) -> None:
    line = replace(a_line("backup", outcome=Outcome.DONE), recipient="")
    with store.writing() as tx:
        audit.append(tx, line, now=NOW, who=grant)
        assert audit.last_done(tx, maintenance(), "backup") == NOW
        assert audit.last_done(tx, maintenance(), "restore") is None
    body = json.loads(erase(store).receipt)["body"]
    assert body["out_of_reach"]["backups_in_the_log"] == 1


@pytest.mark.promise("rights.erase")
def test_who_begins_anew_has_nothing_of_who_was_there(
    directory: Path, store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        audit.append(tx, a_line(policy_epoch=4), now=NOW, who=grant)
    erase(store)
    who = begin_anew(store)
    assert who != Identity(grant.tenant, grant.person)
    assert who.tenant != grant.tenant
    with store.reading() as tx:
        assert people.owner(tx) == who
        assert policies.read(tx, who).policy.policy_epoch == 4
        assert policies.read(tx, who).policy.recipients == {}
        found = {
            i.purpose for i in tx.ring.infos() if person_scope(*ids(who)) == i.scope
        }
        assert len(found) == 5
    put(store, owner_grant(store), a_recording())
    second = json.loads(erase(store).receipt)["body"]
    assert second["out_of_reach"]["answers_released"] == {}
    assert checked(store) == Health(3)
    assert len(look(directory, "SELECT * FROM erasures")) == 2


def ids(who: Identity) -> tuple[str, str]:
    return who.tenant, who.person


@pytest.mark.promise("rights.erase")
def test_an_older_copy_is_erased_again_by_its_tombstone(
    directory: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    with a_store(directory) as store:
        put(store, owner_grant(store), a_recording())
    copy_store(directory, copy)
    with a_store(directory) as store:
        gone = erase(store).tombstone
    with a_store(copy) as store:
        with store.writing() as tx:
            other = erasing.replay(tx, maintenance(), {b""}, session="", now=NOW)
            assert other is None
            again = erasing.replay(tx, maintenance(), {gone}, session="", now=NOW)
        assert again is not None
        assert again.tombstone == gone
        with store.writing() as tx:
            assert not erasing.replay(tx, maintenance(), {gone}, session="", now=NOW)
        assert checked(store) == Health(1)
    assert look(copy, "SELECT * FROM recordings") == []


# --- what is left in the files


@pytest.mark.promise("rights.erase")
def test_nothing_of_it_is_left_in_the_files(directory: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    with a_store(directory) as store:
        grant = owner_grant(store)
        put(store, grant, *(a_recording(part=i) for i in range(20)))
        samples = erase(store).samples
        assert len(samples) > 50
    assert erasing.left_in(database(directory), samples) == 0
    with a_store(directory) as store:
        assert erasing.finish(store, outside)
        notes = Tombstones(outside, store_id(store))
        assert set(notes.words().values()) == {Word.CLEANED}
        before = (outside / f"{store_id(store)}.erased").read_bytes()
        assert erasing.finish(store, outside)
        assert (outside / f"{store_id(store)}.erased").read_bytes() == before
        assert tuple(store.db.execute("PRAGMA freelist_count")) == ((0,),)


def test_a_reader_keeps_the_log_until_it_ends(directory: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    other, store = new_store(directory), new_store(directory)
    put(store, owner_grant(store), a_recording())
    with other.reading() as tx:
        people.owner(tx)
        samples = erase(store).samples
        assert not erasing.finish(store, outside, tries=2)
    store.close()
    kept = Tombstones(outside, store_id(other))
    assert set(kept.words().values()) == {Word.ERASED}
    assert erasing.finish(other, outside)
    assert set(kept.words().values()) == {Word.CLEANED}
    other.close()
    assert erasing.left_in(database(directory), samples) == 0


def test_samples_are_found_where_they_are_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "_CHUNK_BYTES", 32)
    (tmp_path / "pierre.db").write_bytes(bytes(25) + b"sixteen bytes ab" + bytes(50))
    (tmp_path / "pierre.db-wal").write_bytes(b"sixteen bytes cd")
    samples = [b"sixteen bytes ab", b"sixteen bytes cd", b"sixteen bytes ef"]
    assert erasing.left_in(tmp_path / "pierre.db", samples) == 2


def store_id(store: Store) -> str:
    return keys.store_id(store.db)


# --- what is noted outside


def test_a_kill_before_the_commit_leaves_a_person_who_is_kept(
    store: Store, tmp_path: Path
) -> None:
    notes = Tombstones(tmp_path / "outside", store_id(store))
    tombstone = tombstone_of(store_id(store), owner_of(store))
    notes.note(tombstone, Word.ORDERED)
    assert notes.erased() == {tombstone}, "until the store says otherwise"
    assert erasing.finish(store, tmp_path / "outside")
    assert notes.words() == {tombstone: Word.KEPT}
    assert notes.erased() == frozenset()


def test_a_kill_after_the_commit_leaves_one_who_is_not(
    store: Store, tmp_path: Path
) -> None:
    notes = Tombstones(tmp_path / "outside", store_id(store))
    tombstone = tombstone_of(store_id(store), owner_of(store))
    notes.note(tombstone, Word.ORDERED)
    erase(store)
    assert erasing.finish(store, tmp_path / "outside")
    assert notes.words() == {tombstone: Word.CLEANED}
    notes.note(bytes(32), Word.ORDERED)
    assert erasing.finish(store, tmp_path / "outside")
    assert notes.words()[bytes(32)] is Word.ORDERED, "of another copy"


def test_a_note_cut_short_says_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    notes = Tombstones(tmp_path / "outside", STORE_ID)
    one, two = bytes(32), bytes([1]) * 32
    assert notes.words() == {}
    notes.note(one, Word.ORDERED)
    with (tmp_path / "outside" / f"{STORE_ID}.erased").open("ab") as file:
        file.write(one.hex().encode() + b" era")
    notes.note(two, Word.ERASED)
    notes.note(two, Word.CLEANED)
    with (tmp_path / "outside" / f"{STORE_ID}.erased").open("ab") as file:
        file.write(two.hex().encode() + b" unheard\n\xff\n")
    assert notes.words() == {one: Word.ORDERED, two: Word.CLEANED}
    assert notes.erased() == {one, two}


def test_an_id_names_no_other_file(tmp_path: Path) -> None:
    for id_ in ("", "../store", STORE_ID.upper(), f"{STORE_ID}/"):
        with pytest.raises(StoreDamagedError):
            Tombstones(tmp_path, id_)


def test_where_nothing_can_be_noted_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir(0o700)
    (tmp_path / "outside" / f"{STORE_ID}.erased").mkdir()
    notes = Tombstones(tmp_path / "outside", STORE_ID)
    with pytest.raises(StoreUnwritableError):
        notes.note(bytes(32), Word.ORDERED)
    with pytest.raises(StorePermissionsError):
        notes.erased()


def test_what_is_beside_a_store_is_counted(tmp_path: Path) -> None:
    for name in ("mine", "annas"):
        (tmp_path / name).mkdir()
        database(tmp_path / name).touch()
    database(tmp_path / "mine").with_name("pierre.db.replaced-1").touch()
    database(tmp_path / "mine").with_name("pierre.db-wal").touch()
    found = erasing.beside(database(tmp_path / "mine"))
    assert (found.profiles, found.copies) == (1, 1)
