"""Killed at any moment, twenty times: nothing is lost, and every cell opens."""

from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest

from tests.crashing import DOING, a_crashed

pytestmark = pytest.mark.unmeasured

ROUNDS = 10
SEED = 20_261_122


@pytest.mark.promise("store.crash")
@pytest.mark.promise("keys.dek-rotation")
@pytest.mark.promise("keys.dek-emergency")
def test_processes_killed_two_at_a_time(tmp_path: Path) -> None:
    crashed, chance = a_crashed(tmp_path), np.random.default_rng(SEED)
    pairs = list(combinations_with_replacement(DOING, 2))
    order = chance.permutation(len(pairs))
    for number in range(ROUNDS):
        crashed.round(chance, pairs[int(order[number])])
    crashed.settle()
    assert crashed.kills == 2 * ROUNDS
    assert crashed.written
