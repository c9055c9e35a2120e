"""Processes that are killed at any moment, and what must hold of the store after.

Two processes at a time do one of: write and acknowledge each write, import and take
back, rotate the keys, replace all of them in an emergency, erase the person and begin
anew. After the kill the store is
opened as the next start would, every cell is opened, the log and the file are checked,
every write that was acknowledged is there, unless its person was erased, and of an
erased person there is no row and no key. ``tests/bench/crash.py`` does it hundreds of
times.
"""

import base64
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import pytest

from pierre_mcp.__main__ import main
from pierre_mcp.errors import PersonErasedError
from pierre_mcp.gate import erasure
from pierre_mcp.gate.house import gate_on, opened, opener
from pierre_mcp.keyring.ring import KeyState, Purpose
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.profile import Profile
from pierre_mcp.settings import from_environment
from pierre_mcp.store import audit_check, people, policies, recordings, sealed
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.receipts import Beside
from tests.forks import PIPE, Fork
from tests.formats.making import STARTED_AT, gpx_activity, ride
from tests.stores import a_digest, a_recording, begin_import, maintenance

KEY: Final = base64.b64encode(bytes(range(32))).decode()
FILES = 12


@dataclass
class Crashed:
    """A store that is hurt again and again.

    Attributes:
        home: Holds its data, its configuration, and files to import.
        acknowledged: The person and id of each recording whose write was acknowledged.
        written: How many there ever were.
        erased: How many persons were seen to be gone.
        kills: Processes killed so far.
    """

    home: Path
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    kills: int = 0
    written: int = 0
    erased: int = 0

    @property
    def env(self) -> dict[str, str]:
        """The environment of each process."""
        return {
            **os.environ,
            "PIERRE_DATA_DIR": str(self.home / "data"),
            "PIERRE_CONFIG_DIR": str(self.home / "config"),
            "PIERRE_MASTER_ENCRYPTION_KEY": KEY,
            "TZ": "UTC",
        }

    def round(self, chance: np.random.Generator, doing: Sequence[str]) -> None:
        """Let one process do each, kill them all within a second, and check."""
        files = str(self.home / "files")
        running = [
            Fork([files], main=DOING[what], env=self.env, stdout=PIPE, stderr=PIPE)
            for what in doing
        ]
        for process in running:
            assert process.stdout.readline() == b"\n"  # it begins
        time.sleep(chance.uniform(0.02, 0.5))
        for process in running:
            process.send_signal(signal.SIGKILL)
        self.kills += len(running)
        for what, process in zip(doing, running, strict=True):
            said, complained = process.communicate(timeout=10)
            # A line cut by the kill was not acknowledged.
            for line in said.decode().split("\n")[:-1]:
                person, _, recording = line.partition(" ")
                self.acknowledged.add((person, recording))
                self.written += 1
            assert process.returncode == -signal.SIGKILL, (what, complained.decode())
        self.check()

    def check(self) -> None:
        """Open the store as the next start would; nothing may be lost or broken."""
        with self.opened() as store, store.reading() as tx:
            who = people.whose(tx)
            assert tx.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            assert not tx.execute("PRAGMA foreign_key_check").fetchall()
            for table in sealed.TABLES:
                for row in sealed.every(tx, maintenance(), table):
                    for _, place, cell in row.cells:
                        tx.ring.open(cell, place)
            assert isinstance(audit_check.verify(tx, maintenance(), who), Health)
            assert who is None or policies.ledger_holds(tx, maintenance(), who)
            there = set(tx.execute("SELECT person, id FROM recordings"))
            self._check_people(tx, "" if who is None else who.person, there)

    def settle(self) -> None:
        """Go on with every rotation that was cut short; no old key is left then."""
        with environment(self.env):
            _command("keys", "rotate")
        with environment(self.env):
            _command("keys", "rotate")
        with self.opened() as store, store.reading() as tx:
            sealing = [i for i in tx.ring.infos() if i.purpose is Purpose.SEAL]
            # None is left at all where the last kill came after an erasure.
            assert {i.state for i in sealing} <= {KeyState.ACTIVE}, sealing
        self.check()

    def _check_people(self, tx: Tx, here: str, there: set[tuple[str, str]]) -> None:
        assert {person for person, _ in there} <= {here}
        theirs = (i.scope for i in tx.ring.infos() if i.scope.startswith("person:"))
        assert {scope.partition("/")[2] for scope in theirs} == {here} - {""}
        gone = {one for one in self.acknowledged if one[0] != here}
        assert self.acknowledged - gone <= there
        self.erased += len({person for person, _ in gone})
        self.acknowledged -= gone

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Open the store for the body."""
        with environment(self.env):
            store = opener(from_environment())()
        try:
            yield store
        finally:
            store.close()


def a_crashed(home: Path) -> Crashed:
    """A store with something in it, and files to import."""
    crashed = Crashed(home)
    (home / "files").mkdir(parents=True)
    for n in range(FILES):
        content = gpx_activity(ride(20 + n), started_at=STARTED_AT)
        (home / "files" / f"{n}.gpx").write_bytes(content)
    with environment(crashed.env), opened(from_environment()) as gate:
        for _ in range(10):
            gate.act(Call(Owner(), "write", ""), _one_more)
    return crashed


@contextmanager
def environment(env: dict[str, str]) -> Iterator[None]:
    """Be in that environment for the body."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _one_more(tx: Tx, grant: Grant) -> str:
    """Add one recording in the caller's step; return whose it is, and its id."""
    import_id, digest = begin_import(tx, grant), a_digest(str(uuid4()))
    one = recordings.seal(
        tx.ring, grant, a_recording(), digest=digest, import_id=import_id
    )
    recordings.add(tx, grant, [one])
    return f"{grant.person} {one.row[0]}"


