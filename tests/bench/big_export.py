"""A big Strava export, made up: whole years of an athlete who never rests.

A few dozen rides and runs of the synthetic athlete are drawn at 1 Hz; every FIT is one
of them at another time, its timestamps and its checksum written anew, every GPX and TCX
one of them on another day. Each file is as long and as noisy as a recorder's, and all
differ.
"""

import gzip
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.formats.fit_crc import crc16
from pierre_mcp.model.category import Sport
from pierre_mcp.services.athlete_plan import Kind, Session
from pierre_mcp.services.athlete_tracks import track_of
from tests.formats.exporting import Row, export
from tests.formats.making import (
    ENUM,
    STARTED_AT,
    UINT32,
    Columns,
    Fit,
    Value,
    fit_time,
    gpx_activity,
    record,
    tcx_activity,
)

FIT_PART, GPX_PART, TCX_PART = 0.90, 0.04, 0.04
"""Of the activities; the rest are rows without a file."""
COPY_PART = 0.03
"""So many rides also came as a GPX from a second device."""
_PLAIN_PART = 0.1
_LAYOUT = np.dtype(
    [
        ("head", "u1"), ("time", "<u4"), ("lat", "<i4"), ("lon", "<i4"),
        ("altitude", "<u2"), ("bpm", "u1"), ("cadence", "u1"), ("distance", "<u4"),
        ("speed", "<u2"), ("power", "<u2"), ("temperature", "i1"),
    ]
)  # fmt: skip
_ORDER = (
    "lat_deg", "lon_deg", "altitude_m", "heart_rate_bpm", "cadence_rpm",
    "distance_m", "speed_m_s", "power_w", "temperature_c",
)  # fmt: skip


@dataclass(frozen=True)
class Big:
    """What was made.

    Attributes:
        entries: Rows of its table.
        fits: The FIT files in it, and ``fit_bytes`` they are, unzipped.
    """

    path: Path
    entries: int
    fits: int
    fit_bytes: int


def columns_of(index: int, minutes: float) -> dict[str, NDArray[np.float64]]:
    """Return the streams of one activity at 1 Hz, no sample of which is missing."""
    rng = np.random.default_rng([7, index])
    kind = (Kind.EASY, Kind.TEMPO, Kind.INTERVALS)[index % 3]
    session = Session(
        index, Sport.CYCLING, kind, STARTED_AT, minutes, 0.9, indoor=False,
        source="strava", name="", description=None,
    )  # fmt: skip
    track = track_of(11, session).columns
    t = np.arange(0.0, 60 * minutes)
    drawn = {name: np.interp(t, track["t_s"], track[name]) for name in _ORDER[:3]}
    fallback = {"heart_rate_bpm": 140.0, "power_w": 200.0}
    for name in _ORDER[3:]:
        column = track.get(name, np.full(len(track["t_s"]), fallback.get(name, 0.0)))
        column = np.where(np.isnan(column), fallback.get(name, 0.0), column)
        drawn[name] = np.interp(t, track["t_s"], column)
    power = drawn["power_w"] * (1 + rng.standard_normal(len(t)) * 0.12)
    drawn["power_w"] = np.rint(np.clip(power, 0, 1_500))
    drawn["speed_m_s"] *= 1 + rng.standard_normal(len(t)) * 0.01
    for name in ("heart_rate_bpm", "cadence_rpm", "temperature_c"):
        drawn[name] = np.rint(drawn[name])
    return {"t_s": t, **drawn}


