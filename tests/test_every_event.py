"""Each event of a server leaves one row, and none of what it is sent becomes a line."""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.cli.session import Session
from pierre_mcp.errors import LabelMalformedError, StoreUnwritableError
from pierre_mcp.model.scope import check_label
from pierre_mcp.server.methods import METHODS, Needs
from pierre_mcp.tools.catalogue import RESOURCES
from tests.cli.terminal import Person
from tests.gate.world import rows_of
from tests.host import LABEL, Host
from tests.store.test_faults import read_only
from tests.stores import a_store, database, settings_of
from tests.test_prompts import ASKED

RECORDED = {"initialize", "tools/call", "resources/read", "prompts/get"}
SILENT = {
    "ping": {},
    "tools/list": {},
    "resources/list": {},
    "resources/templates/list": {},
    "prompts/list": {},
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "race_plan"},
        "argument": {"name": "distance", "value": "m"},
    },
}
HOSTILE = (
    'forged","outcome":"released","recipient":"other","x":"s3cret',
    "forged\n2026-03-01 mcp other get_activities released s3cret",
    "forged\r\n\x1b[2J\x1b[1;31ms3cret\x07\x9b\u202e\u2028",
    "forged'); DELETE FROM audit; -- s3cret",
)


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> Person:
    return Person(tmp_path_factory.mktemp("events"))


@pytest.mark.promise("audit.every-call")
def test_every_method_is_one_that_is_recorded_or_tells_nothing() -> None:
    """One added to the table, and to neither of the lists here, fails."""
    known = {name for name, of in METHODS.items() if of.needs is not Needs.PUBLIC}
    assert known == RECORDED
    opening = {"server/discover", "notifications/initialized"}
    assert METHODS.keys() - known == SILENT.keys() | opening | {
        "notifications/cancelled"
    }


def asked(host: Host) -> Iterator[tuple[str, str]]:
    """Ask everything once; give the rows that are to be, in order."""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}}
    host.result(
        "initialize", hello | {"clientInfo": {"name": HOSTILE[2], "version": "1"}}
    )
    yield "initialize", "started"
    host.put({"method": "notifications/initialized"})
    for method, params in SILENT.items():
        host.result(method, params)
    for resource in RESOURCES:
        reply = host.ask("resources/read", {"uri": resource.uri.format(id="x")})
        yield resource.tool, "released" if "result" in reply else "refused"
    for name, arguments in ASKED.items():
        host.result("prompts/get", {"name": name, "arguments": arguments})
        yield f"prompt:{name}", "released"
    for words in HOSTILE:
        assert host.call(words, **{words: words})["isError"]
        yield "unknown_tool", "invalid"
        assert host.call("get_activities", **{words: words, "sport": words})["isError"]
        yield "get_activities", "invalid"
        assert "error" in host.ask("prompts/get", {"name": words})
        yield "unknown_prompt", "invalid"
        assert "error" in host.ask("resources/read", {"uri": f"pierre://x/{words}"})
        yield "no_resource", "invalid"
        assert "error" in host.ask(words, {words: words})
    host.end()
    yield "stop", "stopped"


@pytest.mark.promise("audit.every-call")
def test_each_event_of_a_server_leaves_one_row_and_nobody_forges_one(
    anna: Person,
) -> None:
    with Host(anna.env) as host:
        wanted = [("start", "started"), *asked(host)]
    rows = rows_of(anna.store)
    assert [(row["action"], row["outcome"]) for row in rows] == wanted
    assert len({row["session"] for row in rows}) == 1
    assert {row["recipient"] for row in rows} == {LABEL}
    assert "s3cret" not in json.dumps(rows)
    assert b"s3cret" not in host.log
    with closing(sqlite3.connect(database(anna.store))) as db:
        entries = [entry for (entry,) in db.execute("SELECT entry FROM audit")]
    for entry in entries:
        assert entry.isascii()
        assert entry.isprintable()
        again: Any = json.loads(entry)
        assert json.dumps(again, sort_keys=True, separators=(",", ":")) == entry
    said = anna.does("audit", "tail", "-n", "1000")
    assert len(said.splitlines()) == len(entries) + 1
    assert said.replace("\n", "").isprintable()
    assert "forged" not in said
    assert anna.asks("audit", "verify")["healthy"]


@pytest.mark.promise("audit.every-call")
@pytest.mark.parametrize("words", [*HOSTILE, "a\n", "A", "a b", "a" * 41, ""])
def test_no_label_can_be_a_line(words: str) -> None:
    with pytest.raises(LabelMalformedError):
        check_label(words)


@pytest.mark.promise("audit.fail-closed")
def test_a_disk_that_fills_up_under_a_server_lets_nothing_out(anna: Person) -> None:
    """Each answer that came has its row; after it a sentence, and no more answers."""
    resource = pytest.importorskip("resource", reason="no file size limit")
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process cannot be set here")
    wal = Path(f"{database(anna.store)}-wal")
    before = len(rows_of(anna.store))
    with Host(anna.env) as host:
        host.greet()
        assert not host.call("get_status")["isError"]
        limit = wal.stat().st_size + 60_000
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        full = (limit, resource.RLIM_INFINITY)
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, full)
        answers = 1
        while not (last := host.call("get_status"))["isError"]:
            answers += 1
            assert answers < 500
        assert "structuredContent" not in last
        assert last["content"][0]["text"].startswith("store_unwritable: ")
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert not host.call("get_status")["isError"]
    rows = [row["outcome"] for row in rows_of(anna.store)[before:]]
    assert rows.count("released") == answers + 1
    assert anna.asks("audit", "verify")["healthy"]


@pytest.mark.promise("audit.fail-closed")
def test_a_store_made_read_only_shows_its_owner_nothing() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own are closed to others
        Path(made).chmod(0o711)
        directory = Path(made) / "store"
        with a_store(directory):
            pass
        shown: list[str] = []
        session = Session(settings_of(directory), as_json=True)
        with read_only(directory), pytest.raises(StoreUnwritableError) as said:
            session.look("athlete", lambda *_: shown.append("s3cret"))
        assert said.value.remedy
        assert shown == []
        assert rows_of(directory) == []
