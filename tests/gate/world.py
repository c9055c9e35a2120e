"""A gate on a real store, and hands for both sides of it: the person's and the other's.

Consents are given and withdrawn as the command line does it, through ``gate.act``;
what an attacker does goes through ``sqlite3`` on the same file.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pierre_mcp.gate.admission import About
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.caller import Call, Caller, Owner, Recipient
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents, places, privacy
from pierre_mcp.services.steps import Act
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.turn import Turn
from pierre_mcp.tools.catalogue import RESOURCES, TOOLS
from pierre_mcp.tools.prompts import PROMPTS
from pierre_mcp.tools.table import Table, Tool
from tests.fakes import StillClock
from tests.stores import database, new_store, owner_grant, put

CLAUDE = "claude-desktop"
OTHER = "other-assistant"
ABOUT = About(command="pierre-mcp", version="0.0-test")
OWNER = Owner()


@dataclass
class World:
    """One store, its gate, and a clock that stands still.

    Attributes:
        more: Tools of the test's own, beside the real ones.
        own: A new store has ids and keys of its own.
    """

    directory: Path
    more: tuple[Tool[Any, Any], ...] = ()
    clock: StillClock = field(default_factory=StillClock)
    own: bool = False

    def __post_init__(self) -> None:
        self.store = new_store(self.directory, own=self.own)
        self.table = Table((*TOOLS, *self.more), RESOURCES, PROMPTS)
        self.gate = Gate(self.store, self.table, self.clock, ABOUT)

    def close(self) -> None:
        self.store.close()

    # --- the assistant's side

    def ask(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        of: str | Caller = CLAUDE,
        turn: Turn | None = None,
    ) -> Answer:
        """Serve one call of a recipient, or of another caller."""
        caller = Recipient(of) if isinstance(of, str) else of
        return self.gate.serve(Call(caller, tool, "session"), arguments, turn)

    def told(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        of: str | Caller = CLAUDE,
    ) -> dict[str, Any]:
        """Serve a call that succeeds, and read its answer."""
        answer = self.ask(tool, arguments, of=of)
        assert not answer.is_error, answer.text
        return content(answer)

    # --- the person's side

    def give(
        self,
        *scopes: str,
        to: str = CLAUDE,
        expires_at: datetime | None = None,
        store: Store | None = None,
    ) -> None:
        """Give scopes, by a process of its own if ``store`` is another connection."""

        def work(tx: Tx, grant: Grant) -> None:
            chosen = tuple(Scope(s) for s in scopes)
            consents.give(tx, grant, to, chosen, expires_at=expires_at)

        self._gate_on(store).widen(Call(OWNER, "consent grant", "session"), work)

    def give_training(
        self,
        *,
        to: str = CLAUDE,
        sources: Iterable[str] = ("files",),
        extras: Collection[Category] = (),
        expires_at: datetime | None = None,
    ) -> None:
        """Give the bundle, and every test tool."""
        tools = self.table.readers()
        bundle = training(to, sources=sources, tools=tools, extras=extras)
        self.give(*bundle, to=to, expires_at=expires_at)

    def choose(self, level: Level, to: str = CLAUDE) -> None:
        """Set the level of a recipient."""

        def work(tx: Tx, grant: Grant) -> None:
            privacy.choose(tx, grant, to, level)

        self.gate.widen(Call(OWNER, "privacy set", "session"), work)

    def hide(self, *zones: PrivacyZone) -> None:
        """Make places private."""
        self._act("privacy zone add", lambda tx, g: places.hide(tx, g, zones), None)

    def withdraw(
        self, *scopes: str, to: str = CLAUDE, store: Store | None = None
    ) -> None:
        """Withdraw scopes, or all of them."""

        def work(tx: Tx, grant: Grant) -> None:
            chosen = [Scope(s) for s in scopes] or None
            consents.withdraw(tx, grant, to, chosen, by="owner")

        self._act("consent withdraw", work, store)

    def put(self, *recordings: NewRecording, one_file: bool = False) -> None:
        """Import recordings."""
        put(self.store, owner_grant(self.store), *recordings, one_file=one_file)

    def _act(self, action: str, work: Any, store: Store | None) -> None:
        self._gate_on(store).act(Call(OWNER, action, "session"), work)

    def _gate_on(self, store: Store | None) -> Gate:
        if store is None:
            return self.gate
        return Gate(store, self.table, self.clock, ABOUT)

    # --- what is left behind

    def rows(self) -> list[dict[str, Any]]:
        """Every row of the log, oldest first, read as anyone can read it."""
        return rows_of(self.directory)

    def last_row(self) -> dict[str, Any]:
        return self.rows()[-1]

    def by_hand(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """What the ``sqlite3`` shell can do."""
        db = sqlite3.connect(database(self.directory))
        try:
            found = db.execute(sql, values).fetchall()
            db.commit()
        finally:
            db.close()
        return found


def rows_of(directory: Path) -> list[dict[str, Any]]:
    """Every row of the log of the store in ``directory``, oldest first."""
    with sqlite3.connect(database(directory)) as db:
        found = db.execute("SELECT entry FROM audit ORDER BY seq").fetchall()
    db.close()
    return [json.loads(entry) for (entry,) in found]


@contextmanager
def a_world(
    directory: Path, *more: Tool[Any, Any], own: bool = False
) -> Iterator[World]:
    """A world for the body."""
    world = World(directory, more, own=own)
    try:
        yield world
    finally:
        world.close()


def content(answer: Answer) -> dict[str, Any]:
    """The structured content of an answer, which its text repeats."""
    assert answer.structured is not None
    line, _, repeated = answer.text.partition("\n")
    assert line
    assert repeated.encode() == answer.structured
    told: dict[str, Any] = json.loads(answer.structured)
    return told


def step_of(work: Any) -> Act:
    """A job's step that only writes."""
    return Act(work)
