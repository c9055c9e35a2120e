"""Whether two recordings are of one activity: a ride as FIT, as GPX, as Strava's copy.

One person does one thing at a time, so two recordings of about the same time are of one
activity, unless their sports cannot be the same. Some files give local time as if it
were UTC; their copies lie a whole number of quarter hours apart (time zones are cut
so), an hour at least, and agree in length to a hair.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pierre_mcp.model.category import Sport

LEAST_OVERLAP = 0.5
"""Of the longer recording: a watch started late, or a copy cut at its ends, matches."""

SHIFT_S, SHIFT_SLACK_S = 900, 2.0
LEAST_SHIFT_S, LARGEST_SHIFT_S = 3_600 - SHIFT_SLACK_S, 14 * 3_600
FARTHEST_S = 86_400.0
"""No two recordings of one activity begin farther apart."""
ALIKE = 0.005
"""How far lengths and distances of a shifted copy may be apart, as a part of them."""

_ON_FOOT = {Sport.RUNNING, Sport.WALKING, Sport.HIKING}
_ON_SNOW_OR_ICE = {Sport.SKIING, Sport.SKATING}
_ON_WATER = {Sport.ROWING, Sport.PADDLING}
_FAMILIES = (_ON_FOOT, _ON_SNOW_OR_ICE, _ON_WATER)


@dataclass(frozen=True, slots=True)
class Span:
    """What is compared of a recording.

    Attributes:
        recording: Its id.
        activity: The id of the activity it belongs to so far.
        start_s: Seconds since 1970, UTC, as the file says.
        elapsed_s: From first to last, pauses included.
    """

    recording: str
    activity: str
    sport: Sport
    start_s: float
    elapsed_s: float
    distance_m: float | None


def same(one: Span, other: Span) -> bool:
    """Tell whether two recordings are of one activity. Symmetric."""
    if abs(one.start_s - other.start_s) > FARTHEST_S:
        return False
    if not _may_be_one(one.sport, other.sport):
        return False
    return _overlaps(one, other) or _is_shifted(one, other)


def groups(spans: Iterable[Span]) -> list[list[Span]]:
    """Return the spans in groups, each connected by ``same``, whatever their order.

    Takes about as many comparisons as there are pairs within a day.
    """
    ordered = sorted(spans, key=lambda span: (span.start_s, span.recording))
    leader = list(range(len(ordered)))

    def led_by(i: int) -> int:
        while leader[i] != i:
            leader[i] = i = leader[leader[i]]
        return i

    for i, one in enumerate(ordered):
        for j in range(i + 1, len(ordered)):
            if ordered[j].start_s - one.start_s > FARTHEST_S:
                break
            if same(one, ordered[j]):
                leader[led_by(j)] = led_by(i)
    found: dict[int, list[Span]] = {}
    for i, one in enumerate(ordered):
        found.setdefault(led_by(i), []).append(one)
    return list(found.values())


def _may_be_one(one: Sport, other: Sport) -> bool:
    if Sport.TRANSITION in {one, other}:
        return False
    if one is other or Sport.OTHER in {one, other}:
        return True
    return any({one, other} <= family for family in _FAMILIES)


def _overlaps(one: Span, other: Span) -> bool:
    starts = max(one.start_s, other.start_s)
    ends = min(one.start_s + one.elapsed_s, other.start_s + other.elapsed_s)
    longer = max(one.elapsed_s, other.elapsed_s)
    if longer == 0:  # totals alone, without a length
        return one.start_s == other.start_s
    return ends - starts >= LEAST_OVERLAP * longer


def _is_shifted(one: Span, other: Span) -> bool:
    apart = abs(one.start_s - other.start_s)
    off = apart % SHIFT_S
    if min(off, SHIFT_S - off) > SHIFT_SLACK_S:
        return False
    if not LEAST_SHIFT_S <= apart <= LARGEST_SHIFT_S:
        return False
    if not one.distance_m or not other.distance_m:
        return False
    return _alike(one.elapsed_s, other.elapsed_s) and _alike(
        one.distance_m, other.distance_m
    )


def _alike(one: float, other: float) -> bool:
    return abs(one - other) <= ALIKE * max(one, other)
