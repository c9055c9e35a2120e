"""Looking through a whole store: what is wrong is counted, and nothing else said."""

from pathlib import Path

import pytest

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.keyring.ring import KeyState, Purpose, person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import deep
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.services.steps import Progress
from pierre_mcp.store import examination, key_changes, people, sealed
from pierre_mcp.store.database import Store
from pierre_mcp.store.examination import KeyUse
from tests.store.hands import edit
from tests.stores import (
    NOW,
    OTHER_MASTER,
    a_recording,
    maintenance,
    put,
)

WELL = KeyUse(
    lost=0, unserved=0, retired_masters=0, compromised=0, retired=0, unlisted=0
)


@pytest.fixture(autouse=True)
def _filled(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording(), a_recording(part=1))


def checks(store: Store) -> dict[str, Check]:
    heard: list[Progress] = []
    with store.reading() as tx:
        who = people.whose(tx)
        found = deep.deep_checks(tx, maintenance(), who, heard.append)
        assert heard[-1].done <= examination.rows(tx, maintenance())
    return {check.name: check for check in found}


def failing(store: Store) -> Check:
    [found] = [c for c in checks(store).values() if c.verdict is Verdict.FAIL]
    assert found.fix
    return found


def use(store: Store) -> KeyUse:
    with store.reading() as tx:
        return examination.key_use(tx, maintenance())


def test_all_of_a_good_store_is_looked_at(store: Store) -> None:
    found = checks(store)
    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert list(found) == ["structure", "references", "cells", "keys", "log and ledger"]
    with store.reading() as tx:
        cells = 0
        for table in sealed.TABLES:
            walked = examination.walk(tx, maintenance(), table, lambda _: None)
            assert (walked.broken, walked.ended) == (0, True)
            cells += walked.cells
    assert found["cells"].words == f"all {cells} opened, of {len(sealed.TABLES)} tables"


@pytest.mark.promise("store.deep-check")
@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE recordings SET origin = 'other'", id="what is beside it"),
        pytest.param(
            "UPDATE recordings SET power = CAST(substr(power, 1, 40) || x'00'"
            " || substr(power, 42) AS BLOB)",
            id="one byte",
        ),
        pytest.param("UPDATE recordings SET power = substr(power, 1, 9)", id="cut"),
    ],
)
def test_cells_that_do_not_open_are_counted_by_table(
    directory: Path, store: Store, sql: str
) -> None:
    edit(directory, f"{sql} WHERE part = 0")
    found = checks(store)["cells"]
    assert found.verdict is Verdict.FAIL
    assert "recordings: " in found.words
    assert "of 10 do not open" in found.words


def test_what_cannot_be_read_at_all_ends_one_walk_and_no_other(
    directory: Path, store: Store
) -> None:
    edit(directory, "UPDATE recordings SET source = CAST(x'ff' AS TEXT)")
    words = checks(store)["cells"].words
    assert "recordings: 0 of 0 do not open, and the rest cannot be read" in words
    assert "people" not in words


def test_what_is_referred_to_must_be_there(directory: Path, store: Store) -> None:
    edit(directory, "DELETE FROM imports")
    assert (
        checks(store)["references"].words == "rows that refer to what is not there: 2"
    )


def test_what_no_row_may_say_is_a_fault_in_the_file(
    directory: Path, store: Store
) -> None:
    edit(directory, "UPDATE imports SET state = 'unheard'")
    found = failing(store)
    assert (found.name, found.words) == ("structure", "faults in the file: 1")


def test_a_log_that_was_changed(directory: Path, store: Store) -> None:
    edit(directory, "DELETE FROM audit_state WHERE name = 'tail'")
    found = failing(store)
    assert (found.name, found.words) == ("log and ledger", "row 1: cut")


def test_a_check_that_breaks_is_a_finding() -> None:
    def breaks() -> Check:
        raise ValueError

    assert deep.guarded("x", breaks) == Check(
        "x", Verdict.FAIL, "it cannot be read", deep.RESTORE
    )


def test_a_check_that_is_refused_is_a_finding_in_its_words() -> None:
    def refuses() -> Check:
        raise PolicyTamperedError

    found = deep.guarded("x", refuses)
    assert found.words == (
        "The consents stored are not those last recorded, so nothing is released"
    )


# --- keys


def person_seal(grant: Grant) -> tuple[str, Purpose]:
    return person_scope(grant.tenant, grant.person), Purpose.SEAL


def renew(store: Store, grant: Grant, old: KeyState) -> int:
    with store.writing() as tx:
        before = tx.ring.active(*person_seal(grant))
        key_changes.renew(tx, maintenance(), [person_seal(grant)], now=NOW, old=old)
    return before


def test_keys_in_order(store: Store) -> None:
    assert use(store) == WELL


def test_a_rotation_to_finish_is_a_warning(store: Store, grant: Grant) -> None:
    renew(store, grant, KeyState.DECRYPT_ONLY)
    assert use(store).retired > 5
    found = checks(store)["keys"]
    assert (found.verdict, "keys rotate" in found.fix) == (Verdict.WARN, True)


def test_a_compromised_key_without_a_list_is_a_finding(
    store: Store, grant: Grant
) -> None:
    renew(store, grant, KeyState.COMPROMISED)
    assert (use(store).unlisted, use(store).compromised > 5) == (1, True)
    assert checks(store)["keys"].verdict is Verdict.FAIL


def test_rows_under_a_key_that_is_gone_or_without_one_to_seal_more(
    directory: Path, store: Store, grant: Grant
) -> None:
    edit(directory, "UPDATE imports SET kid = 3")
    edit(directory, "DELETE FROM recordings")
    with store.writing() as tx:
        tenant = (f"tenant:{grant.tenant}", Purpose.SEAL)
        key_changes.renew(tx, maintenance(), [tenant], now=NOW)
    edit(directory, "UPDATE imports SET kid = 90")
    assert use(store).lost == 1
    edit(directory, "UPDATE imports SET kid = 2")
    assert use(store).unserved == 1, "a key that does not seal such rows"


def test_keys_under_a_master_that_retired(store: Store) -> None:
    with store.writing() as tx:
        [mek] = {info.mek_id for info in tx.ring.infos()}
        for one in (mek, OTHER_MASTER.id):
            tx.execute("INSERT INTO retired_masters VALUES (?, 0, 0)", (one,))
        key_changes.compromise(tx, maintenance(), [], now=NOW)
    assert use(store).retired_masters == 9
    found = checks(store)["keys"]
    assert (found.verdict, "keys rewrap" in found.fix) == (Verdict.WARN, True)
