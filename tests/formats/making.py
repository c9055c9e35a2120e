"""Small writers of FIT, GPX and TCX, so that tests need no file of anyone's."""

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
STARTED_AT = datetime(2024, 5, 4, 6, 30, tzinfo=UTC)

ENUM, SINT8, UINT8 = 0x00, 0x01, 0x02
SINT16, UINT16, SINT32, UINT32 = 0x83, 0x84, 0x85, 0x86
STRING, FLOAT32, FLOAT64, BYTE = 0x07, 0x88, 0x89, 0x0D

_CODES = {
    ENUM: "B",
    SINT8: "b",
    UINT8: "B",
    SINT16: "h",
    UINT16: "H",
    SINT32: "i",
    UINT32: "I",
    FLOAT32: "f",
    FLOAT64: "d",
}
_SEMICIRCLES = 2**31 / 180

Columns = Mapping[str, Sequence[float] | NDArray[np.float64]]
Value = tuple[int, float | bytes]
"""A base type, and a value: a number, or raw bytes."""


def fit_time(at: datetime) -> int:
    """Return seconds since the epoch of FIT."""
    return int((at - EPOCH).total_seconds())


def crc16(data: bytes) -> int:
    """The FIT checksum, nibble by nibble, as the protocol's document writes it."""
    table = (
        *(0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401),
        *(0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400),
    )
    crc = 0
    for byte in data:
        for nibble in (byte & 0x0F, byte >> 4):
            crc = (crc >> 4) ^ table[crc & 0x0F] ^ table[nibble]
    return crc


class Fit:
    """A FIT under construction: definitions are written when a layout changes."""

    def __init__(self) -> None:
        self.body = b""
        self._layouts: dict[int, bytes] = {}

    def message(
        self,
        number: int,
        fields: Mapping[int, Value],
        *,
        local: int = 0,
        big: bool = False,
        developer: Mapping[tuple[int, int], bytes] | None = None,
        packed: int | None = None,
    ) -> "Fit":
        """Add a message; ``packed`` makes its header carry five bits of time."""
        order = ">" if big else "<"
        payloads = {n: _payload(order, *value) for n, value in fields.items()}
        layout = _layout(order, number, fields, payloads, developer or {})
        if self._layouts.get(local) != layout:
            self._layouts[local] = layout
            flag = 0x20 if developer else 0
            self.body += bytes([0x40 | flag | local]) + layout
        head = local if packed is None else 0x80 | local << 5 | packed & 0x1F
        parts = [*payloads.values(), *(developer or {}).values()]
        self.body += bytes([head]) + b"".join(parts)
        return self

    def finish(self, *, header_bytes: int = 14, header_crc: bool = True) -> bytes:
        """Return the file: header, messages, checksum."""
        head = struct.pack("<BBHI4s", header_bytes, 0x20, 2132, len(self.body), b".FIT")
        if header_bytes == 14:
            head += struct.pack("<H", crc16(head) if header_crc else 0)
        data = head + self.body
        return data + struct.pack("<H", crc16(data))


