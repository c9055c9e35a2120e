"""The log: whatever is done to it without the keys is found, and where."""
# ruff: noqa: S608 - the tables and columns are named by the test itself

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring import chain
from pierre_mcp.model.audit import Finding, FindingKind, Health, Line
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, audit_check, audit_state, people
from pierre_mcp.store.database import Store
from tests.store.hands import by_hand, child, edit, go, line_of, look
from tests.stores import NOW, a_line, a_store, maintenance, new_store, owner_grant

pytestmark = pytest.mark.unmeasured

ROWS = 7
WITH_DETAIL = 4
ENTRY_FIELDS = [field.name for field in fields(Line)] + ["seq", "at_us", "who", "v"]

APPENDER = """
import sys
from pathlib import Path
from pierre_mcp.store import audit
from tests.stores import NOW, a_line, new_store, owner_grant
store = new_store(Path(sys.argv[1]))
grant = owner_grant(store)
print("ready", flush=True)
sys.stdin.readline()
for i in range(50):
    with store.writing() as tx:
        audit.append(tx, a_line(f"{sys.argv[2]}:{i}"), now=NOW, who=grant)
store.close()
"""


def append(
    store: Store, grant: Grant, action: str = "a", *, detail: bool = False
) -> int:
    with store.writing() as tx:
        told = {"client": "x"} if detail else None
        return audit.append(tx, a_line(action), now=NOW, who=grant, detail=told)


def verify(store: Store) -> Finding | Health:
    with store.reading() as tx:
        return audit_check.verify(tx, maintenance(), people.owner(tx))


@pytest.fixture
def log(directory: Path, store: Store, grant: Grant) -> Path:
    """A log of seven rows, of which two have details; its directory."""
    for i in range(1, ROWS + 1):
        append(store, grant, f"action {i}", detail=i in {2, WITH_DETAIL})
    assert verify(store) == Health(ROWS)
    return directory


def changed(text: str, field: str) -> str:
    entry = json.loads(text)
    value = entry[field]
    entry[field] = [*value, "x"] if isinstance(value, list) else f"{value}x"
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))


def at_row(store: Store, seq: int) -> FindingKind:
    found = verify(store)
    assert isinstance(found, Finding)
    assert found.seq == seq
    return found.kind


def test_an_empty_log_is_healthy(store: Store) -> None:
    assert verify(store) == Health(0)
    with store.reading() as tx:
        assert audit.tail(tx) == audit_state.Tail()


def test_a_row_takes_the_later_of_two_times(store: Store, grant: Grant) -> None:
    """Time never runs backward in the log, whatever the clock does."""
    for moved in (5, -3_600, 0):
        with store.writing() as tx:
            later = NOW + timedelta(seconds=moved)
            audit.append(tx, a_line(), now=later, who=grant)
    with store.reading() as tx:
        times = [row["at_us"] for row in audit.last(tx, maintenance(), 10)]
    assert times == [audit.micros(NOW + timedelta(seconds=5))] * 3


def test_the_tail_keeps_the_newest_policy_epoch(store: Store, grant: Grant) -> None:
    for epoch in (1, None, 2, None):
        with store.writing() as tx:
            line = a_line(policy_epoch=epoch)
            audit.append(tx, line, now=NOW, who=grant)
    with store.reading() as tx:
        assert audit.tail(tx).policy_epoch == 2


def test_rows_name_nobody(log: Path, grant: Grant) -> None:
    rows = repr(look(log, "SELECT * FROM audit"))
    assert grant.person not in rows
    assert grant.tenant not in rows


def test_links_can_be_checked_by_anyone(log: Path) -> None:
    before = chain.FIRST_LINK
    for text, link in look(log, "SELECT entry, link FROM audit ORDER BY seq"):
        before = chain.link(before, text.encode())
        assert before == link


