"""Operations: each known to its own recipient, and to the owner."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.errors import OperationUnknownError, SealBrokenError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.operation import OperationState
from pierre_mcp.store import operations
from pierre_mcp.store.database import Store
from pierre_mcp.store.operations import Listed
from tests.store.hands import edit
from tests.stores import a_grant, an_operation, owner_of

MINE, THEIRS = "claude-desktop", "other-assistant"


@pytest.fixture
def mine(store: Store) -> Grant:
    return a_grant(owner_of(store), pairs=set(), recipient=MINE)


@pytest.fixture
def theirs(store: Store) -> Grant:
    return a_grant(owner_of(store), pairs=set(), recipient=THEIRS)


@pytest.fixture
def begun(store: Store, mine: Grant) -> Listed:
    with store.writing() as tx:
        return operations.add(tx, mine, an_operation(MINE))


def running(store: Store, grant: Grant, recipient: str) -> Iterator[str]:
    with store.reading() as tx:
        for found in operations.running(
            tx, grant, recipient=recipient, tool="import_inbox"
        ):
            yield found.id


def test_what_was_begun_is_found_as_it_was(
    store: Store, mine: Grant, grant: Grant, begun: Listed
) -> None:
    with store.reading() as tx:
        assert operations.find(tx, mine, begun.id) == begun
        assert operations.find(tx, grant, begun.id) == begun  # the owner sees all
    assert begun.operation == an_operation(MINE)
    assert list(running(store, grant, MINE)) == [begun.id]


@pytest.mark.promise("tenant.isolation")
def test_anothers_id_is_one_that_never_was(
    store: Store, theirs: Grant, grant: Grant, begun: Listed
) -> None:
    said = []
    with store.reading() as tx:
        for operation_id in (begun.id, "never", begun.id.upper()):
            with pytest.raises(OperationUnknownError) as refused:
                operations.find(tx, theirs, operation_id)
            said.append(str(refused.value))
    assert len(set(said)) == 1
    assert list(running(store, grant, THEIRS)) == []


def test_one_that_ended_does_not_run(
    store: Store, mine: Grant, grant: Grant, begun: Listed
) -> None:
    done = begun.operation.model_copy(update={"done": 3})
    with store.writing() as tx:
        operations.update(tx, mine, begun.id, OperationState.FINISHED, done)
    with store.reading() as tx:
        found = operations.find(tx, mine, begun.id)
    assert (found.state, found.operation.done) == (OperationState.FINISHED, 3)
    assert list(running(store, grant, MINE)) == []


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("column", ["id", "tenant", "person"])
def test_a_row_moved_does_not_open(
    directory: Path, store: Store, begun: Listed, column: str
) -> None:
    edit(directory, f"UPDATE operations SET {column} = 'x'")  # noqa: S608 - our own
    who = owner_of(store)
    tenant = "x" if column == "tenant" else who.tenant
    person = "x" if column == "person" else who.person
    grant = a_grant(type(who)(tenant, person))
    with store.reading() as tx, pytest.raises(SealBrokenError):
        operations.find(tx, grant, "x" if column == "id" else begun.id)
