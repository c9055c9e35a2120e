"""Rows of the log by their time, and one of them whole."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.store import audit, audit_reading
from pierre_mcp.store.database import Store, Tx
from tests.store.hands import edit
from tests.stores import NOW, a_grant, a_line, maintenance, new_store, owner_of

HOURS = (0, 1, 1, 1, 5, 5, 9)
"""When rows 1 to 7 are of, hours after ``NOW``."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "store"


@pytest.fixture(scope="module")
def log(directory: Path) -> Iterator[Store]:
    store = new_store(directory)
    who = owner_of(store)
    with store.writing() as tx:
        for place, hour in enumerate(HOURS):
            detail = {"client": "Claude"} if place == 2 else None
            at = NOW + timedelta(hours=hour)
            audit.append(tx, a_line(f"tool_{place}"), now=at, who=who, detail=detail)
    yield store
    store.close()


def rows(tx: Tx, since: float | None, until: float | None, **more: int) -> list[int]:
    """The rows from one hour to before another."""
    found = audit_reading.span(
        tx,
        maintenance(),
        since=None if since is None else NOW + timedelta(hours=since),
        until=None if until is None else NOW + timedelta(hours=until),
        **more,
    )
    return list(found)


def test_every_time_there_is(log: Store) -> None:
    """By halving the same rows are found as by looking at each."""
    moments = [None, -1.0, *sorted({h + d for h in HOURS for d in (0, 0.5)})]
    with log.reading() as tx:
        for since in moments:
            for until in moments:
                low = -9.0 if since is None else since
                high = 99.0 if until is None else until
                wanted = [i for i, h in enumerate(HOURS, 1) if low <= h < high]
                assert rows(tx, since, until) == wanted, (since, until)


def test_only_rows_before_one(log: Store) -> None:
    with log.reading() as tx:
        assert rows(tx, 1, None, before=5) == [2, 3, 4]
        assert rows(tx, 9, None, before=5) == []
        assert rows(tx, None, None, before=1) == []


def test_in_either_order(log: Store) -> None:
    with log.reading() as tx:
        span = range(2, 5)
        found = list(audit_reading.entries(tx, maintenance(), span))
        back = list(audit_reading.entries(tx, maintenance(), span, newest_first=True))
        none = list(audit_reading.entries(tx, maintenance(), range(3, 3)))
    assert [row["seq"] for row in found] == [2, 3, 4]
    assert found == back[::-1]
    assert none == []


def test_one_row_whole_and_its_detail_for_the_owner_alone(log: Store) -> None:
    who = owner_of(log)
    grant, of_a_recipient = a_grant(who), a_grant(who, pairs=set())
    with log.reading() as tx:
        row = audit_reading.stored(tx, maintenance(), 3)
        assert row is not None
        assert row.detail is not None
        assert (row.entry["action"], len(row.link), len(row.mac)) == ("tool_2", 64, 64)
        assert audit_reading.detail(tx, grant, 3, row.detail) == {"client": "Claude"}
        assert audit_reading.detail(tx, grant, 4, row.detail) is None, "moved"
        bare = audit_reading.stored(tx, maintenance(), 4)
        assert bare is not None
        assert bare.detail is None
        assert audit_reading.stored(tx, maintenance(), 8) is None
        with pytest.raises(RuntimeError):
            audit_reading.detail(tx, of_a_recipient, 3, row.detail)


@pytest.mark.parametrize(
    "wrong",
    [
        "''",
        "'no JSON'",
        "'[]'",
        "'{}'",
        "CAST(x'ff00' AS TEXT)",
        "json_remove(entry, '$.door')",
        "json_set(entry, '$.at_us', 'noon')",
        "json_set(entry, '$.at_us', 999999999999999999)",
        "json_set(entry, '$.opened', 5)",
    ],
)
def test_what_we_never_wrote(log: Store, directory: Path, wrong: str) -> None:
    with log.reading() as tx:
        (before,) = tx.one("SELECT entry FROM audit WHERE seq = 6")
    edit(directory, f"UPDATE audit SET entry = {wrong} WHERE seq = 6")  # noqa: S608 - ours
    try:
        with log.reading() as tx, pytest.raises(AuditTamperedError):
            audit_reading.stored(tx, maintenance(), 6)
        with log.reading() as tx, pytest.raises(AuditTamperedError):
            rows(tx, 7, None)
        with log.reading() as tx:
            assert rows(tx, 1, 4, before=6) == [2, 3, 4], "no later row is read"
    finally:
        edit(directory, "UPDATE audit SET entry = ? WHERE seq = 6", (before,))


def test_a_row_that_is_missing_is_passed_over(log: Store, directory: Path) -> None:
    with log.reading() as tx:
        row = tx.one("SELECT * FROM audit WHERE seq = 4")
    edit(directory, "DELETE FROM audit WHERE seq = 4")
    try:
        with log.reading() as tx:
            assert set(rows(tx, 5, None)) - {4} == {5, 6, 7}
            span = audit_reading.span(tx, maintenance(), since=NOW + timedelta(hours=1))
            found = list(audit_reading.entries(tx, maintenance(), span))
        assert [one["seq"] for one in found] == [2, 3, 5, 6, 7]
    finally:
        edit(directory, "INSERT INTO audit VALUES (?, ?, ?, ?)", row)
