"""The real server process over its own stdin and stdout."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from pierre_mcp.tools.catalogue import RESOURCES, table
from tests.cli.terminal import Person
from tests.forks import PIPE, Fork
from tests.formats.making import fit_activity, gpx_activity, ride, tcx_activity
from tests.host import (
    LABEL,
    SERVE,
    STATELESS,
    WORDS,
    Frame,
    Host,
    json_of,
    text_of,
)

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
CANARIES = ("Kanarienvogel", "Finkenweg", "canary-ride")
WITHIN_S = 1.5
ELSEWHERE = {"withdraw_consent", "import_inbox", "get_operation", "cancel_operation"}
"""Tools that change something, or ask for what they changed: ``test_jobs``."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """Somebody with two activities, who consented to all but the names."""
    anna = Person(tmp_path_factory.mktemp("anna"))
    anna.file("ride.fit", fit_activity(ride(1_200)))
    anna.file("run.gpx", gpx_activity(ride(300), name="Dawn", kind="running"))
    anna.does("import", "files")
    anna.consents("--to", LABEL, "--with", "location")
    anna.consents("grant", "analytics:predictions", "--to", LABEL)
    # Every tool again and again looks like the misuse that it would be.
    anna.does("security", "thresholds", "set", "slow_at", "101")
    return anna


@pytest.fixture
def host(runner: Person) -> Iterator[Host]:
    with Host(runner.env) as host:
        host.greet()
        yield host


def calls(host: Host) -> dict[str, dict[str, Any]]:
    """A call for each tool that only reads, and one that is refused."""
    ids = host.call("get_activities")["structuredContent"]["activities"]["id"]
    return {
        "get_status": {},
        "get_activities": {"limit": 50},
        "get_activity": {"id": ids[0]},
        "get_activity_streams": {"id": ids[0], "max_points": 50},
        "analyze_activity": {"id": ids[0]},
        "compare_activities": {"ids": ids[:2]},
        "get_stats": {"by": "month"},
        "analyze_training_load": {"from_day": "2024-01-01"},
        "analyze_trends": {"metric": "distance", "from_day": "2024-01-01"},
        "get_personal_records": {},
        "get_athlete": {},
        "calculate_zones": {},
        "predict_performance": {"days": 3_650},
        "get_consents": {},
        "get_privacy_settings": {},
    }


def facts(found: Any) -> Any:
    """What is said without what is new at each call."""
    return json.loads(re.sub(r'"next_cursor": "[^"]+"', '""', json.dumps(found)))


@pytest.mark.promise("mcp.versions")
def test_four_hosts_are_told_the_same(runner: Person) -> None:
    """Text only, structured only, error text only, and the oldest protocol."""
    with Host(runner.env) as new, Host(runner.env) as old:
        new.greet("2025-06-18")
        old.greet("2024-11-05")
        assert {*calls(new), *ELSEWHERE} == {tool.name for tool in table().listed()}
        for name, arguments in calls(new).items():
            answer, aged = new.call(name, **arguments), old.call(name, **arguments)
            by_structure = facts(answer["structuredContent"])
            assert facts(json_of(text_of(answer))) == by_structure, name
            assert facts(json_of(text_of(aged))) == by_structure, name
            assert text_of(answer).partition("\n")[0], name
            assert all(block["type"] == "text" for block in answer["content"])
        for name, arguments in (
            ("get_activities", {"provider": "strava"}),
            ("get_activities", {"limit": -1}),
            ("get_activity", {"id": "nothing"}),
            ("get_sleep", {}),
            ("import_inbox", {}),
            ("get_operation", {"operation_id": "x"}),
            ("cancel_operation", {"operation_id": "x"}),
        ):
            told = [host.call(name, **arguments) for host in (new, old)]
            texts = [text_of(answer) for answer in told if answer["isError"]]
            assert len(texts) == 2
            assert texts[0] == texts[1]
            code, _, sentence = texts[0].partition(": ")
            assert re.fullmatch(r"[a-z_]+", code)
            assert sentence.strip()


def test_an_error_says_what_to_do_in_its_text(host: Host) -> None:
    text = text_of(host.call("get_activities", provider="strava"))
    assert text.startswith("consent_missing: ")
    assert f"pierre-mcp consent grant strava:activities --to {LABEL}" in text


@pytest.mark.promise("mcp.versions")
@pytest.mark.parametrize("version", HANDSHAKES)
def test_each_version(runner: Person, version: str) -> None:
    with Host(runner.env) as host:
        said = host.greet(version)
        assert said["protocolVersion"] == version
        assert said["serverInfo"]["name"] == "pierre-mcp"
        kinds = {"tools", "resources", "prompts", "completions"}
        assert set(said["capabilities"]) == kinds
        exercised(host)


@pytest.mark.promise("mcp.versions")
def test_the_version_without_a_handshake(runner: Person) -> None:
    with Host(runner.env, meta=STATELESS) as host:
        found = host.result("server/discover")
        assert found["supportedVersions"] == ["2026-07-28"]
        exercised(host)


def exercised(host: Host) -> None:
    """Use everything there is once."""
    names = [tool["name"] for tool in host.result("tools/list")["tools"]]
    assert names == [tool.name for tool in table().listed()]
    for name, arguments in calls(host).items():
        assert not host.call(name, **arguments).get("isError"), name
    listed = host.result("resources/list")["resources"]
    templates = host.result("resources/templates/list")["resourceTemplates"]
    assert {r["uri"] for r in listed} | {t["uriTemplate"] for t in templates} == {
        resource.uri for resource in RESOURCES
    }
    for uri, found in resources(host).items():
        assert found["uri"] == uri


def resources(host: Host) -> dict[str, Frame]:
    id_ = host.call("get_activities")["structuredContent"]["activities"]["id"][0]
    uris = ("pierre://status", "pierre://consents", f"pierre://activities/{id_}")
    return {uri: read(host, uri) for uri in uris}


def read(host: Host, uri: str) -> Frame:
    (found,) = host.result("resources/read", {"uri": uri})["contents"]
    content: Frame = found
    return content


def test_a_resource_is_its_tools_answer(host: Host) -> None:
    for uri, found in resources(host).items():
        name, _, id_ = uri.removeprefix("pierre://").partition("/")
        tool = "get_activity" if id_ else f"get_{name}"
        answer = host.call(tool, **({"id": id_} if id_ else {}))
        assert json.loads(found["text"]) == answer["structuredContent"], uri
    assert "error" in host.ask("resources/read", {"uri": "pierre://nothing"})


@pytest.mark.parametrize("kind", ["file", "null", "pipe"])
def test_every_kind_of_input(runner: Person, tmp_path: Path, kind: str) -> None:
    ping = b'{"jsonrpc":"2.0","id":7,"method":"ping"}\n'
    said = tmp_path / "said"
    said.write_bytes(ping)
    path = {"file": str(said), "null": os.devnull}.get(kind)
    stdin = PIPE if path is None else os.open(path, os.O_RDONLY)
    server = Fork(WORDS, env=runner.env, stdin=stdin, stdout=PIPE, stderr=PIPE)
    if path is not None:
        os.close(stdin)
    out, _ = server.communicate(ping, timeout=20)
    assert server.returncode == 0
    replies = [json.loads(line)["id"] for line in out.splitlines()]
    assert replies == ([] if kind == "null" else [7])


@pytest.mark.promise("mcp.shutdown")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_a_signal_ends_it_in_time(runner: Person, number: int) -> None:
    host = Host(runner.env)
    host.greet()
    host.call("get_status")
    began_s = time.monotonic()
    host.process.send_signal(number)
    status = host.ended()
    assert time.monotonic() - began_s < WITHIN_S
    assert status in {0, -number, 128 + number}
    assert b"Traceback" not in host.log
    last = runner.asks("audit", "tail", "-n", "1")[-1]
    assert (last["action"], last["outcome"]) == ("stop", "stopped")


@pytest.mark.unmeasured
async def test_the_sdks_client(runner: Person) -> None:
    """It validates each answer by the tool's own output schema."""
    started = StdioServerParameters(
        command=sys.executable,
        args=list(SERVE[1:]),
        env={**os.environ, **runner.env},
    )
    async with Client(stdio_client(started)) as client:
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == [
            tool.name for tool in table().listed()
        ]
        assert all(tool.output_schema for tool in listed.tools)
        found = await client.call_tool("get_activities", {"limit": 5})
        assert found.structured_content is not None
        assert found.structured_content["withheld"] == [
            {"source": "files", "category": "notes"}
        ]
        rows = found.structured_content["activities"]
        assert "untrusted_text" not in rows or not rows["untrusted_text"].get("name")
        one = await client.call_tool("get_activity", {"id": rows["id"][0]})
        assert not one.is_error
        refused = await client.call_tool("get_activities", {"provider": "strava"})
        assert refused.is_error


