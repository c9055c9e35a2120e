"""Tracks out of the messages of one FIT: one for each session.

A sample belongs to the last session that had started. A file without a session (the
device died) is one track of all its samples. A swim without samples gets one sample a
length, with the distance swum.
"""

from dataclasses import dataclass, replace

import numpy as np

from pierre_mcp.formats import samples as ordering
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_beats import Beats
from pierre_mcp.formats.fit_messages import (
    ACTIVITY,
    EPOCH_S,
    EVENT,
    EVENT_IS_TIMER,
    FIELDS,
    INDOOR_SUB_SPORTS,
    LAP,
    LENGTH,
    LENGTH_IS_ACTIVE,
    RECORD,
    SESSION,
    SPORT,
    SPORTS,
    SUB_SPORTS,
    TIMER_STARTS,
    TIMER_STOPS,
)
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import Table, table
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.category import Sport
from pierre_mcp.model.track import COLUMNS, Column, Lap, Pause, Totals, Track

_MAX_OFFSET_S = 15 * 3_600
_NEAR_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Tables:
    """What one FIT says, by kind of message."""

    samples: Samples
    beats: Beats
    sessions: Table
    laps: Table
    events: Table
    lengths: Table
    sports: Table
    utc_offset_s: int | None
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    """One session: its row (None where there is none) and its time in Unix seconds."""

    row: int | None
    start_s: float
    end_s: float


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
    if any(sum(len(g.at) for g in scan.of(n)) > limits.samples for n in FIELDS):
        raise UnreadableError(Reason.LIMITS)
    tables = _Tables(
        samples=later.fill(_samples(table(scan, RECORD))),
        beats=later,
        sessions=table(scan, SESSION),
        laps=table(scan, LAP),
        events=table(scan, EVENT),
        lengths=table(scan, LENGTH),
        sports=table(scan, SPORT),
        utc_offset_s=_utc_offset(table(scan, ACTIVITY)),
        repairs=repairs,
    )
    spans = _spans(tables)
    if not spans or len(spans) > limits.tracks:
        raise UnreadableError(Reason.LIMITS if spans else Reason.NO_SAMPLES)
    return [_track(tables, span) for span in spans]


def _samples(records: Table) -> Samples:
    columns = dict(records.columns)
    times = records.get("time") + EPOCH_S + np.nan_to_num(records.get("fraction_s"))
    for plain in ("speed_m_s", "altitude_m"):
        better = columns.pop(f"enhanced_{plain}", None)
        if better is not None:
            columns[plain] = np.where(np.isnan(better), records.get(plain), better)
    if "cadence_fraction_rpm" in columns and "cadence_rpm" in columns:
        fraction = np.nan_to_num(columns["cadence_fraction_rpm"])
        columns["cadence_rpm"] = columns["cadence_rpm"] + fraction
    return ordering.ordered(times, {n: columns[n] for n in COLUMNS if n in columns})


def _utc_offset(activity: Table) -> int | None:
    """Return local minus UTC, to the quarter of an hour; None unless plausible."""
    gaps = activity.get("local_time") - activity.get("time")
    gaps = gaps[np.abs(gaps) <= _MAX_OFFSET_S]
    return round(float(gaps[-1]) / 900) * 900 if gaps.size else None


def _spans(tables: _Tables) -> list[_Span]:
    """Return the sessions in order of time, each up to the start of the next."""
    starts = _starts(tables)
    if not starts:
        times = tables.samples.times_s
        return [_Span(None, float(times[0]), np.inf)] if times.size else []
    ends = [start for start, _ in starts[1:]] + [np.inf]
    return [
        _Span(row, start, end) for (start, row), end in zip(starts, ends, strict=True)
    ]


def _starts(tables: _Tables) -> list[tuple[float, int]]:
    """Return start and row of each session; without a start, the first sample's."""
    sessions, times = tables.sessions, tables.samples.times_s
    starts = sessions.get("start_time") + EPOCH_S
    ends = sessions.get("time") + EPOCH_S
    starts = np.where(np.isnan(starts), ends, starts)
    if times.size:
        # A start far from every sample is a clock that was set later.
        far = (starts < times[0] - _NEAR_S) | (starts > times[-1] + _NEAR_S)
        starts[far | np.isnan(starts)] = times[0]
    rows = enumerate(starts.tolist())
    return sorted((s, row) for row, s in rows if EPOCH_S <= s < ordering.LATEST_S)


