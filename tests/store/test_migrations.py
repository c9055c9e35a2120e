"""The schema, and what its triggers and checks refuse."""
# ruff: noqa: S608 - the tables and columns are named by the test itself

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pierre_mcp.errors import StoreUnwritableError
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, migrations, operations, policies, recordings
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import open_store
from pierre_mcp.store.schema import second
from tests.store.hands import by_hand, edit, look
from tests.store.test_policies import an_entry
from tests.stores import (
    NOW,
    a_digest,
    a_line,
    a_recording,
    a_store,
    an_operation,
    begin_import,
    opening,
    put,
)

NEXT = (*migrations.MIGRATIONS, ("ALTER TABLE recordings ADD COLUMN later TEXT",))


def run(store: Store, sql: str) -> None:
    with store.writing() as tx:
        tx.execute(sql)


@pytest.fixture
def full(store: Store, grant: Grant) -> Store:
    """A store with a row in every table."""
    put(store, grant, a_recording())
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant, detail={"a": 1})
        policies.enter(tx, grant, an_entry())
        operations.add(tx, grant, an_operation())
    return store


def test_the_digest_is_that_of_the_schema_made() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrations.migrate(db, 0)
        assert migrations.digest_of(db) == migrations.DIGEST
        assert migrations.version_of(db) == migrations.VERSION


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM audit",
        "DELETE FROM ledger",
        "DELETE FROM keyring",
        "DELETE FROM audit_state",
        "DELETE FROM store",
        "UPDATE audit SET entry = '{}'",
        "UPDATE audit SET seq = seq + 100",
        "UPDATE ledger SET person = 'x'",
        "INSERT OR REPLACE INTO audit SELECT seq, '{}', link, mac FROM audit",
        "REPLACE INTO keyring SELECT * FROM keyring",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger",
        "REPLACE INTO audit_state SELECT * FROM audit_state",
    ],
)
def test_what_is_append_only_is_never_changed(full: Store, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append_only"):
        run(full, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE store SET id = 'demo-' || id",
        "REPLACE INTO store SELECT one, 'demo-', generation, manifest FROM store",
        "UPDATE OR REPLACE store SET id = 'x'",
    ],
)
def test_a_store_keeps_its_id(store: Store, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=r"store_id|append_only"):
        run(store, sql)


@pytest.mark.promise("keys.nonce-budget")
def test_seals_are_never_counted_down(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="seals"):
        run(store, "UPDATE keyring SET seals = seals - 1 WHERE id = 1")


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    "table",
    [
        "people", "policies", "ledger", "audit_state", "audit_detail",
        "recordings", "streams", "imports", "import_files", "operations", "details",
    ],
)  # fmt: skip
def test_a_key_in_use_is_not_destroyed(
    directory: Path, full: Store, table: str
) -> None:
    """The key of one table's cells alone: every other table is emptied."""
    with full.writing() as tx:
        tx.execute(
            "INSERT INTO import_files SELECT id, 1, 'imported', kid, cell FROM imports"
        )
        (kid,) = tx.one(f"SELECT kid FROM {table}")
    with by_hand(directory) as db:
        for other in set(second.SEALED) - {table}:
            db.execute(f"DELETE FROM {other}")
    destroy = "UPDATE keyring SET state = 'destroyed', wrapped = NULL WHERE id = ?"
    with (
        pytest.raises(sqlite3.IntegrityError, match="key_in_use"),
        full.writing() as tx,
    ):
        tx.execute(destroy, (kid,))
    edit(directory, f"DELETE FROM {table}")
    with full.writing() as tx:
        assert tx.execute(destroy, (kid,)).rowcount == 1


@pytest.mark.parametrize(
    ("table", "cell"),
    [
        ("people", "profile"), ("policies", "cell"), ("ledger", "cell"),
        ("audit_state", "cell"), ("audit_detail", "cell"), ("imports", "cell"),
        ("recordings", "activities"), ("recordings", "heart_rate"),
        ("recordings", "power"), ("recordings", "location"), ("recordings", "notes"),
        ("streams", "cell"), ("operations", "cell"),
    ],
)  # fmt: skip
def test_a_row_names_the_key_of_its_cells(full: Store, table: str, cell: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        run(full, f"UPDATE {table} SET {cell} = randomblob(99)")
    with pytest.raises(sqlite3.IntegrityError, match=r"CHECK|FOREIGN"):
        run(full, f"UPDATE {table} SET kid = kid % 8 + 1")


def test_no_two_keys_are_in_use_for_one_thing(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        run(
            store,
            "INSERT INTO keyring SELECT 99, scope, purpose, 2, state, mek_id, wrapped,"
            " commitment, 0, 0, NULL, NULL FROM keyring WHERE id = 1",
        )


def add(store: Store, grant: Grant, import_id: str) -> None:
    with store.writing() as tx:
        sealed = recordings.seal(
            tx.ring, grant, a_recording(), digest=a_digest("a"), import_id=import_id
        )
        recordings.add(tx, grant, [sealed])


def test_a_recording_is_of_an_import(store: Store, grant: Grant) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN"):
        add(store, grant, "none")


def test_one_file_is_not_stored_twice(store: Store, grant: Grant) -> None:
    with store.writing() as tx:
        import_id = begin_import(tx, grant)
    add(store, grant, import_id)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        add(store, grant, import_id)


class TestUpgrade:
    """A later release, by a list of migrations that is one longer."""

    @pytest.fixture(autouse=True)
    def later(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with a_store(directory):
            pass
        monkeypatch.setattr(migrations, "MIGRATIONS", NEXT)
        monkeypatch.setattr(migrations, "VERSION", len(NEXT))
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            migrations.migrate(db, 0)
            monkeypatch.setattr(migrations, "DIGEST", migrations.digest_of(db))

    def test_an_older_store_is_brought_up_and_keeps_no_copy(
        self, directory: Path
    ) -> None:
        with a_store(directory) as store, store.reading() as tx:
            assert tx.one("SELECT count(later) FROM recordings") == (0,)
        assert look(directory, "PRAGMA user_version") == [(len(NEXT),)]
        assert not list(directory.glob("*.before-*"))

    def test_a_failed_step_leaves_the_store_as_it_was(
        self, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(migrations, "DIGEST", "another")
        with pytest.raises(Exception, match="damaged"):
            open_store(opening(directory))
        assert look(directory, "PRAGMA user_version") == [(len(NEXT) - 1,)]
        (copy,) = directory.glob("*.before-*")
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as db:
            assert db.execute("SELECT count(*) FROM store").fetchone() == (1,)

    def test_a_copy_that_cannot_be_made_stops_the_upgrade(
        self, directory: Path
    ) -> None:
        (directory / f"pierre.db.before-{len(NEXT) - 1}").mkdir()
        with pytest.raises(StoreUnwritableError):
            open_store(opening(directory))
        assert look(directory, "PRAGMA user_version") == [(len(NEXT) - 1,)]
