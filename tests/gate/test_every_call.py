"""Each tool and each door of the gate: one row, or nothing gets through.

Both tables are walked by code, so that one added without an entry here fails.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import StoreError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump, pump_upkeep
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner, System
from pierre_mcp.model.category import Category
from pierre_mcp.services.steps import Act, Progress, silent
from pierre_mcp.tools.catalogue import TOOLS
from tests.gate.pressed import PRESSED, full_disk
from tests.gate.world import OTHER, World, a_world, content
from tests.stores import a_recording

OWNER = Call(Owner(), "act", "session")
SYSTEM = Call(System(), "act", "session")
BROKEN = "s3cret"
ROOT = Path(__file__).parents[2]

# --- tools


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world where all that reads is consented to."""
    with a_world(tmp_path_factory.mktemp("calls") / "store") as world:
        for day in ("2026-02-27", "2026-02-28"):
            world.put(a_recording(day=day))
        world.give_training(extras=(Category.LOCATION, Category.NOTES))
        world.give("analytics:predictions", "tool:import_inbox")
        yield world


def arguments(world: World) -> Mapping[str, dict[str, Any]]:
    """A call that each tool understands; of those not named here an empty one."""
    ids = content(world.ask("get_activities"))["activities"]["id"]
    return {
        "get_activity": {"id": ids[0]},
        "get_activity_streams": {"id": ids[0]},
        "analyze_activity": {"id": ids[0]},
        "compare_activities": {"ids": ids},
        "get_stats": {"by": "month"},
        "analyze_trends": {"metric": "distance"},
        "get_operation": {"operation_id": "00000000-0000-4000-8000-000000000000"},
        "cancel_operation": {"operation_id": "00000000-0000-4000-8000-000000000000"},
    }


UNMET = {
    "import_inbox": "inbox_missing",
    "get_operation": "operation_unknown",
    "cancel_operation": "operation_unknown",
}
"""What some tools want of the world beside consent: there they are refused."""


@pytest.mark.promise("audit.every-call")
def test_each_tool_leaves_one_row_however_it_ends(world: World) -> None:
    given = arguments(world)
    for tool in sorted(TOOLS, key=lambda tool: tool.name == "withdraw_consent"):
        before = len(world.rows())
        answers = [
            world.ask(tool.name, given.get(tool.name, {})),
            world.ask(tool.name, given.get(tool.name, {}), of=OTHER),
            world.ask(tool.name, {"no_such": BROKEN}),
        ]
        rows = world.rows()[before:]
        assert [(r["action"], r["code"]) for r in rows] == [
            (tool.name, answer.code or "") for answer in answers
        ]
        met, other, wrong = answers
        assert (met.code or "") == UNMET.get(tool.name, ""), tool.name
        assert (rows[0]["outcome"] == "released") is not met.is_error
        assert (rows[1]["outcome"] == "refused") is (other.code == "consent_missing")
        assert wrong.code == "arguments_invalid"
        assert BROKEN not in str(rows)
        assert [bool(r["answer"]) for r in rows] == [not a.is_error for a in answers]


# --- the doors of the gate


@dataclass(frozen=True, slots=True)
class Door:
    """How something is asked of the gate.

    Attributes:
        ask: Has it run the work, which it is given.
        first: The row it leaves before the work, if it leaves one.
    """

    ask: Callable[[Gate, Callable[..., Any]], Any]
    first: str = ""


def job(work: Callable[..., Any]) -> Iterator[tuple[Any, Progress]]:
    yield Act(work), Progress(1, 1, "reading")


def in_sight(gate: Gate, work: Callable[..., Any]) -> Any:
    with gate.watched(OWNER):
        done = work()
    gate.note(OWNER, Outcome.DONE)
    return done