def _track(tables: _Tables, span: _Span) -> Track:
    samples, first = _own_samples(tables, span)
    start_s = first if first is not None and first < span.start_s else span.start_s
    span = replace(span, start_s=start_s)
    sport, sub_sport = _sport(tables, span)
    columns = samples.since(start_s)
    repairs = (*tables.repairs, *samples.repairs)
    return Track(
        sport=sport,
        started_at=ordering.moment(start_s),
        utc_offset_s=tables.utc_offset_s,
        columns=columns,
        laps=_laps(tables.laps, span),
        pauses=_pauses(tables.events, span),
        totals=_totals(tables.sessions, span.row),
        indoor=sub_sport in INDOOR_SUB_SPORTS or "lat_deg" not in columns,
        repairs=repairs if span.row is not None else (*repairs, "no_session"),
    )


def _own_samples(tables: _Tables, span: _Span) -> tuple[Samples, float | None]:
    """Return the samples of a session, and the time of the first."""
    times = tables.samples.times_s
    first_session = not _earlier(tables, span)
    from_s = -np.inf if first_session else span.start_s
    own = tables.samples.within((times >= from_s) & (times < span.end_s))
    if not own.times_s.size:
        own = tables.beats.fill(_swum(tables, span))
    return own, float(own.times_s[0]) if own.times_s.size else None


def _earlier(tables: _Tables, span: _Span) -> bool:
    return any(start < span.start_s for start, _ in _starts(tables))


def _swum(tables: _Tables, span: _Span) -> Samples:
    """Return a sample at the end of each length of a pool swim."""
    lengths = tables.lengths
    starts = lengths.get("start_time") + EPOCH_S
    ends = starts + lengths.get("elapsed_s")
    own = (starts >= span.start_s) & (ends < span.end_s)
    pool_m = tables.sessions.get("pool_length_m")[span.row or 0 :][:1]
    swum = np.cumsum(lengths.get("kind")[own] == LENGTH_IS_ACTIVE) * 1.0
    distance = swum * pool_m if pool_m.size else np.full(len(swum), np.nan)
    return ordering.ordered(ends[own], {"distance_m": distance})


def _sport(tables: _Tables, span: _Span) -> tuple[Sport, int | None]:
    """Return the sport: the session's, else the sport message's, else the laps'."""
    if span.row is not None:
        sport = _number(tables.sessions, "sport", span.row)
        sub_sport = _number(tables.sessions, "sub_sport", span.row)
    else:
        source = tables.sports if tables.sports.size else tables.laps
        sport, sub_sport = source.first("sport"), source.first("sub_sport")
    plain = SPORTS.get(int(sport)) if sport is not None else None
    sub = None if sub_sport is None else int(sub_sport)
    return plain or SUB_SPORTS.get(sub or 0, Sport.OTHER), sub


def _number(rows: Table, name: str, row: int) -> float | None:
    value = float(rows.get(name)[row])
    return None if np.isnan(value) else value


def _totals(sessions: Table, row: int | None) -> Totals:
    if row is None:
        return Totals()
    moving_s = _number(sessions, "moving_s", row)
    return Totals(
        elapsed_s=_number(sessions, "elapsed_s", row),
        moving_s=moving_s or _number(sessions, "timer_s", row),
        distance_m=_number(sessions, "distance_m", row),
        ascent_m=_number(sessions, "ascent_m", row),
        descent_m=_number(sessions, "descent_m", row),
        calories_kcal=_number(sessions, "calories_kcal", row),
    )


def _laps(laps: Table, span: _Span) -> tuple[Lap, ...]:
    starts = laps.get("start_time") + EPOCH_S
    seconds = laps.get("elapsed_s")
    seconds = np.where(np.isnan(seconds), laps.get("timer_s"), seconds)
    metres = laps.get("distance_m")
    own = (starts >= span.start_s) & (starts < span.end_s) & (seconds >= 0)
    rows = zip(starts[own] - span.start_s, seconds[own], metres[own], strict=True)
    return tuple(
        Lap(float(s), float(d), None if np.isnan(m) else float(m)) for s, d, m in rows
    )


def _pauses(events: Table, span: _Span) -> tuple[Pause, ...]:
    """Return the times between a stop of the timer and its next start."""
    times = events.get("time") + EPOCH_S
    timer = events.get("event") == EVENT_IS_TIMER
    times[times > ordering.LATEST_S] = np.nan
    own = timer & (times >= span.start_s) & (times < span.end_s)
    pauses: list[Pause] = []
    stopped: float | None = None
    for time, kind in _pairs(times[own] - span.start_s, events.get("event_type")[own]):
        if kind in TIMER_STOPS and stopped is None:
            stopped = time
        elif kind in TIMER_STARTS and stopped is not None:
            if time > stopped:
                pauses.append(Pause(stopped, time))
            stopped = None
    return tuple(pauses)


def _pairs(times: Column, kinds: Column) -> list[tuple[float, float]]:
    order = np.argsort(times, kind="stable")
    return list(zip(times[order].tolist(), kinds[order].tolist(), strict=True))