def _payload(order: str, base: int, value: float | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    code = _CODES[base]
    return struct.pack(order + code, value if code in "fd" else int(value))


def _layout(
    order: str,
    number: int,
    fields: Mapping[int, Value],
    payloads: Mapping[int, bytes],
    developer: Mapping[tuple[int, int], bytes],
) -> bytes:
    out = struct.pack(f"{order}BBHB", 0, order == ">", number, len(fields))
    out += b"".join(bytes([n, len(payloads[n]), fields[n][0]]) for n in fields)
    if developer:
        out += bytes([len(developer)])
        out += b"".join(bytes([n, len(v), i]) for (i, n), v in developer.items())
    return out


_RECORD = {
    "lat_deg": (0, SINT32, _SEMICIRCLES, 0),
    "lon_deg": (1, SINT32, _SEMICIRCLES, 0),
    "altitude_m": (2, UINT16, 5, 500),
    "heart_rate_bpm": (3, UINT8, 1, 0),
    "cadence_rpm": (4, UINT8, 1, 0),
    "distance_m": (5, UINT32, 100, 0),
    "speed_m_s": (6, UINT16, 1000, 0),
    "power_w": (7, UINT16, 1, 0),
    "temperature_c": (13, SINT8, 1, 0),
}
_INVALID = {SINT32: 2**31 - 1, UINT16: 2**16 - 1, UINT8: 255, UINT32: 2**32 - 1}
_INVALID |= {SINT8: 127}


def ride(
    samples: int = 600, *, start_deg: tuple[float, float] = (-48.9, -123.4)
) -> dict[str, NDArray[np.float64]]:
    """Return columns of a made-up ride over open sea, one sample a second."""
    t = np.arange(samples, dtype=np.float64)
    return {
        "t_s": t,
        "lat_deg": start_deg[0] + t * 5e-5,
        "lon_deg": start_deg[1] + np.sin(t / 90) * 1e-3,
        "altitude_m": np.round(50 + 20 * np.sin(t / 100), 1),
        "distance_m": t * 6.0,
        "speed_m_s": np.full(samples, 6.0),
        "heart_rate_bpm": np.round(130 + 15 * np.sin(t / 60)),
        "power_w": np.round(200 + 50 * np.sin(t / 20)),
        "cadence_rpm": np.full(samples, 85.0),
        "temperature_c": np.full(samples, 18.0),
    }


def record(
    fit: Fit, columns: Columns, i: int, start: int, *, big: bool = False
) -> None:
    """Add the record of sample ``i``."""
    fields: dict[int, Value] = {
        253: (UINT32, start + int(columns["t_s"][i])),
    }
    for name, (number, base, scale, offset) in _RECORD.items():
        if name in columns:
            value = float(columns[name][i])
            raw = (
                round((value + offset) * scale)
                if not np.isnan(value)
                else _INVALID[base]
            )
            fields[number] = (base, raw)
    fit.message(20, fields, local=3, big=big)


def begun(file_type: int = 4) -> Fit:
    """Return a FIT that says of what type it is, and nothing else yet."""
    return Fit().message(0, {0: (ENUM, file_type)})


def beat(fit: Fit, seconds: int, bpm: int = 140) -> Fit:
    """Add a record of a heart rate, so many seconds after ``STARTED_AT``."""
    at = fit_time(STARTED_AT) + seconds
    return fit.message(20, {253: (UINT32, at), 3: (UINT8, bpm)}, local=3)


def fit_activity(  # noqa: PLR0913 - a maker has a knob for each thing tested
    columns: Columns | None = None,
    *,
    started_at: datetime = STARTED_AT,
    sport: int = 2,
    sub_sport: int = 0,
    utc_offset_s: int | None = 7_200,
    totals: Mapping[int, Value] | None = None,
    file_type: int = 4,
    big: bool = False,
) -> bytes:
    """Return a whole activity: file_id, records, one lap, one session, activity."""
    columns = ride() if columns is None else columns
    start = fit_time(started_at)
    end = start + int(columns["t_s"][-1])
    length = (UINT32, (end - start) * 1000)
    fit = Fit().message(0, {0: (ENUM, file_type), 4: (UINT32, start)}, big=big)
    for i in range(len(columns["t_s"])):
        record(fit, columns, i, start, big=big)
    span: dict[int, Value] = {253: (UINT32, end), 2: (UINT32, start), 7: length}
    fit.message(19, span, local=1, big=big)
    session: dict[int, Value] = {5: (ENUM, sport), 6: (ENUM, sub_sport)}
    fit.message(18, span | session | dict(totals or {}), local=1, big=big)
    closing: dict[int, Value] = {253: (UINT32, end)}
    if utc_offset_s is not None:
        closing[5] = (UINT32, end + utc_offset_s)
    return fit.message(34, closing, local=2, big=big).finish()


def _iso(at: datetime, utc_offset_s: int | None) -> str:
    if utc_offset_s is None:
        return at.isoformat().replace("+00:00", "Z")
    return at.astimezone(timezone(timedelta(seconds=utc_offset_s))).isoformat()


def _tag(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def gpx_activity(  # noqa: PLR0913 - as above
    columns: Columns | None = None,
    *,
    started_at: datetime = STARTED_AT,
    kind: str = "cycling",
    name: str | None = "Morning ride",
    utc_offset_s: int | None = None,
    timed: bool = True,
    segments: int = 1,
) -> bytes:
    """Return a GPX of one track; its points spread over so many segments."""
    columns = ride() if columns is None else columns
    points = [
        _trkpt(columns, i, started_at, utc_offset_s, timed=timed)
        for i in range(len(columns["t_s"]))
    ]
    cut = -(-len(points) // segments) or 1
    parts = [points[i : i + cut] for i in range(0, len(points), cut)]
    body = "".join(f"<trkseg>{''.join(part)}</trkseg>" for part in parts)
    head = (_tag("name", name) if name else "") + _tag("type", kind)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk>{head}{body}</trk></gpx>"
    ).encode()


def _trkpt(
    columns: Columns, i: int, started_at: datetime, offset_s: int | None, *, timed: bool
) -> str:
    names = {"heart_rate_bpm": "hr", "cadence_rpm": "cad", "temperature_c": "atemp"}
    at = started_at + timedelta(seconds=float(columns["t_s"][i]))
    inner = _tag("ele", columns["altitude_m"][i]) if "altitude_m" in columns else ""
    inner += _tag("time", _iso(at, offset_s)) if timed else ""
    extra = "".join(
        _tag(f"gpxtpx:{tag}", columns[name][i])
        for name, tag in names.items()
        if name in columns
    )
    power = _tag("power", columns["power_w"][i]) if "power_w" in columns else ""
    lat, lon = columns["lat_deg"][i], columns["lon_deg"][i]
    return (
        f'<trkpt lat="{lat}" lon="{lon}">{inner}<extensions>{power}'
        f"<gpxtpx:TrackPointExtension>{extra}</gpxtpx:TrackPointExtension>"
        "</extensions></trkpt>"
    )


def tcx_activity(
    columns: Columns | None = None,
    *,
    started_at: datetime = STARTED_AT,
    sport: str = "Biking",
    notes: str | None = "Felt good",
    utc_offset_s: int | None = None,
) -> bytes:
    """Return a TCX of one activity with one lap."""
    columns = ride() if columns is None else columns
    points = "".join(
        _trackpoint(columns, i, started_at, utc_offset_s)
        for i in range(len(columns["t_s"]))
    )
    start = _iso(started_at, utc_offset_s)
    metres = columns["distance_m"][-1] if "distance_m" in columns else 0
    lap = (
        f'<Lap StartTime="{start}">{_tag("TotalTimeSeconds", columns["t_s"][-1])}'
        f"{_tag('DistanceMeters', metres)}{_tag('Calories', 321)}"
        f"<Track>{points}</Track></Lap>"
    )
    ending = _tag("Notes", notes) if notes else ""
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase><Activities>'
        f'<Activity Sport="{sport}">{_tag("Id", start)}{lap}{ending}</Activity>'
        "</Activities></TrainingCenterDatabase>"
    ).encode()


def _trackpoint(
    columns: Columns, i: int, started_at: datetime, offset_s: int | None
) -> str:
    at = started_at + timedelta(seconds=float(columns["t_s"][i]))
    inner = _tag("Time", _iso(at, offset_s))
    if "lat_deg" in columns:
        lat = _tag("LatitudeDegrees", columns["lat_deg"][i])
        lon = _tag("LongitudeDegrees", columns["lon_deg"][i])
        inner += f"<Position>{lat}{lon}</Position>"
    for name, tag in (
        ("altitude_m", "AltitudeMeters"),
        ("distance_m", "DistanceMeters"),
        ("cadence_rpm", "Cadence"),
    ):
        inner += _tag(tag, columns[name][i]) if name in columns else ""
    if "heart_rate_bpm" in columns:
        value = _tag("Value", int(columns["heart_rate_bpm"][i]))
        inner += f"<HeartRateBpm>{value}</HeartRateBpm>"
    if "power_w" in columns:
        tpx = _tag("ns3:Watts", columns["power_w"][i])
        inner += f"<Extensions><ns3:TPX>{tpx}</ns3:TPX></Extensions>"
    return f"<Trackpoint>{inner}</Trackpoint>"


class Writer(Protocol):
    """What ``gpx_activity`` and ``tcx_activity`` have in common."""

    def __call__(
        self, columns: Columns | None = None, *, utc_offset_s: int | None = None
    ) -> bytes:
        """Return the bytes of a file."""
        ...