def test_a_digest_is_keyed(store: Store, grant: Grant) -> None:
    with store.reading() as tx:
        one = audit.digest(tx.ring, grant, "answer", b"content")
        other = audit.digest(tx.ring, grant, "arguments", b"content")
    assert one != other
    assert len(one) == 32
    assert chain.link(b"", b"content").hex()[:32] not in {one, other}


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("field", ENTRY_FIELDS)
@pytest.mark.parametrize("seq", [1, WITH_DETAIL, ROWS])
def test_an_edited_field_is_found(
    log: Path, store: Store, seq: int, field: str
) -> None:
    [(text,)] = look(log, "SELECT entry FROM audit WHERE seq = ?", (seq,))
    edit(log, "UPDATE audit SET entry = ? WHERE seq = ?", (changed(text, field), seq))
    kind = at_row(store, seq)
    assert kind is (FindingKind.MOVED if field == "seq" else FindingKind.EDITED)


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize(
    ("values", "what"),
    [
        pytest.param("entry = '{}'", FindingKind.MOVED, id="another object"),
        pytest.param("entry = '[]'", FindingKind.MOVED, id="no object"),
        pytest.param("entry = 'x'", FindingKind.MOVED, id="no JSON"),
        pytest.param("entry = ''", FindingKind.MOVED, id="empty"),
        pytest.param("entry = entry || ' '", FindingKind.EDITED, id="a space"),
        pytest.param(
            "entry = CAST(x'ff00fe' AS TEXT)", FindingKind.MOVED, id="not UTF-8"
        ),
        pytest.param("link = randomblob(32)", FindingKind.EDITED, id="link"),
        pytest.param("link = x''", FindingKind.EDITED, id="no link"),
        pytest.param("mac = randomblob(32)", FindingKind.EDITED, id="mac"),
        pytest.param("mac = x''", FindingKind.EDITED, id="no mac"),
    ],
)
@pytest.mark.parametrize("seq", [1, WITH_DETAIL, ROWS])
def test_an_edited_row_is_found(
    log: Path, store: Store, seq: int, values: str, what: FindingKind
) -> None:
    edit(log, f"UPDATE audit SET {values} WHERE seq = ?", (seq,))
    assert at_row(store, seq) is what


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("seq", [1, WITH_DETAIL, ROWS])
def test_an_edit_with_every_link_computed_again_is_found(
    log: Path, store: Store, seq: int
) -> None:
    """Links anyone can make; the MACs over them nobody without the key."""
    before = chain.FIRST_LINK
    with by_hand(log) as db:
        rows = db.execute("SELECT seq, entry FROM audit ORDER BY seq").fetchall()
        for i, text in rows:
            entry = changed(text, "action") if i == seq else text
            before = chain.link(before, entry.encode())
            db.execute(
                "UPDATE audit SET entry = ?, link = ? WHERE seq = ?", (entry, before, i)
            )
    assert at_row(store, seq) is FindingKind.EDITED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_deleted_row_is_found(log: Path, store: Store, seq: int) -> None:
    edit(log, "DELETE FROM audit WHERE seq = ?", (seq,))
    assert at_row(store, seq) is (
        FindingKind.CUT if seq == ROWS else FindingKind.MISSING
    )


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("seq", range(1, ROWS))
def test_a_deleted_row_whose_gap_was_closed_is_found(
    log: Path, store: Store, seq: int
) -> None:
    edit(log, "DELETE FROM audit WHERE seq = ?", (seq,))
    for later in range(seq + 1, ROWS + 1):
        edit(log, "UPDATE audit SET seq = seq - 1 WHERE seq = ?", (later,))
    assert at_row(store, seq) is FindingKind.MOVED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("left", range(ROWS))
