"""Import runs and their files, as the owner sees them."""

from pathlib import Path

import pytest

from pierre_mcp.errors import ImportUnknownError, SealBrokenError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import imports
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import FileLine, FileOutcome, ListedRun, Run, State
from tests.store.hands import edit, look
from tests.stores import NOW, a_grant, begin_import

DONE = Run(
    started_at=NOW, finished_at=NOW, outcomes={FileOutcome.IMPORTED: 2}, activities=3
)


def three(store: Store, grant: Grant) -> list[str]:
    with store.writing() as tx:
        return [begin_import(tx, grant) for _ in range(3)]


def listed(store: Store, grant: Grant) -> list[ListedRun]:
    with store.reading() as tx:
        return imports.listed(tx, grant)


def test_runs_are_numbered_from_one_in_order(store: Store, grant: Grant) -> None:
    ids = three(store, grant)
    runs = listed(store, grant)
    assert [(run.number, run.id) for run in runs] == list(enumerate(ids, 1))
    assert {run.state for run in runs} == {State.RUNNING}


def test_a_run_is_kept_up_to_date(store: Store, grant: Grant) -> None:
    first, second, _ = three(store, grant)
    with store.writing() as tx:
        imports.update(tx, grant, second, State.FINISHED, DONE)
    runs = {run.id: run for run in listed(store, grant)}
    assert runs[second] == ListedRun(second, 2, State.FINISHED, DONE)
    assert runs[first].state is State.RUNNING


def test_files_come_back_in_order(store: Store, grant: Grant) -> None:
    first, second, _ = three(store, grant)
    lines = [
        FileLine(name=f"{i}.fit", outcome=FileOutcome.SKIPPED, reason="no_samples")
        for i in range(12)
    ]
    with store.writing() as tx:
        for seq, line in reversed(list(enumerate(lines, 1))):
            imports.add_file(tx, grant, first, seq, line)
        assert imports.files(tx, grant, first) == lines
        assert imports.files(tx, grant, second) == []


def test_a_run_is_found_by_number_id_or_the_start_of_one(
    store: Store, grant: Grant
) -> None:
    ids = three(store, grant)
    with store.reading() as tx:
        for number, import_id in enumerate(ids, 1):
            for ref in (str(number), import_id, import_id[:13]):
                assert imports.find(tx, grant, ref).id == import_id
        for ref in ("", "0", "4", "zzz", "%", "-1", " 1", ids[0][:7]):
            with pytest.raises(ImportUnknownError):
                imports.find(tx, grant, ref)


def test_the_start_of_two_ids_is_no_id(
    directory: Path, store: Store, grant: Grant
) -> None:
    three(store, grant)
    with store.writing() as tx:
        for import_id in ("samesame-1", "samesame-2"):
            imports.begin(tx, grant, import_id, DONE)
    with store.reading() as tx, pytest.raises(ImportUnknownError):
        imports.find(tx, grant, "samesame")
    assert len(look(directory, "SELECT * FROM imports")) == 5


def test_a_name_that_is_not_text_is_kept_as_far_as_it_is(
    store: Store, grant: Grant
) -> None:
    """On Linux a file name is any bytes; those that are not UTF-8 are surrogates."""
    [first, *_] = three(store, grant)
    line = FileLine(name="ride\udcff\U0001f6b4.fit", outcome=FileOutcome.FAILED)
    with store.writing() as tx:
        imports.add_file(tx, grant, first, 1, line)
        assert [f.name for f in imports.files(tx, grant, first)] == [
            "ride\ufffd\U0001f6b4.fit"
        ]


@pytest.mark.promise("tenant.isolation")
def test_another_person_has_no_runs_and_changes_none(
    store: Store, grant: Grant
) -> None:
    first, *_ = three(store, grant)
    other = a_grant(Identity(grant.tenant, "x"))
    assert listed(store, other) == []
    with store.reading() as tx, pytest.raises(ImportUnknownError):
        imports.find(tx, other, first)


@pytest.mark.promise("keys.bound-cell")
def test_a_run_moved_to_another_does_not_open(
    directory: Path, store: Store, grant: Grant
) -> None:
    three(store, grant)
    edit(
        directory,
        "UPDATE imports SET cell = (SELECT cell FROM imports WHERE seq = 1)"
        " WHERE seq = 2",
    )
    with pytest.raises(SealBrokenError):
        listed(store, grant)


def test_a_dead_grant_sees_and_changes_nothing(store: Store, grant: Grant) -> None:
    grant.kill()
    with store.writing() as tx:
        for use in (
            lambda: imports.listed(tx, grant),
            lambda: imports.files(tx, grant, "a"),
            lambda: imports.begin(tx, grant, "a", DONE),
            lambda: imports.update(tx, grant, "a", State.UNDONE, DONE),
            lambda: imports.add_file(
                tx, grant, "a", 1, FileLine(name="", outcome=FileOutcome.FAILED)
            ),
        ):
            with pytest.raises(RuntimeError, match="died"):
                use()
