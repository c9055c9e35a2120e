"""A person and their machine, for each test of a command."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.cli import session
from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride


@pytest.fixture(autouse=True)
def nobodys_session() -> Iterator[None]:
    """Leave no command's session behind for the next test."""
    yield
    session._CURRENT.set(None)  # type: ignore[arg-type]


@pytest.fixture
def anna(tmp_path: Path) -> Person:
    """Somebody who just installed the program."""
    return Person(tmp_path)


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has imported one short ride: for copies of it."""
    anna = Person(tmp_path_factory.mktemp("imported"))
    anna.does("import", str(anna.file("ride.fit", fit_activity(ride(60)))))
    return anna.home


@pytest.fixture
def runner(imported: Path, anna: Person) -> Person:
    """Somebody who has imported one short ride."""
    shutil.copytree(imported, anna.home, dirs_exist_ok=True)
    return anna
