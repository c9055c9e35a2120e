"""Several processes on one store: no error reaches a user, and nothing is lost."""

import json
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Person
from tests.formats.making import STARTED_AT, fit_activity, ride
from tests.host import Host

pytestmark = pytest.mark.unmeasured

RIDE = ride(30)
COUNT = 60
MORE = 180
"""So many that an import is not over before it is killed."""


@pytest.fixture
def anna(tmp_path: Path) -> Person:
    """Somebody who imported one ride, and consented for two assistants."""
    anna = Person(tmp_path)
    anna.file("first/first.fit", a_ride(-1))
    anna.does("import", "files/first")
    for label in ("one", "two"):
        anna.consents("--to", label)
    return anna


def a_ride(day: int) -> bytes:
    return fit_activity(RIDE, started_at=STARTED_AT + timedelta(days=day))


def many(anna: Person, folder: str = "many", count: int = COUNT) -> str:
    for day in range(count):
        anna.file(f"{folder}/{day:03}.fit", a_ride(day))
    return f"files/{folder}"


def a_host(anna: Person, label: str) -> Host:
    host = Host(anna.env, ["serve", "--client", label])
    host.greet()
    return host


def count_of(anna: Person) -> int:
    found = json.loads(anna.does("call", "get_activities", '{"limit": 200}', "--json"))
    return len(found["activities"]["id"])


def asking(host: Host, until: threading.Event, answers: list[Any]) -> threading.Thread:
    """Ask again and again until told to stop."""

    def ask() -> None:
        while not until.is_set():
            answers.append(host.call("get_activities", limit=200))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


@pytest.mark.promise("store.crash")
def test_two_servers_and_an_import(anna: Person) -> None:
    folder = many(anna)
    anna.does("security", "thresholds", "set", "calls_a_minute", "100000")
    over = threading.Event()
    answers: tuple[list[Any], list[Any]] = ([], [])
    with a_host(anna, "one") as one, a_host(anna, "two") as two:
        threads = [
            asking(host, over, heard)
            for host, heard in zip((one, two), answers, strict=True)
        ]
        try:
            done = anna.asks("import", folder)
        finally:
            over.set()
            for thread in threads:
                thread.join()
        last = [host.call("get_activities", limit=200) for host in (one, two)]
    assert done["outcomes"] == {"imported": COUNT}
    for heard, final in zip(answers, last, strict=True):
        assert not any(answer.get("isError") for answer in heard)
        counts = [len(a["structuredContent"]["activities"]["id"]) for a in heard]
        assert counts == sorted(counts)  # what was there once stays there
        assert len(final["structuredContent"]["activities"]["id"]) == COUNT + 1
    log = anna.asks("audit", "verify")
    assert log["healthy"]
    released = sum(len(heard) for heard in answers) + 2
    rows = anna.asks("audit", "tail", "-n", "1000")
    assert sum(row["outcome"] == "released" for row in rows) == min(released, 1000)
    assert anna.run("doctor").returncode == 0


@pytest.mark.promise("store.crash")
def test_two_imports_of_the_same_files(anna: Person) -> None:
    folder = many(anna)
    said: list[Any] = []
    runs = [
        threading.Thread(target=lambda: said.append(anna.asks("import", folder)))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    imported = [found["outcomes"].get("imported", 0) for found in said]
    duplicate = [found["outcomes"].get("duplicate", 0) for found in said]
    assert sum(imported) == sum(duplicate) == COUNT
    assert count_of(anna) == COUNT + 1
    assert anna.asks("audit", "verify")["healthy"]


@pytest.mark.promise("consent.withdraw-now")
def test_a_withdrawal_stops_the_next_call_everywhere(anna: Person) -> None:
    with a_host(anna, "one") as one, a_host(anna, "two") as two:
        assert not one.call("get_activities").get("isError")
        anna.does("consent", "withdraw", "--to", "one")
        refused = one.call("get_activities")
        assert refused["isError"]
        assert not two.call("get_activities").get("isError")
        assert one.call("get_status")["structuredContent"]["consented"] is False
        assert not two.call("withdraw_consent").get("isError")
        assert two.call("get_activities")["isError"]
    assert anna.asks("consent", "list") == []


def test_two_first_starts_make_one_store(tmp_path: Path) -> None:
    anna = Person(tmp_path)
    said: list[Any] = []
    starts = [
        threading.Thread(target=lambda: said.append(anna.run("setup", "--yes")))
        for _ in range(3)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert [(done.returncode, done.stderr) for done in said] == [(0, "")] * 3
    assert len({done.stdout for done in said}) == 1
    assert anna.asks("audit", "verify")["healthy"]


def killed(anna: Person, folder: str, when: Callable[[int], bool]) -> int:
    """Kill an import once it has told of enough files; return how many it told of."""
    anna.env["TERM"] = "xterm"
    with anna.sits("import", folder) as terminal:
        told = 0
        while not when(told):
            told = int(terminal.until(r"(\d+)/\d+")[1])
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
    return told


@pytest.mark.promise("store.crash")
@pytest.mark.parametrize("files", [1, 20])
def test_kill_loses_nothing_that_was_told(anna: Person, files: int) -> None:
    folder = many(anna, count=MORE)
    told = killed(anna, folder, lambda n: n >= files)
    there = count_of(anna) - 1
    assert told <= there < MORE
    run = anna.asks("imports")[-1]
    assert (run["state"], run["activities"]) == ("running", there)
    assert "running, or cut off" in anna.does("imports")
    assert anna.asks("audit", "verify")["healthy"]
    assert anna.run("doctor").returncode == 0
    assert anna.asks("import", folder)["outcomes"] == {
        "imported": MORE - there,
        "duplicate": there,
    }
    assert count_of(anna) == MORE + 1
