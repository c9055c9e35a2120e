"""The register of requests: entered, extended in time, closed once, and watched."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from pierre_mcp.errors import (
    ExtensionRefusedError,
    PierreError,
    RequestClosedError,
    RequestDayError,
    RequestUnboundError,
    RequestUnknownError,
)
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.request import Law, RequestKind, RequestOutcome
from pierre_mcp.services import requests as service
from pierre_mcp.services.health import Verdict
from pierre_mcp.store import requests
from pierre_mcp.store.database import Tx
from tests.gate.world import World, a_world
from tests.stores import a_grant, owner_of

T = TypeVar("T")
CALL = Call(Owner(), "requests", "session")
ACCESS, GDPR = RequestKind.ACCESS, Law.GDPR


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        yield world


def do(world: World, work: Callable[[Tx, Grant], T]) -> T:
    return world.gate.act(CALL, work)


def add(world: World, day: str, kind: RequestKind = ACCESS, law: Law = GDPR) -> int:
    on = date.fromisoformat(day)
    made = do(world, lambda tx, g: service.add(tx, g, kind, law, received_on=on))
    return made.number


@pytest.mark.promise("rights.requests")
def test_overdue_ones_come_first_and_answered_ones_last(world: World) -> None:
    assert str(world.clock.now().date()) == "2026-03-01"
    late, answered, young = (
        add(world, day) for day in ("2026-01-15", "2026-01-01", "2026-02-28")
    )
    do(world, lambda tx, g: service.close(tx, g, "2", RequestOutcome.DONE, ""))
    found = do(world, service.listed)
    assert [one.number for one in found] == [late, young, answered]
    assert [one.overdue for one in found] == [True, False, False]
    assert found[0].days_left == -13
    assert found[1].due_on == date(2026, 3, 30), "28 March is a Saturday"
    assert found[1].days_left == 29


@pytest.mark.promise("rights.requests")
def test_a_term_is_extended_once_and_in_time(world: World) -> None:
    add(world, "2026-02-15")
    made = do(world, lambda tx, g: service.extend(tx, g, "1", "many files"))
    assert made.due_on == date(2026, 5, 15)
    assert made.request.why_extended == "many files"
    add(world, "2026-01-15")
    add(world, "2026-02-28", RequestKind.OPT_OUT, Law.CCPA)
    for ref in ("1", "2", "3"):
        with pytest.raises(ExtensionRefusedError):
            do(world, partial(service.extend, ref=ref, why="why"))
    assert [one.request.extended_at is None for one in do(world, service.listed)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("work", "error"),
    [
        pytest.param(
            lambda tx, g: service.extend(tx, g, "1", "why"),
            RequestClosedError,
            id="extended once closed",
        ),
        pytest.param(
            lambda tx, g: service.close(tx, g, "1", RequestOutcome.DONE, ""),
            RequestClosedError,
            id="closed twice",
        ),
        pytest.param(
            lambda tx, g: service.shown(tx, g, "2"), RequestUnknownError, id="none"
        ),
        pytest.param(
            lambda tx, g: service.add(tx, g, RequestKind.OBJECTION, Law.HIPAA),
            RequestUnboundError,
            id="no such request by that law",
        ),
        pytest.param(
            lambda tx, g: service.add(
                tx, g, ACCESS, GDPR, received_on=date(2026, 3, 2)
            ),
            RequestDayError,
            id="tomorrow",
        ),
    ],
)
def test_what_is_refused(
    world: World, work: Callable[[Tx, Grant], object], error: type[PierreError]
) -> None:
    add(world, "2026-02-15")
    do(world, lambda tx, g: service.close(tx, g, "1", RequestOutcome.REFUSED, "not he"))
    with pytest.raises(error):
        do(world, work)
    [one] = do(world, service.listed)
    assert (one.request.outcome, one.request.why) == ("refused", "not he")


def test_by_its_id_too_and_received_today_by_default(world: World) -> None:
    made = do(world, lambda tx, g: service.add(tx, g, ACCESS, GDPR, note="by letter"))
    found = do(world, lambda tx, g: service.shown(tx, g, made.id))
    assert found == made
    assert (found.request.received_on, found.request.note) == (
        date(2026, 3, 1),
        "by letter",
    )


@pytest.mark.promise("rights.requests")
@pytest.mark.parametrize(
    ("day", "verdict", "words"),
    [
        pytest.param("2026-02-28", Verdict.OK, "1 open, none due soon", id="young"),
        pytest.param("2026-02-04", Verdict.WARN, "0 overdue, 1 due within", id="soon"),
        pytest.param("2026-01-15", Verdict.WARN, "1 overdue, 0 due within", id="late"),
    ],
)
def test_the_doctor_says_what_is_late(
    world: World, day: str, verdict: Verdict, words: str
) -> None:
    add(world, day)
    found = do(world, service.check)
    assert found.verdict is verdict
    assert words in found.words


def test_the_register_is_the_owners_and_sealed(world: World) -> None:
    do(world, lambda tx, g: service.add(tx, g, ACCESS, GDPR, note="s3cret"))
    grant = a_grant(owner_of(world.store), pairs=set())
    with world.store.reading() as tx, pytest.raises(RuntimeError, match="owner"):
        requests.listed(tx, grant)
    [(cell,)] = world.by_hand("SELECT cell FROM requests")
    assert b"s3cret" not in cell