@pytest.mark.promise("seal.no-plaintext")
def test_nothing_personal_lies_in_the_open(tmp_path: Path) -> None:
    """After all was used, no name, place or note is in any file or on stderr."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    anna = Person(tmp_path / "anna", TMPDIR=str(temporary))
    anna.home.mkdir()
    name, street, file = CANARIES
    place = ride(900, start_deg=(47.123451, 8.765432))
    sources = anna.home / "mine"
    sources.mkdir()
    (sources / f"{file}.gpx").write_bytes(gpx_activity(place, name=name))
    (sources / f"{file}.tcx").write_bytes(tcx_activity(ride(60), notes=street))
    log = anna.run("import", "mine").stderr
    anna.consents("--to", LABEL, "--with", "notes,location")
    anna.consents("grant", "analytics:predictions", "--to", LABEL)
    with Host(anna.env) as host:
        host.greet()
        assert name in text_of(host.call("get_activities"))
        exercised(host)
        host.call("get_activities", provider=name.lower(), limit=3)
        host.call(name)
        found = files_with(anna.data, *_canaries(place))
        found |= files_with(temporary, *_canaries(place))
    log += host.log.decode() + anna.run("doctor").stdout
    log += anna.does("audit", "tail") + json.dumps(anna.asks("audit", "tail"))
    found |= files_with(anna.data, *_canaries(place))
    assert found == set()
    assert not any(word in log for word in CANARIES)
    key = (anna.config / "development.key").read_text().strip()
    assert key not in log
    assert files_with(anna.data, key.encode()) == set()
    assert list(temporary.iterdir()) == []


def _canaries(place: Mapping[str, Any]) -> list[bytes]:
    """Names, and a place as text and as the bytes of a number."""
    lat, lon = float(place["lat_deg"][300]), float(place["lon_deg"][300])
    words = [word.encode() for word in CANARIES]
    words += [word.encode("utf-16-le") for word in CANARIES]
    words += [f"{lat:.5f}".encode(), f"{lon:.5f}".encode(), b"47.123", b"8.7654"]
    return words


def files_with(folder: Path, *words: bytes) -> set[Path]:
    """Return the files in which any of these bytes are."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path for path in files if any(word in path.read_bytes() for word in words)}
