"""Long work over the wire: real processes that end, and others that go on."""

import signal
import time
from pathlib import Path

import pytest

from tests.cli.terminal import Person
from tests.gate.inboxes import NAME, a_ride
from tests.host import LABEL, Frame, Host, json_of, text_of

pytestmark = pytest.mark.unmeasured

FILES = 120
WITHIN_S = 1.5


@pytest.fixture
def anna(tmp_path: Path) -> Person:
    """Somebody with an inbox of many rides, whose assistant may import it."""
    anna = Person(tmp_path)
    for day in range(FILES):
        anna.file(f"inbox/{NAME}-{day:03}.fit", a_ride(day))
    (anna.home / "files/inbox").chmod(0o700)
    anna.does("setup", "--yes", "--inbox", "files/inbox")
    scopes = ("tool:import_inbox", f"share:{LABEL}", "files:activities")
    anna.consents("grant", *scopes, "--to", LABEL)
    return anna


def began(host: Host, files: int) -> None:
    """Begin an import, and wait until it has told of so many files."""
    meta = {"progressToken": "3f0e8f0a-7a3c-4b4e-9a55-6f7d6a1a0b0c"}
    params = {"name": "import_inbox", "arguments": {}, "_meta": meta}
    host.put({"id": "import", "method": "tools/call", "params": params})
    while True:
        frame = host.take()
        assert frame["method"] == "notifications/progress", frame
        told = frame["params"]
        assert told["progressToken"] == meta["progressToken"]
        assert told.get("message") in {"checking consent", "looking", "reading"}
        if told["message"] == "reading" and told["progress"] >= files:
            assert told["total"] == FILES
            return


def the_rest(host: Host) -> Frame:
    """What the call answers in the end, behind whatever progress is left."""
    while (frame := host.take()).get("id") != "import":
        assert frame["method"] == "notifications/progress"
    result: Frame = frame["result"]
    return result


def finished(anna: Person, operation_id: str) -> Frame:
    """Have the next process go on, to the end."""
    with Host(anna.env) as host:
        host.greet()
        joined = host.call("get_operation", operation_id=operation_id)
        if joined["structuredContent"]["state"] == "running":
            joined = host.call("import_inbox")
        said = text_of(joined)
    assert NAME not in said
    assert NAME.encode() not in host.log
    found: Frame = joined["structuredContent"]
    assert json_of(said) == found
    assert found["operation_id"] == operation_id
    assert anna.asks("audit", "verify")["healthy"]
    assert NAME not in anna.does("audit", "tail", "-n", "1000")
    return found


@pytest.mark.promise("jobs.resume")
@pytest.mark.promise("mcp.progress")
@pytest.mark.promise("mcp.shutdown")
def test_a_client_that_leaves_is_answered_and_the_next_one_goes_on(
    anna: Person,
) -> None:
    with Host(anna.env) as host:
        host.greet()
        began(host, 5)
        began_s = time.monotonic()
        assert host.process.stdin is not None
        host.process.stdin.close()
        told = the_rest(host)["structuredContent"]
        assert host.end() == 0
        assert time.monotonic() - began_s < WITHIN_S
    assert told["state"] == "running"
    assert 4 <= told["files_done"] < FILES
    rows = anna.asks("audit", "tail", "-n", "3")
    assert {(row["caller"], row["outcome"], row["code"]) for row in rows} == {
        ("recipient", "released", ""),
        ("job", "cancelled", "process_ending"),
        ("recipient", "stopped", ""),
    }
    assert rows[-1]["action"] == "stop"
    found = finished(anna, told["operation_id"])
    assert found["state"] == "finished"
    assert (found["files_imported"], found["files_duplicate"]) == (FILES, 0)
    first, second = anna.asks("imports")
    assert (first["state"], second["state"]) == ("interrupted", "finished")
    assert first["activities"] + second["activities"] == FILES


@pytest.mark.promise("jobs.resume")
@pytest.mark.promise("store.crash")
def test_kill_loses_nothing_and_the_next_process_goes_on(anna: Person) -> None:
    with Host(anna.env) as host:
        host.greet()
        began(host, 5)
        host.process.send_signal(signal.SIGKILL)
        host.ended()
    (left,) = anna.asks("imports")
    assert left["state"] == "running"
    assert 5 <= left["activities"] < FILES
    with Host(anna.env) as host:
        host.greet()
        joined = host.call("import_inbox")["structuredContent"]
        found = finished(anna, joined["operation_id"])
    assert found["state"] == "finished"
    assert (found["files_imported"], found["files_duplicate"]) == (FILES, 0)
    assert found["activities_imported"] == FILES
    assert anna.run("doctor").returncode == 0
