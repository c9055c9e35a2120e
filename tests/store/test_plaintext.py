"""What is sealed is nowhere to be found."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from pierre_mcp.model.recording import NewRecording
from pierre_mcp.store import audit, imports, operations, policies, recordings
from pierre_mcp.store.imports import FileLine, FileOutcome, Run, State
from tests.store.test_originals import keep
from tests.store.test_originals import recordings as recordings_in
from tests.store.test_policies import READ, SEND, an_entry, give
from tests.stores import (
    MASTER,
    NOW,
    a_line,
    a_recording,
    a_store,
    an_operation,
    owner_grant,
    put,
)


@pytest.mark.promise("seal.no-plaintext")
def test_nothing_sealed_can_be_found_in_any_file(directory: Path) -> None:
    """While it is open, log and all, and once it is closed."""
    canary = "canary-4f1b"
    with a_store(directory) as store:
        grant = owner_grant(store)
        new = a_recording(name=canary)
        series = f"{canary}-series".encode()
        new = dataclasses.replace(new, streams={"heart_rate_bpm": series})
        import_id = put(store, grant, *(_part(new, i) for i in range(20)))
        with store.writing() as tx:
            run = Run(started_at=NOW, finished_at=NOW, activities=7)
            line = FileLine(name=f"{canary}.fit", outcome=FileOutcome.IMPORTED)
            imports.add_file(tx, grant, import_id, 1, line)
            imports.update(tx, grant, import_id, State.FINISHED, run)
            policies.enter(tx, grant, an_entry())
            operations.add(tx, grant, an_operation())
            told = {"client": canary}
            audit.append(tx, a_line(), now=NOW, who=grant, detail=told)
        give(store, grant, READ, SEND)
        keep(store, grant, recordings_in(store)[0], f"{canary} and more".encode())
        other = put(store, grant, a_recording(name=canary, part=3))
        with store.writing() as tx:
            recordings.undo(tx, grant, other)
        with store.reading() as tx:
            deks = [tx.ring._deks[info.id] for info in tx.ring.infos()]
        plain = [
            canary, "Europe/Zurich", "started_us", "47.37", "mean_bpm", "142.0",
            "share:claude", 'recipients":{', "finished_at", "expires_at",
            '"checkpoint":', "import_inbox",
        ]  # fmt: skip
        secret = [*(text.encode() for text in plain), series, *deks, bytes(range(32))]
        _absent(directory, secret, files=5)
    _absent(directory, secret, files=3)
    assert MASTER.id in (directory / "pierre.db").read_bytes()  # the search does find


def _part(new: NewRecording, part: int) -> NewRecording:
    return dataclasses.replace(new, part=part)


def _absent(directory: Path, secrets: list[bytes], *, files: int) -> None:
    paths = [path for path in directory.rglob("*") if path.is_file()]
    assert len(paths) == files
    for path in paths:
        # By another process: to close it here would drop this one's own locks.
        content = subprocess.run(
            ["/bin/cat", str(path)], capture_output=True, check=True
        ).stdout
        assert [secret for secret in secrets if secret in content] == []
