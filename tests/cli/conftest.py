"""A person and their machine, for each test of a command."""

from pathlib import Path

import pytest

from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride


@pytest.fixture
def anna(tmp_path: Path) -> Person:
    """Somebody who just installed the program."""
    return Person(tmp_path)


@pytest.fixture
def runner(anna: Person) -> Person:
    """Somebody who has imported one short ride."""
    path = anna.file("ride.fit", fit_activity(ride(60)))
    anna.does("import", str(path))
    return anna