class Template:
    """A FIT to be written at any time: all records, and what goes before and after."""

    def __init__(self, columns: Columns) -> None:
        self._length = len(columns["t_s"])
        first = Fit()
        record(first, {"t_s": columns["t_s"], **{n: columns[n] for n in _ORDER}}, 0, 0)
        self._definition = first.body[: -_LAYOUT.itemsize]
        records = np.zeros(self._length, dtype=_LAYOUT)
        records["head"] = 3
        scaled = (
            ("lat", "lat_deg", 2**31 / 180, 0), ("lon", "lon_deg", 2**31 / 180, 0),
            ("altitude", "altitude_m", 5, 500), ("bpm", "heart_rate_bpm", 1, 0),
            ("cadence", "cadence_rpm", 1, 0), ("distance", "distance_m", 100, 0),
            ("speed", "speed_m_s", 1_000, 0), ("power", "power_w", 1, 0),
            ("temperature", "temperature_c", 1, 0),
        )  # fmt: skip
        for field, name, scale, offset in scaled:
            records[field] = np.rint((np.asarray(columns[name]) + offset) * scale)
        self._records = records

    def at(self, when: datetime, sport: int) -> bytes:
        """Return the file of it that begins then."""
        start = fit_time(when)
        end = start + self._length - 1
        self._records["time"] = start + np.arange(self._length)
        begun = Fit().message(0, {0: (ENUM, 4), 4: (UINT32, start)})
        span: dict[int, Value] = {253: (UINT32, end), 2: (UINT32, start)}
        span[7] = (UINT32, (end - start) * 1_000)
        ended = Fit().message(19, span, local=1)
        ended.message(18, {5: (ENUM, sport), 6: (ENUM, 0), **span}, local=1)
        closing: dict[int, Value] = {253: (UINT32, end), 5: (UINT32, end + 7_200)}
        ended.message(34, closing, local=2)
        parts = (begun.body, self._definition, self._records.tobytes(), ended.body)
        body = b"".join(parts)
        head = b"\x0e\x20" + (2132).to_bytes(2, "little")
        head += len(body).to_bytes(4, "little") + b".FIT"
        data = head + crc16(head).to_bytes(2, "little") + body
        return data + crc16(data).to_bytes(2, "little")


def make(path: Path, activities: int, *, seed: int = 1, shortest: float = 20) -> Big:
    """Write the export of so many activities, 20 to 120 minutes each, to a zip."""
    drawn = np.random.default_rng(seed)
    count = min(48, activities)
    lengths = np.linspace(shortest, 6 * shortest, count)
    every = [columns_of(i, round(length)) for i, length in enumerate(lengths)]
    templates = [Template(columns) for columns in every]
    texts = [
        (gpx_activity(c, started_at=STARTED_AT), tcx_activity(c, started_at=STARTED_AT))
        for c in every[:: max(1, count // 12)]
    ]
    rows: list[Row] = []
    fits = fit_bytes = 0
    with zipfile.ZipFile(path, "w") as archive:
        for number, day in enumerate(_days(activities), 1):
            what, template = drawn.random(), templates[drawn.integers(len(templates))]
            gpx, tcx = texts[drawn.integers(len(texts))]
            date, was = f"{day:%Y-%m-%d}".encode(), f"{STARTED_AT:%Y-%m-%d}".encode()
            if what < FIT_PART:
                name, data = "fit", template.at(day, int(drawn.integers(1, 3)))
                fits, fit_bytes = fits + 1, fit_bytes + len(data)
            elif what < FIT_PART + GPX_PART:
                name, data = "gpx", gpx.replace(was, date)
            elif what < FIT_PART + GPX_PART + TCX_PART:
                name, data = "tcx", tcx.replace(was, date)
            else:
                rows.append(Row(number, "", day, f"By hand {number}"))
                continue
            kind = "Run" if drawn.random() < 0.5 else "Ride"
            rows.append(_filed(archive, drawn, number, day, name, data, kind))
            if drawn.random() < COPY_PART:
                copy = gzip.compress(data, 1, mtime=1)
                file = f"activities/copy{number}.{name}.gz"
                archive.writestr(file, copy)
                rows.append(Row(activities + number, file, day, "A copy", kind=kind))
        for name, data in export(rows, {}).items():
            archive.writestr(name, data, zipfile.ZIP_DEFLATED)
    return Big(path, len(rows), fits, fit_bytes)


def _filed(  # noqa: PLR0913, PLR0917 - one row is this much
    archive: zipfile.ZipFile,
    drawn: np.random.Generator,
    number: int,
    day: datetime,
    name: str,
    data: bytes,
    kind: str,
) -> Row:
    file = f"activities/{number}.{name}"
    if drawn.random() > _PLAIN_PART:
        file, data = file + ".gz", gzip.compress(data, 1, mtime=0)
    method = zipfile.ZIP_STORED if file.endswith(".gz") else zipfile.ZIP_DEFLATED
    archive.writestr(file, data, method)
    return Row(number, file, day, f"Activity {number}", kind=kind, gear="Silver")


def _days(count: int) -> Iterator[datetime]:
    """Give when each begins: two of three days have one at least, some have two."""
    for number in range(count):
        yield STARTED_AT - timedelta(days=number // 2, hours=9 * (number % 2))


def fit_files(path: Path, count: int) -> list[bytes]:
    """Return so many of its FIT files, unzipped, from all over it."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if ".fit" in n]
        chosen = names[:: max(1, len(names) // count)][:count]
        held = [archive.read(name) for name in chosen]
    return [gzip.decompress(d) if d[:2] == b"\x1f\x8b" else d for d in held]
