"""The master keys of a process: asked for once, and again where others are needed."""

from pathlib import Path

import pytest

from pierre_mcp.errors import MasterKeyMalformedError, MasterKeyMissingError
from pierre_mcp.gate.masters import Masters
from pierre_mcp.keyring.master import LocalMaster, StoreNeed, as_text
from pierre_mcp.keyring.masters.files import write_new_key
from pierre_mcp.settings import Settings

ONE, OTHER = bytes(range(32)), bytes(range(32, 64))
NEW = StoreNeed("store", is_new=True)


def needing(raw: bytes) -> StoreNeed:
    return StoreNeed("store", mek_ids=frozenset({LocalMaster(raw).id}))


def masters(tmp_path: Path, previous: str = "") -> Masters:
    source = f"file:{tmp_path / 'key'}"
    given = Settings(tmp_path, tmp_path, mek_source=source, previous_keys=previous)
    return Masters(given)


def test_are_read_once_and_again_where_another_is_needed(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key", ONE)
    held = masters(tmp_path)
    (first,) = held.for_store(NEW)
    (tmp_path / "key").unlink()
    write_new_key(tmp_path / "key", OTHER)
    assert held.for_store(needing(ONE)) == (first,)
    (second,) = held.for_store(needing(OTHER))
    assert second.id == LocalMaster(OTHER).id
    assert held.origin().public_id == second.id.hex()


def test_the_one_in_use_comes_first(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key", ONE)
    held = masters(tmp_path, as_text(OTHER))
    found = held.for_store(needing(OTHER))
    assert [m.id for m in found] == [LocalMaster(raw).id for raw in (ONE, OTHER)]
    assert held.revealed() == as_text(ONE)


def test_a_fault_is_told_again_until_it_is_mended(tmp_path: Path) -> None:
    held = masters(tmp_path)
    assert held.asked is False
    with pytest.raises(RuntimeError, match="no store"):
        held.origin()
    for work in (lambda: held.for_store(NEW), held.origin):
        with pytest.raises(MasterKeyMissingError):
            work()
    assert bool(held.asked)
    (tmp_path / "key").touch(0o600)
    with pytest.raises(MasterKeyMalformedError):
        held.for_store(NEW)
    (tmp_path / "key").unlink()
    write_new_key(tmp_path / "key", ONE)
    assert held.for_store(NEW)
    assert held.origin().kind == "file"


def test_show_nothing(tmp_path: Path) -> None:
    held = Masters(Settings(tmp_path, tmp_path, master_key=as_text(ONE)))
    held.for_store(NEW)
    assert repr(held) == "<Masters>"
