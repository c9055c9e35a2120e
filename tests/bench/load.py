"""Training load to today, and the best of all curves, over a ten-year archive.

    python -m tests.bench.load [--activities 8000] [--rounds 40]

Both from arrays made up here: the rows are read, opened and weighed elsewhere. Least of
all rounds, in processor time.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from pierre_mcp.analytics import load, trends
from pierre_mcp.analytics.records import highest, percent_of
from pierre_mcp.model.details import DURATIONS_S

DAYS = 3_700


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    count, noise = options.activities, np.random.default_rng(1)
    first = np.datetime64("2016-01-01")
    day = first + np.sort(noise.integers(0, DAYS, count))
    worth = np.where(noise.random(count) < 0.05, np.nan, noise.gamma(3, 25, count))
    falling = np.geomspace(900, 150, len(DURATIONS_S))
    curves = falling * noise.uniform(0.5, 1, (count, 1))
    curves[noise.random(count) < 0.3, 30:] = np.nan
    at = (day - first).astype(float)

    def to_today() -> None:
        daily = load.by_day(day, worth, first, first + DAYS - 1)
        loads = load.projected(load.daily_loads(daily), [0.0] * 28)
        load.ramp_rate(loads.ctl)
        load.strain(daily)
        load.acwr(daily)

    def year_by_year() -> None:
        percent_of(highest(curves[-count // 10 :]).value, highest(curves).value)

    runs: dict[str, Callable[[], object]] = {
        "load to today": to_today,
        "power curve against another": year_by_year,
        "trend": lambda: trends.trend(at, worth),
        "two halves compared": lambda: trends.compare(
            worth[: count // 2], worth[count // 2 :]
        ),
    }
    for name, run in runs.items():
        took = min(taken_ms(run) for _ in range(options.rounds))
        say(f"{name}: {took:.2f} ms over {count} activities")


def taken_ms(run: Callable[[], object]) -> float:
    """Return the processor time of one run."""
    began = time.thread_time_ns()
    run()
    return (time.thread_time_ns() - began) / 1e6


def say(line: str) -> None:
    """Print one line of the result."""
    print(line)  # noqa: T201 - this is what the script is for


if __name__ == "__main__":
    main()
