"""Rows looked at and written out: those asked for; of a broken log those that hold."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from pierre_mcp.model.audit_facts import asker
from pierre_mcp.model.audit_report import Period
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.auditing.export import CSV, OCSF, Exported, Exporting, exported
from pierre_mcp.services.auditing.looking import Wanted, found, opened, whole
from pierre_mcp.services.export_words import in_words
from pierre_mcp.store.database import Tx
from tests.gate.world import CLAUDE, OTHER, World, a_world
from tests.store.hands import edit
from tests.stores import a_recording

CALL = Call(Owner(), "audit search", "session")
DAY = date(2026, 3, 1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        world.give_training()
        world.told("get_activities")
        world.clock.pass_s(86_400)
        world.told("get_consents", of=OTHER)
        world.ask("get_stats", of=OTHER)
        yield world


def seqs(world: World, wanted: Wanted, most: int = 50) -> list[int]:
    told = world.gate.maintain(CALL, partial(found, wanted=wanted, most=most))
    return [row["seq"] for row in told.rows]


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(facts={"recipient": OTHER}), [3, 4]),
        (Wanted(facts={"recipient": OTHER, "outcome": "refused"}), [4]),
        (Wanted(facts={"action": "consent grant"}), [1]),
        (Wanted(facts={"event": "data_access"}), [2, 3]),
        (Wanted(facts={"risk": "medium"}), [1, 4]),
        (Wanted(category="heart_rate"), [2]),
        (Wanted(category="location"), []),
        (Wanted(Period(DAY, DAY)), [1, 2]),
        (Wanted(Period(DAY + timedelta(days=1), DAY + timedelta(days=3))), [3, 4]),
        (Wanted(), [1, 2, 3, 4]),
    ],
    ids=lambda value: "" if isinstance(value, list) else str(value),
)
def test_by_what_they_say(world: World, wanted: Wanted, rows: list[int]) -> None:
    assert seqs(world, wanted) == rows


def test_the_newest_of_them(world: World) -> None:
    told = world.gate.maintain(CALL, partial(found, wanted=Wanted(), most=2))
    assert [row["seq"] for row in told.rows] == [3, 4]
    assert told.more
    assert not world.gate.maintain(CALL, partial(found, wanted=Wanted(), most=9)).more


def test_a_row_with_its_detail(world: World) -> None:
    call = Call(Owner(), "initialize", "session")
    world.gate.note(call, "done", {"client": "\x1b[31mClaude"})  # type: ignore[arg-type]
    row = world.gate.maintain(CALL, partial(whole, seq=5))
    assert row is not None
    assert row.detail is None

    def work(tx: Tx, grant: Grant) -> object:
        return opened(tx, grant, row=row).detail

    assert world.gate.look(CALL, work) == {"client": "\x1b[31mClaude"}
    assert world.gate.maintain(CALL, partial(whole, seq=99)) is None
    bare = world.gate.maintain(CALL, partial(whole, seq=2))
    assert bare is not None
    assert world.gate.look(CALL, partial(opened, row=bare)) == bare


def export(world: World, form: str, period: Period) -> tuple[str, Exported]:
    pieces: list[str] = []
    to = Exporting(pieces.append, form, period, "0.1.0")
    done = world.gate.maintain(CALL, partial(exported, to=to))
    return "".join(pieces), done


def test_as_events_a_line_each(world: World) -> None:
    text, done = export(world, OCSF, Period(DAY, DAY + timedelta(days=1)))
    events = [json.loads(line) for line in text.splitlines()]
    assert [one["metadata"]["sequence"] for one in events] == [1, 2, 3, 4]
    assert [one["class_uid"] for one in events] == [3005, 6003, 6003, 6003]
    assert done == Exported(4, None)


def test_as_a_table(world: World) -> None:
    text, done = export(world, CSV, Period(DAY, DAY))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["row"] for row in rows] == ["1", "2"]
    assert rows[1]["recipient"] == CLAUDE
    assert rows[1]["at"] == "2026-03-01T00:00:00Z"
    assert done.rows == 2


@pytest.mark.parametrize("form", [CSV, OCSF])
def test_of_a_log_that_was_changed_only_what_holds(world: World, form: str) -> None:
    edit(world.directory, "UPDATE audit SET link = zeroblob(32) WHERE seq = 3")
    text, done = export(world, form, Period(DAY, DAY + timedelta(days=1)))
    assert done.finding is not None
    assert done.finding.seq <= 3, "the row, or the first that it may be"
    assert done.rows == done.finding.seq - 1
    assert OTHER not in text


def test_a_preview_is_the_owners(world: World) -> None:
    world.ask("get_activities", of=Owner(preview_as=OTHER))
    row = world.gate.maintain(CALL, partial(whole, seq=5))
    assert row is not None
    entry = row.stored.entry
    assert asker(entry["caller"], entry["recipient"]) == f"owner as {OTHER}"
    assert in_words(entry).startswith(f"A preview as {OTHER} was refused")