def test_a_cut_tail_is_found(log: Path, store: Store, left: int) -> None:
    edit(log, "DELETE FROM audit_detail WHERE seq > ?", (left,))
    edit(log, "DELETE FROM audit WHERE seq > ?", (left,))
    assert at_row(store, left + 1) is FindingKind.CUT


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("whole", [True, False], ids=["whole rows", "entries"])
@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, ROWS), (1, ROWS)])
def test_two_swapped_rows_are_found(
    log: Path, store: Store, one: int, other: int, *, whole: bool
) -> None:
    columns = "entry, link, mac" if whole else "entry"
    read = f"SELECT {columns} FROM audit WHERE seq = ?"
    [first], [second] = look(log, read, (one,)), look(log, read, (other,))
    marks = ", ".join("?" * len(first))
    write = f"UPDATE audit SET ({columns}) = (SELECT {marks}) WHERE seq = ?"
    edit(log, write, (*first, other))
    edit(log, write, (*second, one))
    assert at_row(store, one) is FindingKind.MOVED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize(
    ("seq", "at"),
    [
        pytest.param(ROWS + 1, ROWS + 1, id="next"),
        pytest.param(ROWS + 5, ROWS + 1, id="later"),
        pytest.param(0, 1, id="before the first"),
        pytest.param(-3, 1, id="negative"),
    ],
)
@pytest.mark.parametrize("of", [1, ROWS])
def test_a_row_put_in_is_found(
    log: Path, store: Store, of: int, seq: int, at: int
) -> None:
    """A copy of a row of ours is as good as its forger can make one."""
    sql = "INSERT INTO audit SELECT ?, entry, link, mac FROM audit WHERE seq = ?"
    edit(log, sql, (seq, of))
    assert at_row(store, at) is FindingKind.INSERTED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize("at", range(2, ROWS + 1))
def test_a_row_put_between_is_found(log: Path, store: Store, at: int) -> None:
    for later in range(ROWS, at - 1, -1):
        edit(log, "UPDATE audit SET seq = seq + 1 WHERE seq = ?", (later,))
    sql = "INSERT INTO audit SELECT ?, entry, link, mac FROM audit WHERE seq = ?"
    edit(log, sql, (at, at - 1))
    assert at_row(store, at) is FindingKind.MOVED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_detail SET cell = randomblob(80) WHERE seq = 4",
        (
            "UPDATE audit_detail SET cell = (SELECT cell FROM audit_detail"
            " WHERE seq = 2) WHERE seq = 4"
        ),
        "DELETE FROM audit_detail WHERE seq = 4",
    ],
)
def test_a_changed_or_blanked_detail_is_found(
    log: Path, store: Store, sql: str
) -> None:
    assert edit(log, sql) == 1
    assert at_row(store, WITH_DETAIL) is FindingKind.REDACTED


@pytest.mark.promise("audit.tamper")
def test_a_detail_that_was_never_there_is_found(log: Path, store: Store) -> None:
    sql = "INSERT INTO audit_detail SELECT ?, kid, cell FROM audit_detail WHERE seq = 4"
    edit(log, sql, (3,))
    assert at_row(store, 3) is FindingKind.REDACTED
    edit(log, "DELETE FROM audit_detail WHERE seq = 3")
    edit(log, sql, (99,))
    assert at_row(store, 99) is FindingKind.INSERTED


@pytest.mark.promise("audit.tamper")
@pytest.mark.parametrize(
    ("sql", "seq", "what"),
    [
        ("DELETE FROM audit_state WHERE name = 'tail'", ROWS + 1, FindingKind.CUT),
        (
            "UPDATE audit_state SET cell = randomblob(90) WHERE name = 'tail'",
            ROWS + 1,
            FindingKind.CUT,
        ),
        ("DELETE FROM audit_state WHERE name = 'epoch'", 1, FindingKind.EDITED),
        (
            (
                "UPDATE audit_state SET cell = (SELECT cell FROM audit_state AS other"
                " WHERE other.name <> audit_state.name)"
            ),
            1,
            FindingKind.EDITED,
        ),
    ],
)
def test_a_changed_state_is_found_and_stops_the_log(
    log: Path, store: Store, grant: Grant, sql: str, seq: int, what: FindingKind
) -> None:
    edit(log, sql)
    assert at_row(store, seq) is what
    with pytest.raises(AuditTamperedError):
        append(store, grant)


