"""A master key that moves while several processes run."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import MasterKeyRetiredError, MasterKeyWrongError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.house import behind
from pierre_mcp.gate.lines import REWRAP
from pierre_mcp.gate.rotations import rewrap
from pierre_mcp.keyring.master import LocalMaster
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.store import audit_check, sealed
from pierre_mcp.store.database import Store
from pierre_mcp.store.opening import open_store
from pierre_mcp.tools.catalogue import table
from tests.fakes import StillClock
from tests.forks import Fork
from tests.gate.world import ABOUT
from tests.store.rotating import a_rotation, run
from tests.stores import (
    MASTER,
    OTHER_MASTER,
    a_recording,
    a_store,
    maintenance,
    opening,
    owner_grant,
    owner_of,
    put,
)


def with_the_old_key(words: Sequence[str]) -> None:
    """Write a recording whenever told, with the one master key that was first."""
    with a_store(Path(words[0])) as store:
        grant = owner_grant(store)
        for _ in sys.stdin:
            print(put(store, grant, a_recording()), flush=True)  # noqa: T201 - its news


def gate_of(store: Store) -> Gate:
    return Gate(store, table(), StillClock(), ABOUT)


def given(directory: Path, *masters: LocalMaster) -> closing[Store]:
    """The store as opened by who was given these master keys, the primary first."""
    how = replace(opening(directory), masters=lambda _: masters)
    return closing(open_store(how))


def check_whole(store: Store, written: set[str]) -> None:
    """Every cell opens, the log is whole, and what was acknowledged is there."""
    who = owner_of(store)
    with store.reading() as tx:
        for kind in sealed.TABLES:
            for row in sealed.every(tx, maintenance(), kind):
                for _, place, cell in row.cells:
                    tx.ring.open(cell, place)
        assert isinstance(audit_check.verify(tx, maintenance(), who), Health)
        there = {one for (one,) in tx.execute("SELECT import_id FROM recordings")}
        assert written <= there


@pytest.mark.promise("keys.mek-rotation")
def test_a_master_key_moves_while_others_run(tmp_path: Path) -> None:
    """Without sealing anything again, and entries with the two swapped agree."""
    directory, clock = tmp_path / "store", StillClock()
    with a_store(directory) as store:
        first = put(store, owner_grant(store), a_recording())
        cells = cells_of(store)
    child = Fork(
        [str(directory)],
        main=with_the_old_key,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with suppress(BrokenPipeError), child.stdin, child.stdout:

        def wrote() -> str:
            child.stdin.write(b"\n")
            child.stdin.flush()
            return str(child.stdout.readline().decode().strip())

        written = {first, wrote()}
        with given(directory, OTHER_MASTER, MASTER) as store:
            assert behind(store)
            call = Call(Owner(), REWRAP, "session")
            assert rewrap(gate_of(store), call, clock)[0] == 9
            assert not behind(store)
            assert cells <= cells_of(store)  # nothing was sealed again
            assert rewrap(gate_of(store), call, clock) == (0, True)
            written.add(wrote())  # it goes on with the keys it has
        with given(directory, MASTER, OTHER_MASTER) as swapped:
            assert behind(swapped)
            with pytest.raises(MasterKeyRetiredError):
                rewrap(gate_of(swapped), call, clock)
            run(swapped, a_rotation())  # what it makes is wrapped as the others are
        with pytest.raises(MasterKeyWrongError, match=OTHER_MASTER.id.hex()):
            open_store(opening(directory))
    child.wait(20)
    with given(directory, OTHER_MASTER) as store:
        assert not behind(store)
        check_whole(store, written)


def cells_of(store: Store) -> set[bytes]:
    with store.reading() as tx:
        return {
            cell
            for table_of in sealed.TABLES
            if table_of.name == "recordings"
            for row in sealed.every(tx, maintenance(), table_of)
            for _, _, cell in row.cells
        }
