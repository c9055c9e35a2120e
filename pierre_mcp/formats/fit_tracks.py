"""Tracks out of the messages of one FIT: one for each session.

A sample belongs to the last session that had started. A file without a session (the
device died) is one track of all its samples. A swim without samples gets one sample a
length, with the distance swum.

Several sessions are the parts of one event. The way from one sport to the next is a
track of the sport ``transition`` where the device made a session of it: it has a time
that a triathlete asks for, and left out it would be a hole in the event.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pierre_mcp.formats import samples as ordering
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_athlete import Settings
from pierre_mcp.formats.fit_beats import Beats
from pierre_mcp.formats.fit_device import device, utc_offset_s
from pierre_mcp.formats.fit_intervals import Intervals, intervals
from pierre_mcp.formats.fit_messages import (
    DAILY,
    EPOCH_S,
    EVENT,
    EVENT_IS_TIMER,
    FIELDS,
    HR,
    INDOOR_SUB_SPORTS,
    LAP,
    LENGTH,
    RECORD,
    SESSION,
    SPORT,
    SPORTS,
    SUB_SPORTS,
    TIMER_STARTS,
    TIMER_STOPS,
)
from pierre_mcp.formats.fit_samples import samples_of
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_swim import lengths_of, swum
from pierre_mcp.formats.fit_table import Table, table
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import Column, Device, Lap, Pause, Totals, Track

_NEAR_S = 86_400.0
_MARKS = FIELDS.keys() - {RECORD, HR}


@dataclass(frozen=True, slots=True)
class _Tables:
    """What one FIT says, by kind of message."""

    samples: Samples
    beats: Beats
    intervals: Intervals
    sessions: Table
    laps: Table
    events: Table
    lengths: Table
    sports: Table
    settings: Settings
    device: Device | None
    utc_offset_s: int | None
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """One session, times in Unix seconds.

    Attributes:
        row: None where there is no session.
        part: Its place among several, from 1.
        from_s: From when on it has the samples; the first has those before it.
        repairs: What was mended among the sessions.
    """

    row: int | None
    part: int | None
    start_s: float
    from_s: float
    end_s: float
    repairs: tuple[str, ...] = ()


def tracks_of(
    scan: Scan, later: Beats, repairs: tuple[str, ...], limits: Limits
) -> list[Track]:
    """Return a track for each session of a FIT.

    Args:
        scan: Its messages.
        later: Heart rates for the samples that have none.
        repairs: What was mended so far.
        limits: What it may hold.

    Raises:
        UnreadableError: It holds neither samples nor a session.
    """
    _check(scan, limits)
    records = table(scan, RECORD)
    tables = _Tables(
        samples=later.fill(samples_of(records)),
        beats=later,
        intervals=intervals(scan, records, limits),
        sessions=table(scan, SESSION),
        laps=table(scan, LAP),
        events=table(scan, EVENT),
        lengths=table(scan, LENGTH),
        sports=table(scan, SPORT),
        settings=Settings(scan),
        device=device(scan),
        utc_offset_s=utc_offset_s(scan),
        repairs=repairs,
    )
    spans = _spans(tables)
    if not spans:
        daily = scan.numbers & DAILY
        raise UnreadableError(Reason.NOT_AN_ACTIVITY if daily else Reason.NO_SAMPLES)
    if len(spans) > limits.tracks:
        raise UnreadableError(Reason.LIMITS)
    return [_track(tables, span) for span in spans]


def _check(scan: Scan, limits: Limits) -> None:
    """Refuse more messages of one kind than any device writes."""
    many = any(scan.count(number) > limits.marks for number in _MARKS)
    if many or scan.count(RECORD) > limits.samples:
        raise UnreadableError(Reason.LIMITS)


def _spans(tables: _Tables) -> list[_Span]:
    """Return the sessions in order of time, each up to the start of the next."""
    starts, repeated = _starts(tables)
    if not starts:
        first = tables.samples.times_s[:1].tolist()
        lacking = ("no_session",)
        return [_Span(None, None, s, -np.inf, np.inf, lacking) for s in first]
    ends = [start for start, _ in starts[1:]] + [np.inf]
    return [
        _Span(
            row=row,
            part=part if len(starts) > 1 else None,
            start_s=start,
            from_s=start if part > 1 else -np.inf,
            end_s=end,
            repairs=("repeated_session",) if repeated else (),
        )
        for part, ((start, row), end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _starts(tables: _Tables) -> tuple[list[tuple[float, int]], bool]:
    """Return start and row of each session, and whether one was told twice.

    Without a start it is the first sample's. Of one sport from one moment on there is
    one session: a device that was cut off writes it again.
    """
    sessions, times = tables.sessions, tables.samples.times_s
    starts = sessions.get("start_time") + EPOCH_S
    ends = sessions.get("time") + EPOCH_S
    starts = np.where(np.isnan(starts), ends, starts)
    if times.size:
        # A start far from every sample is a clock that was set later.
        far = (starts < times[0] - _NEAR_S) | (starts > times[-1] + _NEAR_S)
        starts[far | np.isnan(starts)] = times[0]
    sports = np.nan_to_num(sessions.get("sport"), nan=-1).tolist()
    told = [
        (start, sport, row)
        for row, (start, sport) in enumerate(zip(starts.tolist(), sports, strict=True))
        if EPOCH_S <= start < ordering.LATEST_S
    ]
    latest = {(start, sport): row for start, sport, row in told}
    found = sorted((start, row) for (start, _), row in latest.items())
    return found, len(found) < len(told)


def _track(tables: _Tables, span: _Span) -> Track:
    samples = _own_samples(tables, span)
    first = samples.times_s[:1].tolist()
    start_s = min([span.start_s, *first])
    sport, sub_sport = _sport(tables, span)
    columns = samples.since(start_s)
    started_at = ordering.moment(start_s)
    return Track(
        sport=sport,
        started_at=started_at,
        utc_offset_s=tables.utc_offset_s,
        columns=columns,
        laps=_laps(tables.laps, start_s, span.end_s),
        pauses=_pauses(tables.events, start_s, span.end_s),
        totals=_totals(tables.sessions, span.row),
        indoor=sub_sport in INDOOR_SUB_SPORTS or "lat_deg" not in columns,
        repairs=(*tables.repairs, *tables.samples.repairs, *span.repairs),
        lengths=lengths_of(tables.lengths, start_s, span.end_s),
        pool_length_m=_pool_m(tables, span),
        event_part=span.part,
        beats_s=tables.intervals.within(span.from_s, span.end_s),
        device=tables.device,
        athlete=tables.settings.facts(
            tables.sessions, span.row, started_at.year, sport
        ),
    )


def _own_samples(tables: _Tables, span: _Span) -> Samples:
    """Return the samples of a session; of a swim without any, one a length."""
    times = tables.samples.times_s
    begin, end = np.searchsorted(times, [span.from_s, span.end_s]).tolist()
    if begin < end:
        return tables.samples.within(slice(begin, end))
    made = swum(tables.lengths, _pool_m(tables, span), span.start_s, span.end_s)
    return tables.beats.fill(made)


def _pool_m(tables: _Tables, span: _Span) -> float | None:
    if span.row is None:
        return None
    return tables.sessions.at("pool_length_m", span.row) or None


def _sport(tables: _Tables, span: _Span) -> tuple[Sport, int | None]:
    """Return the sport: the session's, else the sport message's, else the laps'."""
    if span.row is not None:
        sport = tables.sessions.at("sport", span.row)
        sub_sport = tables.sessions.at("sub_sport", span.row)
    else:
        source = tables.sports if tables.sports.size else tables.laps
        sport, sub_sport = source.first("sport"), source.first("sub_sport")
    plain = SPORTS.get(int(sport)) if sport is not None else None
    sub = None if sub_sport is None else int(sub_sport)
    return plain or SUB_SPORTS.get(sub or 0, Sport.OTHER), sub


