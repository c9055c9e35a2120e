"""A damaged write-ahead log: a clean prefix is left, and what it lost is said."""

from pathlib import Path

import pytest

from tests.store.tearing import UNITS, Cut, power_cut


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    return power_cut(tmp_path_factory.mktemp("cut"))


def test_a_power_cut_loses_nothing_that_was_acknowledged(
    cut: Cut, tmp_path: Path
) -> None:
    left = cut.left_by(cut.log, tmp_path / "store")
    assert (left.rows, left.recordings) == (UNITS, tuple(range(UNITS)))
    assert not left.refused


@pytest.mark.promise("store.crash")
@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_log_leaves_a_clean_prefix_and_says_what_is_lost(
    cut: Cut, tmp_path: Path, seed: int
) -> None:
    """What was acknowledged and is gone is told: the person decides, and not we."""
    left = cut.left_by(cut.damaged(seed), tmp_path / "store")
    assert left.recordings == tuple(range(left.rows))
    assert left.refused == ("" if left.rows == UNITS else "store_put_back")


def test_the_damage_is_of_every_kind(cut: Cut) -> None:
    logs = [cut.damaged(seed) for seed in range(20)]
    assert len(set(logs)) == 20
    assert 0 < sum(len(log) == len(cut.log) for log in logs) < 20


def test_a_log_of_nothing_but_zeros_is_none(cut: Cut, tmp_path: Path) -> None:
    left = cut.left_by(bytes(len(cut.log)), tmp_path / "store")
    assert (left.rows, left.recordings) == (0, ())
    assert left.refused == "store_put_back"
