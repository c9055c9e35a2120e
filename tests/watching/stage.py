"""A store like the demo athlete's, its gate, a clock that moves, and whoever asks.

The calendar is the demo athlete's own: 58 weeks, some 365 recordings. Their tracks are
left out but for a short one, since what is watched is the calls.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.watching import Watched
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Recipient, System
from pierre_mcp.model.category import Category
from pierre_mcp.model.recording import Where
from pierre_mcp.services.athlete_plan import ZONE, plan
from pierre_mcp.store.alerts import ListedAlert
from tests.fakes import StillClock
from tests.gate.world import CLAUDE, World, a_world
from tests.stores import NOW, a_recording, copy_store

LAST_DAY = date(2026, 2, 28)
HOME = ZoneInfo(ZONE)


def fill(directory: Path) -> None:
    """Make the store, closed again, with everything given to two assistants."""
    with a_world(directory) as world:
        column = np.linspace(0.0, 40.0, 61)
        streams = {
            name: pack(column + base, STEPS[name])
            for name, base in (
                ("heart_rate_bpm", 100.0), ("distance_m", 0.0), ("lat_deg", 7.0),
                ("lon_deg", 8.0), ("t_s", 0.0), ("power_w", 180.0),
            )
        }  # fmt: skip
        made = [
            replace(
                a_recording(
                    where=Where(session.source, "demo"),
                    sport=session.sport,
                    day=str(session.starts_at.date()),
                    part=session.index,
                    name=session.name,
                ),
                streams=streams,
            )
            for session in plan(7, LAST_DAY)
        ]
        world.put(*made)
        for recipient in (CLAUDE, "other-assistant"):
            world.give_training(
                to=recipient,
                sources=("strava", "files"),
                extras=(Category.LOCATION, Category.NOTES),
            )
        world.give_training(to="partly", sources=("files",))


@dataclass
class Session:
    """One process of a recipient, and what it asks."""

    stage: "Stage"
    label: str
    id: str

    def ask(self, tool: str, *, every_s: float = 4.0, **arguments: Any) -> Answer:
        """Ask, after as long as an assistant takes to think."""
        self.stage.clock.pass_s(every_s)
        call = Call(Recipient(self.label), tool, self.id)
        return self.stage.gate.serve(call, arguments)

    def told(self, tool: str, **arguments: Any) -> Mapping[str, Any]:
        """Ask for what is given, and read it."""
        answer = self.ask(tool, **arguments)
        assert not answer.is_error, answer.text
        assert answer.structured is not None
        found: Mapping[str, Any] = json.loads(answer.structured)
        return found

    def ids(self, **arguments: Any) -> list[str]:
        """The ids of a list of activities."""
        found: list[str] = self.told("get_activities", **arguments)["activities"]["id"]
        return found

    def prompt(self, name: str, **arguments: Any) -> Answer:
        self.stage.clock.pass_s(4.0)
        call = Call(Recipient(self.label), name, self.id)
        return self.stage.gate.prompt(call, arguments)


@dataclass
class Stage:
    """What a script plays on; time is local where the athlete lives."""

    world: World
    raised: list[Watched] = field(default_factory=list)
    _sessions: Iterator[int] = field(default_factory=count)

    @property
    def clock(self) -> StillClock:
        return self.world.clock

    @property
    def gate(self) -> Gate:
        return self.world.gate

    def session(
        self, label: str = CLAUDE, client: str = "claude-ai", version: str = "0.1.0"
    ) -> Session:
        """Begin a process of a recipient, whose client says what it is called."""
        made = Session(self, label, f"session-{next(self._sessions)}")
        said = {"client": client, "version": version, "protocol": "2025-06-18"}
        self.gate.note(Call(Recipient(label), "start", made.id), Outcome.STARTED)
        greeting = Call(Recipient(label), "initialize", made.id)
        self.gate.introduce(greeting, said)
        return made

    def goes_to(self, day: int, hour: int, minute: int = 0) -> None:
        """Let time pass to an hour of a day, counted from 1 March 2026, local."""
        on = date(2026, 3, 1) + timedelta(days=day)
        at = datetime(on.year, on.month, on.day, hour, minute, tzinfo=HOME)
        passed = (at - self.clock.at).total_seconds()
        assert passed >= 0, "a script goes forward"
        self.clock.pass_s(passed)

    def scan(self) -> Watched:
        """Do as the server's upkeep does some seconds after a call."""
        raised, rows, found = list[ListedAlert](), 0, Watched(more=True)
        while found.more:
            found = self.gate.watch(Call(System(), "security scan", "upkeep"))
            raised += found.raised
            rows += found.rows
        self.raised.append(Watched(tuple(raised), rows))
        return self.raised[-1]

    def rules(self) -> set[str]:
        """Which rules have raised an event, by the log and the alerts."""
        return {
            reason.rule
            for watched in self.raised
            for alert in (one.alert for one in watched.raised)
            for reason in alert.reasons
        }


@contextmanager
def a_stage(made: Path, directory: Path) -> Iterator[Stage]:
    """A stage on a copy of a filled store."""
    with a_world(copy_store(made, directory)) as world:
        hurry(world)
        world.clock.at = NOW
        yield Stage(world)


def hurry(world: World) -> None:
    """Leave out what is for power cuts: of these tests each makes many calls."""
    world.store.db.execute("PRAGMA synchronous = OFF")
