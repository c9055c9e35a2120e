"""Times below the world's records are no human's."""

import pytest

from pierre_mcp.analytics.world import least_s
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import DISTANCES_M

RECORDS_S = {
    (Sport.RUNNING, 200): 19.19,
    (Sport.RUNNING, 400): 43.03,
    (Sport.RUNNING, 1_000): 131.96,
    (Sport.RUNNING, 1_500): 206.0,
    (Sport.RUNNING, 1_609.344): 223.13,
    (Sport.RUNNING, 3_000): 437.55,
    (Sport.RUNNING, 5_000): 755.36,
    (Sport.RUNNING, 10_000): 1_571.0,
    (Sport.RUNNING, 21_097.5): 3_450.0,
    (Sport.RUNNING, 42_195): 7_235.0,
    (Sport.SWIMMING, 200): 98.61,
    (Sport.SWIMMING, 400): 212.25,
    (Sport.SWIMMING, 1_500): 846.88,
}  # fmt: skip
"""Bolt, van Niekerk, Ngeny, El Guerrouj, Ingebrigtsen, Cheptegei, Kiplimo's 57:30,
Kiptum; Hobson, Agnel and Wellbrock in short pools."""


@pytest.mark.parametrize(("of", "record_s"), RECORDS_S.items())
def test_a_record_is_possible_and_a_tenth_less_is_not(
    of: tuple[Sport, float], record_s: float
) -> None:
    sport, metres = of
    least = least_s(sport)[DISTANCES_M.index(metres)]
    assert 0.9 * record_s < least < record_s


def test_other_sports_have_no_limit() -> None:
    assert not least_s(Sport.CYCLING).any()
    assert len(least_s(Sport.CYCLING)) == len(DISTANCES_M)
