"""Counts of an import that two processes shared."""

from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.operation import Counts

WORDS = ("imported", "repaired", "duplicate", "skipped", "failed")
FEW = st.integers(0, 50)


def counts(**outcomes: int) -> Counts:
    given = {word: count for word, count in outcomes.items() if count}
    return Counts(outcomes=given, activities=sum(given.values()))


def test_nothing_before_changes_nothing() -> None:
    now = counts(imported=2, duplicate=1, failed=1)
    assert Counts().then(now) == now


@given(st.fixed_dictionaries(dict.fromkeys(WORDS, FEW)), st.data())
def test_a_second_pass_comes_to_what_one_would_have(
    files: dict[str, int], data: st.DataObject
) -> None:
    """The first process did some of the files; the next did all of them again."""
    first = {word: data.draw(st.integers(0, count)) for word, count in files.items()}
    done = first["imported"] + first["repaired"]
    second = {
        **files,
        "imported": files["imported"] - first["imported"],
        "repaired": files["repaired"] - first["repaired"],
        "duplicate": files["duplicate"] + done,
    }
    found = counts(**first).then(counts(**second))
    assert found.outcomes == counts(**files).outcomes
    assert found.files_imported == files["imported"] + files["repaired"]


def test_a_file_taken_away_meanwhile_takes_no_count_below_zero() -> None:
    found = counts(imported=3).then(counts(duplicate=2))
    assert found.outcomes == {"imported": 3}
