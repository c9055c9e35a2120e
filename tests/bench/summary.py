"""What the summary of a ride costs, beside the plain way to the same numbers.

    python -m tests.bench.summary [--rounds 60]

Makes a ride of one hour and one of five, one sample a second with position, heart rate
and power. Times in alternation, in processor time, least of all rounds: the summary
whole, and a plain reference that takes the mean-max curve of power alone by convolution
and the histogram by a loop. Prints the size of cells and details as stored, too.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import numpy as np

from pierre_mcp.analytics.summary import summarise
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import DURATIONS_S
from pierre_mcp.model.track import Track
from tests.formats.making import ride


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    for hours in (1, 5):
        track = a_ride(hours * 3_600)
        ours, plain = [], []
        for number in range(rounds):
            ours.append(taken_ms(partial(summarise, track)))
            if number % 10 == 0:
                plain.append(taken_ms(partial(reference, track)))
        say(
            f"{hours} h: summary {min(ours):.2f} ms, median {np.median(ours):.2f}; "
            f"plain curve and histogram of power {min(plain):.1f} ms"
        )
        summary = summarise(track)
        for category, detail in summary.details.items():
            size = len(detail.model_dump_json(exclude_defaults=True))
            say(f"  detail of {category}: {size} bytes")


def a_ride(samples: int) -> Track:
    """Return a ride with the unrest a real meter has."""
    noise = np.random.default_rng(1)
    columns = ride(samples)
    columns["power_w"] = np.round(noise.normal(200, 70, samples).clip(0, 900))
    columns["altitude_m"] = np.round(columns["altitude_m"] * 5) / 5
    started_at = datetime(2024, 5, 4, 6, 30, tzinfo=UTC)
    return Track(Sport.CYCLING, started_at, None, columns)


def reference(track: Track) -> tuple[list[float], Counter[int]]:
    """Return curve and histogram of power the way they are defined."""
    watts = track.columns["power_w"]
    reached = [d for d in DURATIONS_S if d <= len(watts)]
    curve = [np.convolve(watts, np.ones(d), mode="valid").max() / d for d in reached]
    return curve, Counter(int(value) for value in watts)


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