@pytest.mark.promise("audit.fail-closed")
@pytest.mark.parametrize(
    "sql",
    [
        f"DELETE FROM audit WHERE seq = {ROWS}",
        "DELETE FROM audit",
        f"UPDATE audit SET link = randomblob(32) WHERE seq = {ROWS}",
        f"INSERT INTO audit SELECT {ROWS + 1}, entry, link, mac FROM audit LIMIT 1",
    ],
)
def test_a_log_changed_at_its_end_takes_no_more_rows(
    log: Path, store: Store, grant: Grant, sql: str
) -> None:
    edit(log, sql)
    before = look(log, "SELECT count(*) FROM audit")
    with pytest.raises(AuditTamperedError):
        append(store, grant)
    assert look(log, "SELECT count(*) FROM audit") == before


def test_rows_that_are_not_ours_are_not_shown(log: Path, store: Store) -> None:
    edit(log, "UPDATE audit SET entry = CAST(x'ff' AS TEXT) WHERE seq = 5")
    with store.reading() as tx:
        assert [row["seq"] for row in audit.last(tx, maintenance(), 2)] == [6, 7]
        with pytest.raises(AuditTamperedError):
            audit.last(tx, maintenance(), 3)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("log") / "store"
    with a_store(directory) as store:
        grant = owner_grant(store)
        for i in range(ROWS):
            append(store, grant, f"action {i}")
    return directory


def put_back(directory: Path, rows: Sequence[tuple[object, ...]]) -> None:
    with by_hand(directory) as db:
        db.execute("DELETE FROM audit")
        db.executemany("INSERT INTO audit VALUES (?, ?, ?, ?)", rows)


@pytest.mark.promise("audit.tamper")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_other_log_than_ours_is_found_at_its_first_difference(
    lasting: Path, data: st.DataObject
) -> None:
    """Rows dropped, doubled and reordered in any way, and numbered anew."""
    ours = look(lasting, "SELECT * FROM audit ORDER BY seq")
    order = data.draw(st.lists(st.integers(0, ROWS - 1), max_size=ROWS + 3))
    differs = next(
        (i for i, (a, b) in enumerate(zip(order, range(ROWS), strict=False)) if a != b),
        min(len(order), ROWS),
    )
    put_back(lasting, [(i, *ours[j][1:]) for i, j in enumerate(order, 1)])
    try:
        with a_store(lasting) as store:
            found = verify(store)
    finally:
        put_back(lasting, ours)
    if order == list(range(ROWS)):
        assert found == Health(ROWS)
    else:
        assert isinstance(found, Finding)
        assert found.seq == differs + 1


@pytest.mark.promise("store.crash")
def test_processes_append_to_one_chain_and_lose_nothing(directory: Path) -> None:
    with a_store(directory) as store:
        pass
    with ExitStack() as stack:
        names = "abcd"
        appenders = [
            stack.enter_context(child(APPENDER, directory, name)) for name in names
        ]
        for appender in appenders:
            assert line_of(appender) == "ready"
        for appender in appenders:
            go(appender)
        for appender in appenders:
            assert appender.wait() == 0
    store = new_store(directory)
    assert verify(store) == Health(200)
    with store.reading() as tx:
        actions = [row["action"] for row in audit.last(tx, maintenance(), 1_000)]
    store.close()
    for name in names:
        mine = [action for action in actions if action.startswith(name)]
        assert mine == [f"{name}:{i}" for i in range(50)]


words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)


@settings(max_examples=50, deadline=None)
@given(words, st.lists(words), st.integers(0, 2**62), st.integers(0, 9))
def test_an_entry_is_compact_json_in_the_order_of_its_keys(
    word: str, opened: list[str], number: int, below: int
) -> None:
    line = replace(a_line(word), opened=tuple(opened), weeks=word, size=number)
    within = audit._Within(number, number, word, 1, 2, "", below)
    text = audit._entry(line, within).decode()
    facts = json.loads(text)
    assert text == json.dumps(facts, sort_keys=True, separators=(",", ":"))
    told = {field.name for field in fields(Line)} | set(within._fields) | {"v"}
    assert set(facts) == told - (set() if below else {audit.BELOW})
    for name in {field.name for field in fields(Line)} - {"opened", "policy_epoch"}:
        assert facts[name] == getattr(line, name), name
    assert (facts["opened"], facts.get("below", 0)) == (opened, below)
