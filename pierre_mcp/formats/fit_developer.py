"""Developer fields that are known metrics: what a foot pod, an erg or an app adds.

A field description names a field, its unit and its base type, and may name the field
of the profile that it stands for. It is taken for a column by that number, else by its
name; then its unit must be one that the column is told in. Nothing else is kept.

Such a column is called ``developer_<column>`` until the samples are made, where it
counts only if the device itself has no value of that column: two meters in one column
would be neither.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pierre_mcp.formats.fit_messages import (
    FIELD_DESCRIPTION,
    FIELDS,
    RECORD,
    Spec,
)
from pierre_mcp.formats.fit_scan import Field, Scan

PREFIX = "developer_"

_WATTS = {"w": 1.0, "watt": 1.0, "watts": 1.0}
_METRES = {"m": 1.0, "meter": 1.0, "meters": 1.0, "metres": 1.0}
_MILLISECONDS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0}
_BARE = {"": 1.0}

UNITS: Mapping[str, Mapping[str, float]] = {
    "power_w": _WATTS | _BARE,
    "heart_rate_bpm": {"bpm": 1.0} | _BARE,
    "cadence_rpm": {"rpm": 1.0, "spm": 1.0, "strides/min": 1.0} | _BARE,
    "distance_m": _METRES | {"km": 1000.0},
    "speed_m_s": {"m/s": 1.0, "km/h": 1 / 3.6},
    "altitude_m": _METRES,
    "form_power_w": _WATTS,
    "leg_spring_stiffness_kn_m": {"kn/m": 1.0},
    "ground_contact_ms": _MILLISECONDS,
    "vertical_oscillation_mm": {"mm": 1.0, "cm": 10.0, "centimeters": 10.0},
    "core_temperature_c": {"c": 1.0, "°c": 1.0, "celsius": 1.0},
    "depth_m": _METRES,
}
"""For each column, the units it is told in, and how much of its own one of them is."""

NAMES: Mapping[str, str] = {
    "power": "power_w",
    "heart rate": "heart_rate_bpm",
    "stroke rate": "cadence_rpm",
    "distance": "distance_m",
    "speed": "speed_m_s",
    "elevation": "altitude_m",
    "form power": "form_power_w",
    "leg spring stiffness": "leg_spring_stiffness_kn_m",
    "ground time": "ground_contact_ms",
    "vertical oscillation": "vertical_oscillation_mm",
    "core temperature": "core_temperature_c",
    "depth": "depth_m",
}
"""Names seen in files of Stryd, ErgData, diving apps and core temperature sensors."""

_INDEX, _NUMBER, _BASE, _NAME, _SCALE, _OFFSET, _UNITS, _MESSAGE, _NATIVE = (
    *(0, 1, 2, 3, 6, 7, 8),
    *(14, 15),
)
_NO_MESSAGE, _NO_BYTE, _NO_OFFSET = 0xFFFF, 0xFF, 0x7F


class _Described(NamedTuple):
    """A field description as stored."""

    key: tuple[int, int]
    base: int
    name: str
    units: str
    message: int
    native: int
    scale: int
    offset: int


def metrics(scan: Scan) -> Mapping[tuple[int, int], Spec]:
    """Return the record fields that are kept, by developer index and number."""
    out: dict[tuple[int, int], Spec] = {}
    for group in scan.of(FIELD_DESCRIPTION):
        fields = {field.number: field for field in group.fields()}
        for at in group.at:
            told = _told(scan.data, at, fields, group.order)
            spec = _spec(told)
            if spec is not None and told.message in {RECORD, _NO_MESSAGE}:
                out[told.key] = spec
    return out


def _told(data: bytes, at: int, fields: Mapping[int, Field], order: str) -> _Described:
    def raw(number: int) -> bytes:
        field = fields.get(number)
        return b"" if field is None else data[at + field.offset :][: field.size]

    def number(number: int, missing: int) -> int:
        found = raw(number)
        if not found:
            return missing
        return int.from_bytes(found, "big" if order == ">" else "little")

    def text(number: int) -> str:
        plain = raw(number).partition(b"\0")[0].decode(errors="replace")
        return plain.strip().lower().replace("_", " ")

    return _Described(
        key=(number(_INDEX, _NO_BYTE), number(_NUMBER, _NO_BYTE)),
        base=number(_BASE, _NO_BYTE),
        name=text(_NAME),
        units=text(_UNITS),
        message=number(_MESSAGE, _NO_MESSAGE),
        native=number(_NATIVE, _NO_BYTE),
        scale=number(_SCALE, _NO_BYTE),
        offset=number(_OFFSET, _NO_OFFSET),
    )


def _spec(told: _Described) -> Spec | None:
    """Return how to read a described field, if it is a metric we know."""
    native = FIELDS[RECORD].get(told.native)
    column = native.name.removeprefix("enhanced_") if native else None
    if column not in UNITS:
        column = NAMES.get(told.name)
    if column is None or told.units not in UNITS[column]:
        return None
    scale = told.scale if told.scale not in {0, _NO_BYTE} else 1
    offset = (told.offset ^ 0x80) - 0x80 if told.offset != _NO_OFFSET else 0
    factor = UNITS[column][told.units]
    # A scaled value is raw / scale - offset, in the field's own unit.
    return Spec(PREFIX + column, scale / factor, offset * factor, told.base)