DOORS: Mapping[str, Door | str] = {
    "act": Door(lambda gate, work: gate.act(OWNER, work)),
    "look": Door(lambda gate, work: gate.look(OWNER, work)),
    "widen": Door(lambda gate, work: gate.widen(OWNER, work)),
    "keep": Door(lambda gate, work: gate.keep(SYSTEM, work)),
    "maintain": Door(lambda gate, work: gate.maintain(SYSTEM, work)),
    "erase": Door(lambda gate, work: gate.erase(OWNER, work)),
    "step": Door(
        lambda gate, work: pump(gate, OWNER, job(work), listen=silent), "started"
    ),
    "upkeep": Door(
        lambda gate, work: pump_upkeep(gate, SYSTEM, job(work), listen=silent),
        "started",
    ),
    "watched": Door(in_sight),
    "serve": "test_each_tool_leaves_one_row_however_it_ends",
    "prompt": "tests/gate/test_prompts.py",
    "note": "does nothing but leave its row",
    "permit": "does nothing but leave its row",
    "expire": "tests/services/test_consents.py: a row where anything had run out",
    "begin_anew": "tests/gate/test_erasure.py",
    "lock": "tells whether there is one",
    "unlock": "tests/gate/test_widening.py: a row before each attempt",
    "given_lately": "for the person's own eyes, beside another command",
    "marks": "two numbers of the log",
    "waits": "tells whether a job is to be begun, which leaves two",
    "introduce": "does nothing but leave its row",
    "watch": "tests/watching/test_raising.py: a row for each alert",
    "settle": "tests/watching/test_pacing.py: a row for refusals counted until then",
    "pause_s": "a number",
    "purge": "changes no value",
    "close_log": "tests/gate/test_log_keeping.py: signs for rows, and says no more",
    "evidence": "files outside the store",
    "reveal_log_key": "tests/gate/test_log_keeping.py: a row before it is told",
    "unwitnessed": "checkpoints that are not kept elsewhere yet: of no person",
    "peek": "what no person's data is: how far the log is signed, and told of",
    "prune": "tests/gate/test_prunings.py: a row before anything goes",
    "sweep": "changes no value",
    "finish": "the end of what was recorded before it",
}
"""By public name of the gate: how it is asked, or why it leaves no row of its own."""


WRITES_ITSELF = {"erase"}
"""Its work appends the row, before the keys go: tests/gate/test_erasure.py."""

OPEN = {name: door for name, door in DOORS.items() if isinstance(door, Door)}


@pytest.mark.promise("audit.every-call")
def test_every_door_of_the_gate_is_known() -> None:
    made = {
        name
        for kind in Gate.__mro__
        for name, value in vars(kind).items()
        if isfunction(value) and not name.startswith("_")
    }
    assert made == DOORS.keys()
    named = [why for why in DOORS.values() if str(why).startswith("tests/")]
    assert len(named) > 4
    for why in named:
        assert (ROOT / str(why).partition(":")[0]).is_file(), why


@pytest.mark.promise("audit.every-call")
@pytest.mark.parametrize("error", [ValueError(BROKEN), KeyboardInterrupt()])
def test_whatever_breaks_behind_a_door_leaves_its_row(
    world: World, error: BaseException
) -> None:
    def breaks(*_: object) -> None:
        raise error

    for name, door in OPEN.items():
        before = len(world.rows())
        with pytest.raises(type(error)):
            door.ask(world.gate, breaks)
        rows = world.rows()[before:]
        ended = "failed" if isinstance(error, Exception) else "cancelled"
        left = [row["outcome"] for row in rows]
        assert left == [*filter(None, [door.first]), ended], name
        assert BROKEN not in str(rows)


@pytest.mark.promise("audit.fail-closed")
@pytest.mark.parametrize("pressed", PRESSED)
def test_no_door_lets_anything_through_without_its_record(
    tmp_path: Path, pressed: Callable[[World], AbstractContextManager[None]]
) -> None:
    """What was written is undone, and what was read is not returned."""
    with a_world(tmp_path / "store") as world:
        with pressed(world):
            if pressed is full_disk:  # it is full for the log once its last page is
                fill(world)
            before = len(world.rows())
            for name in OPEN.keys() - WRITES_ITSELF:
                with pytest.raises(StoreError) as said:
                    OPEN[name].ask(world.gate, lambda *_: BROKEN)
                assert said.value.remedy, name
                assert BROKEN not in str(said.value)
            rows = world.rows()[before:]
            assert {row["outcome"] for row in rows} <= {"failed"}
        world.gate.note(OWNER, Outcome.DONE)


def fill(world: World) -> None:
    for _ in range(3):
        with pytest.raises(StoreError):
            deque(iter(lambda: world.gate.note(SYSTEM, Outcome.DONE), 1))
