"""Times and paces read as people say them."""

import pytest

from pierre_mcp.model.category import Sport
from pierre_mcp.tools.paces import clock, course, lasting, pace


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (9.58, "9.6 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00"),
        (223.13, "3:43"),
        (3_599.6, "1:00:00"),
        (7_235.4, "2:00:35"),
    ],
)
def test_a_time(seconds: float, said: str) -> None:
    assert clock(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 s"), (90, "1 min 30 s"), (1_200, "20 min"), (4_500, "1 h 15 min"),
     (86_400, "24 h")],
)  # fmt: skip
def test_a_duration_of_the_grid(seconds: int, said: str) -> None:
    assert lasting(seconds) == said


@pytest.mark.parametrize(
    ("metres", "said"),
    [(400, "400 m"), (1_000, "1 km"), (1_609.344, "1 mile"),
     (21_097.5, "half marathon"), (5_000, "5 km"), (160_934.4, "100 miles")],
)  # fmt: skip
def test_a_distance_of_the_grid(metres: float, said: str) -> None:
    assert course(metres) == said


@pytest.mark.parametrize(
    ("sport", "speed_m_s", "metric", "imperial"),
    [
        (Sport.RUNNING, 4.0, "4:10/km", "6:42/mi"),
        (Sport.HIKING, 1_000 / 899.6, "15:00/km", "24:08/mi"),
        (Sport.SWIMMING, 1.0, "1:40/100 m", "1:31/100 yd"),
        (Sport.ROWING, 5.0, "1:40/500 m", "1:40/500 m"),
        (Sport.CYCLING, 10.0, "36.0 km/h", "22.4 mph"),
    ],
)
def test_a_pace(sport: Sport, speed_m_s: float, metric: str, imperial: str) -> None:
    assert pace(speed_m_s, sport, "metric") == metric
    assert pace(speed_m_s, sport, "imperial") == imperial