def _totals(sessions: Table, row: int | None) -> Totals:
    if row is None:
        return Totals()
    moving_s = sessions.at("moving_s", row)
    return Totals(
        elapsed_s=sessions.at("elapsed_s", row),
        moving_s=moving_s or sessions.at("timer_s", row),
        distance_m=sessions.at("distance_m", row),
        ascent_m=sessions.at("ascent_m", row),
        descent_m=sessions.at("descent_m", row),
        calories_kcal=sessions.at("calories_kcal", row),
    )


def _laps(laps: Table, start_s: float, end_s: float) -> tuple[Lap, ...]:
    """Return the laps begun in a time, in the order of the file."""
    if not laps.size:
        return ()
    starts = laps.get("start_time") + EPOCH_S
    seconds = laps.get("elapsed_s")
    seconds = np.where(np.isnan(seconds), laps.get("timer_s"), seconds)
    own = (starts >= start_s) & (starts < end_s) & (seconds >= 0)
    told = np.stack([starts - start_s, seconds, laps.get("distance_m")], axis=1)
    return tuple(
        Lap(begun_s, lasted_s, None if np.isnan(metres) else metres)
        for begun_s, lasted_s, metres in told[own].tolist()
    )


def _pauses(events: Table, start_s: float, end_s: float) -> tuple[Pause, ...]:
    """Return the times between a stop of the timer and its next start."""
    times = events.get("time") + EPOCH_S
    timer = events.get("event") == EVENT_IS_TIMER
    end_s = min(end_s, ordering.LATEST_S)
    own = timer & (times >= start_s) & (times < end_s)
    kinds = events.get("event_type")[own]
    return tuple(_stops(times[own] - start_s, kinds)) if own.any() else ()


def _stops(times: Column, kinds: Column) -> Iterator[Pause]:
    order = np.argsort(times, kind="stable")
    stopped: float | None = None
    for time, kind in zip(times[order].tolist(), kinds[order].tolist(), strict=True):
        if kind in TIMER_STOPS and stopped is None:
            stopped = time
        elif kind in TIMER_STARTS and stopped is not None:
            if time > stopped:
                yield Pause(stopped, time)
            stopped = None
