"""A recipient that asks too fast is refused, longer each time, in every process."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.caller import Call, Owner, Recipient, System
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.holds import (
    CALLS_A_MINUTE,
    FIRST_BLOCK_S,
    LONGEST_BLOCK_S,
    Hold,
    hold_of,
)
from pierre_mcp.services import watching
from pierre_mcp.store.database import Tx
from tests.gate.world import ABOUT, CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import new_store
from tests.watching.stage import hurry

MOST = 30
"""The least that the limit may be set to, so that tests are short."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        hurry(world)
        set_to(world, "calls_a_minute", MOST)
        world.clock.pass_s(61)
        yield world


def set_to(world: World, name: str, value: int) -> None:
    def work(tx: Tx, grant: Grant) -> None:
        watching.set_threshold(tx, grant, name, value)

    world.gate.widen(Call(OWNER, "security thresholds set", "s"), work)


def ask(world: World, *, every_s: float = 0.5, of: str = CLAUDE) -> Answer:
    world.clock.pass_s(every_s)
    return world.ask("get_status", of=of)


def beyond(world: World) -> Answer:
    """Call as often as is let in, and once more."""
    for _ in range(MOST):
        assert not ask(world).is_error
    return ask(world)


def exceeded(world: World) -> list[dict[str, object]]:
    return [r for r in world.rows() if r["event"] == "rate_limit_exceeded"]


def seconds(answer: Answer) -> int:
    found = re.search(r"Ask again in (\d+) s\.", answer.text)
    assert found
    return int(found[1])


@pytest.mark.promise("limits.adaptive")
def test_beyond_the_limit_it_is_refused_and_longer_each_time(world: World) -> None:
    waits = []
    for _ in range(2):
        answer = beyond(world)
        assert answer.code == "rate_limited"
        waits.append(seconds(answer))
        world.clock.pass_s(waits[-1] - 1)
        assert ask(world, every_s=0).code == "rate_limited"
        world.clock.pass_s(61)
        assert not ask(world).is_error
        world.clock.pass_s(61)
    assert waits == [60, 120]
    world.clock.pass_s(86_400)
    assert seconds(beyond(world)) == 60, "after a day it begins again"


def test_the_refusal_says_when_and_who_can_lift_it_and_no_more(world: World) -> None:
    assert beyond(world).text == (
        "rate_limited: These were too many calls. Ask again in 60 s. The person sees "
        "why, and can lift it, on a terminal, with: pierre-mcp security lift --to "
        f"{CLAUDE}"
    )


def test_others_and_the_owner_are_not_refused(world: World) -> None:
    assert beyond(world).code == "rate_limited"
    assert not ask(world, of=OTHER).is_error
    assert not world.ask("get_status", of=OWNER).is_error
    assert not world.ask("get_status", of=Owner(preview_as=CLAUDE)).is_error


def test_a_steady_pace_below_the_limit_is_let_in(world: World) -> None:
    for _ in range(2 * MOST):
        assert not ask(world, every_s=61 / MOST).is_error


@pytest.mark.promise("audit.every-call")
def test_refusals_beyond_it_are_counted_in_one_row_an_interval(world: World) -> None:
    beyond(world)
    assert len(exceeded(world)) == 1
    for _ in range(20):
        ask(world, every_s=0.1)
    assert len(exceeded(world)) == 1
    world.clock.pass_s(2.0 * FIRST_BLOCK_S)
    world.gate.watch(Call(System(), "security scan", "s"))
    first, second = exceeded(world)
    assert (first["action"], first["outcome"]) == ("get_status", "refused")
    assert (second["action"], second["recipient"]) == ("calls refused", CLAUDE)
    assert second["code"] == "rate_limited"
    assert second["detail"]
    world.gate.settle("s")
    assert len(exceeded(world)) == 2, "each is counted once"


def test_what_is_counted_is_entered_at_the_end(world: World) -> None:
    beyond(world)
    ask(world, every_s=0.1)
    world.gate.settle("s")
    assert len(exceeded(world)) == 2


def test_long_hammering_leaves_a_row_a_minute(world: World) -> None:
    beyond(world)
    world.clock.pass_s(200)
    beyond(world)  # refused for two minutes
    for _ in range(11):
        assert ask(world, every_s=10).code == "rate_limited"
    world.gate.settle("s")
    assert [row["action"] for row in exceeded(world)] == [
        "get_status", "get_status", "get_status", "calls refused",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("get_sleep", {}, id="no tool"),
        pytest.param("get_activities", {"limit": 0}, id="no argument"),
        pytest.param("get_activity", {"id": "x"}, id="no id"),
        pytest.param("get_status", {}, id="needs nothing"),
    ],
)
def test_whatever_it_asks(world: World, tool: str, arguments: dict[str, int]) -> None:
    asked = [world.ask(tool, arguments) for _ in range(MOST + 2)]
    assert [a.code for a in asked[-2:]] == ["rate_limited"] * 2
    assert all(a.code != "rate_limited" for a in asked[:MOST])


def test_prompts_too(world: World) -> None:
    call = Call(Recipient(CLAUDE), "privacy_checkup", "s")
    asked = [world.gate.prompt(call, {}) for _ in range(MOST + 1)]
    assert [a.code for a in asked[-2:]] == [None, "rate_limited"]


@pytest.mark.promise("limits.adaptive")
def test_in_every_process(world: World) -> None:
    """It counts over processes, and a process begun later knows of it."""
    store = new_store(world.directory)
    other = Gate(store, world.table, world.clock, ABOUT)
    call = Call(Recipient(CLAUDE), "get_status", "other")
    for _ in range(MOST // 2):
        assert not ask(world).is_error
        assert not other.serve(call, {}).is_error
    assert ask(world).code == "rate_limited"
    assert other.serve(call, {}).code == "rate_limited"
    store.close()


def test_a_limit_set_higher_counts_at_once(world: World) -> None:
    set_to(world, "calls_a_minute", 2 * MOST)
    for _ in range(2 * MOST):
        assert not ask(world, every_s=0.1).is_error
    assert ask(world).code == "rate_limited"


def test_a_hold_that_was_altered_lets_nobody_in(world: World) -> None:
    assert beyond(world).code == "rate_limited"
    world.by_hand(
        "UPDATE monitor SET cell ="
        " CAST(substr(cell, 1, length(cell) - 1) || x'00' AS BLOB)"
    )
    assert ask(world).code == SealBrokenError.code


def test_a_refusal_that_cannot_be_recorded_is_none(world: World) -> None:
    for _ in range(MOST):
        ask(world)
    world.by_hand("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN"
                  " SELECT RAISE(ABORT, 'no'); END")  # fmt: skip
    answer = ask(world)
    assert answer.is_error
    assert answer.code != "rate_limited"


def test_the_hold_grows_to_a_day_and_is_kept_as_it_was() -> None:
    hold = Hold()
    for day in range(20):
        hold = hold.struck(1000.0 + day)
    assert hold.refused_until_s == 1019.0 + LONGEST_BLOCK_S
    assert hold.struck(1e9).strikes == 1
    assert hold_of(hold.slowed(5.0).as_bytes()) == hold.slowed(5.0)
    assert not hold_of(None).refuses(0.0)
    assert CALLS_A_MINUTE == 240