def _write(words: Sequence[str]) -> None:
    """Write for ever, and acknowledge each write once it is committed."""
    del words
    _begin()
    settings = from_environment()
    store = opener(settings)()
    gate = gate_on(store, settings)
    while True:
        try:
            done = gate.act(Call(Owner(), "write", ""), _one_more)
        except PersonErasedError:  # a gate serves one person
            gate = gate_on(store, settings)
        else:
            os.write(1, f"{done}\n".encode())


def _command(*given: str) -> None:
    os.environ["PIERRE_MASTER_ENCRYPTION_KEY"] = KEY  # each takes it out
    with pytest.raises(SystemExit) as ended:
        main(given)
    # 1: there was nobody, or nothing of that name any more.
    assert ended.value.code in {0, 1, None}, given


def _begin() -> None:
    """Say that the kill may come from now on."""
    os.write(1, b"\n")


def _quiet() -> None:
    """Begin; commands say what they did, and only acknowledgements are wanted."""
    _begin()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)


def _import(words: Sequence[str]) -> None:
    _quiet()
    while True:
        _command("import", *words)
        with environment({"PIERRE_MASTER_ENCRYPTION_KEY": KEY}):
            settings = from_environment()
        with suppress(PersonErasedError), opened(settings) as gate:
            last = gate.look(Call(Owner(), "imports", ""), _last_import)
            _command("undo", last)


def _last_import(tx: Tx, grant: Grant) -> str:
    del grant
    found = tx.one("SELECT id FROM imports ORDER BY seq DESC LIMIT 1")
    return str(found and found[0])


def _rotate(words: Sequence[str]) -> None:
    del words
    _quiet()
    while True:
        _command("keys", "rotate")


def _emergency(words: Sequence[str]) -> None:
    del words
    _quiet()
    while True:
        _command("keys", "rotate", "--emergency")


def _erase(words: Sequence[str]) -> None:
    """Erase whoever there is, and begin anew, for ever."""
    del words
    _begin()
    settings = from_environment()
    open_ = opener(settings)
    while True:
        with opened(settings, open_) as gate:
            call, outside = Call(Owner(), "erase", ""), settings.high_water_dir
            with suppress(PersonErasedError):
                erasure.erase(gate, call, outside, beside=Beside())
                gate.finish(outside)
        with opened(settings, open_) as gate:
            gate.begin_anew(Call(Owner(), "setup", ""), Profile())
        time.sleep(0.05)


DOING: Final[dict[str, Callable[[Sequence[str]], Any]]] = {
    "write": _write,
    "import": _import,
    "rotate": _rotate,
    "emergency": _emergency,
    "erase": _erase,
}
