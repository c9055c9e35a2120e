"""Stores that earlier versions made: every one of them opens, whole.

``older/version-N.db.gz`` was made by the code that wrote version N, with the fixtures'
master key: four recordings of two sources, one of them of a real FIT import, and a
consent; from version 2 on also a walk with details, its original, gear, what the
athlete said, and an operation; from version 3 on keys that were replaced, and the
outside file; in version 4 a notice, a correction and a request. None is ever made anew.
"""

import gzip
import shutil
from pathlib import Path

import pytest

from pierre_mcp.errors import StorePutBackError
from pierre_mcp.keyring import notes
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.platform import create_private_file, make_private_dir
from pierre_mcp.services import activities
from pierre_mcp.store import (
    audit,
    audit_check,
    audit_state,
    checkpoints,
    migrations,
    people,
    policies,
)
from pierre_mcp.store.activity import recordings_of
from pierre_mcp.store.opening import FILE
from pierre_mcp.store.recordings import Wanted
from tests.store.hands import edit
from tests.stores import NOW, a_grant, a_line, a_store, maintenance, marks_of

OLDER = Path(__file__).parent / "older"
ADDED = ("2025-06-01", "files")


def put_back(made: Path, directory: Path) -> None:
    """Make ``directory`` that of a store as it was made."""
    make_private_dir(directory)
    with create_private_file(directory / FILE) as file:
        file.write(gzip.decompress(made.read_bytes()))
    outside = made.with_name(made.name.replace(".db.gz", ".high-water"))
    if outside.exists():
        make_private_dir(marks_of(directory))
        mark = outside.read_bytes()
        store_id = mark.split()[0].decode()
        with create_private_file(marks_of(directory) / f"{store_id}.log") as file:
            file.write(mark)


@pytest.fixture(params=range(1, migrations.VERSION))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The directory of a store of an earlier version."""
    directory = tmp_path / "data"
    put_back(OLDER / f"version-{request.param}.db.gz", directory)
    return directory


def test_a_store_of_any_earlier_version_opens_and_all_of_it_is_there(
    old: Path,
) -> None:
    with a_store(old) as store, store.reading() as tx:
        grant = a_grant(people.owner(tx))
        listed = [row for day in activities.newest(tx, grant, Wanted()) for row in day]
        days = [(row.day, row.source) for row in listed]
        assert [day for day in days if day != ADDED] == [
            ("2026-02-02", "files"),
            ("2026-02-01", "files"),
            ("2026-01-31", "strava"),
            ("2024-05-04", "files"),
        ]
        [ride] = recordings_of(tx, grant, listed[-1].activity_id)
        assert ride.activity.elapsed_s == pytest.approx(1_799)
        assert "claude-desktop" in policies.read(tx, grant).policy.recipients
        assert isinstance(
            audit_check.verify(tx, maintenance(), people.owner(tx)), Health
        )
        assert tx.one("PRAGMA user_version") == (migrations.VERSION,)


@pytest.mark.promise("audit.tamper")
def test_the_log_of_an_earlier_version_goes_on_in_its_first_epoch(old: Path) -> None:
    """The next checkpoint speaks for all there are, old ones as they are."""
    with a_store(old) as store:
        with store.writing() as tx:
            how, who = audit_state.Closing(), people.owner(tx)
            seq = audit.append(tx, a_line(), now=NOW, who=who, close=how)
        with store.reading() as tx:
            who = people.owner(tx)
            found = audit_check.verify(tx, maintenance(), who)
            [one] = checkpoints.every(tx)
            assert audit_state.read_epoch(tx).number == 1
        assert found == Health(seq, checkpoints=1)
        assert notes.parsed(one.note).epoch == 0
        edit(old, "UPDATE audit SET mac = zeroblob(32) WHERE seq = 1")
        with store.reading() as tx:
            found = audit_check.verify(tx, maintenance(), who)
        assert found == Finding(1, FindingKind.EDITED, seq)


def test_one_that_had_an_outside_file_serves_nobody_without_it(tmp_path: Path) -> None:
    """A migration is no way round: what had the file and lost it was put back."""
    directory = tmp_path / "data"
    put_back(OLDER / "version-3.db.gz", directory)
    shutil.rmtree(marks_of(directory))
    with pytest.raises(StorePutBackError), a_store(directory):
        pass
