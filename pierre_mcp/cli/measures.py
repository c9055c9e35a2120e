"""What is known of a person, as he writes and reads it: a pace for a speed, his units.

Stored is SI throughout. Without a unit a weight is in kilograms and a pace for a
kilometre, or in pounds and for a mile where the person's units are imperial.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.model.athlete import RANGES, SEXES, Kind, plausible

Text: TypeAlias = str | None
Ftp: TypeAlias = Annotated[Text, typer.Option(help="Threshold power, W.")]
ThresholdHeartRate: TypeAlias = Annotated[Text, typer.Option(help="bpm.")]
MaxHeartRate: TypeAlias = Annotated[Text, typer.Option(help="bpm.")]
RestingHeartRate: TypeAlias = Annotated[Text, typer.Option(help="bpm.")]
ThresholdPace: TypeAlias = Annotated[
    Text, typer.Option(help="Running, as 4:10/km or 6:42/mi.")
]
ThresholdSwimPace: TypeAlias = Annotated[
    Text, typer.Option(help="For 100 m, as 1:45, or as 1:36/100yd.")
]
"""Options that take a measure, of every command that does."""

NAMES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.WEIGHT: "weight",
        Kind.FTP: "ftp",
        Kind.THRESHOLD_HEART_RATE: "threshold-heart-rate",
        Kind.MAX_HEART_RATE: "max-heart-rate",
        Kind.RESTING_HEART_RATE: "resting-heart-rate",
        Kind.THRESHOLD_SPEED: "threshold-pace",
        Kind.THRESHOLD_SWIM_SPEED: "threshold-swim-pace",
        Kind.BIRTH_YEAR: "birth-year",
        Kind.SEX: "sex",
        Kind.HEIGHT: "height",
    }
)
"""What each kind is called as an option, in the order of the options."""

_EXAMPLES: Final = MappingProxyType(
    {
        Kind.WEIGHT: "70.5kg",
        Kind.FTP: "250",
        Kind.THRESHOLD_HEART_RATE: "170",
        Kind.MAX_HEART_RATE: "190",
        Kind.RESTING_HEART_RATE: "48",
        Kind.THRESHOLD_SPEED: "4:10/km",
        Kind.THRESHOLD_SWIM_SPEED: "1:45",
        Kind.BIRTH_YEAR: "1985",
        Kind.HEIGHT: "1.78",
    }
)

_POUND_KG: Final = 0.453_592_37
_BPM: Final[Mapping[str, float]] = MappingProxyType({"bpm": 1})

_SCALES: Final[Mapping[Kind, Mapping[str, float]]] = MappingProxyType(
    {
        Kind.WEIGHT: {"kg": 1, "lb": _POUND_KG},
        Kind.FTP: {"w": 1},
        Kind.THRESHOLD_HEART_RATE: _BPM,
        Kind.MAX_HEART_RATE: _BPM,
        Kind.RESTING_HEART_RATE: _BPM,
        Kind.BIRTH_YEAR: {"": 1},
        Kind.HEIGHT: {"m": 1, "cm": 0.01},
    }
)
"""Units and what one of each is in the kind's own; the first is the usual one."""

_LENGTHS_M: Final[Mapping[Kind, Mapping[str, float]]] = MappingProxyType(
    {
        Kind.THRESHOLD_SPEED: {"/km": 1000, "/mi": 1609.344},
        Kind.THRESHOLD_SWIM_SPEED: {"/100m": 100, "/100yd": 91.44},
    }
)
"""What a pace is for, in metres."""

_IMPERIAL: Final = MappingProxyType({Kind.WEIGHT: "lb", Kind.THRESHOLD_SPEED: "/mi"})
"""The usual units where the person's are imperial."""

_NUMBER = re.compile(r"([0-9]{1,4}(?:[.,][0-9]{1,4})?) ?([a-z]*)", re.IGNORECASE)
_PACE = re.compile(r"([0-9]{1,2}):([0-5][0-9](?:[.,][0-9])?) ?(/[a-z0-9]+)?")
_DECIMALS = 4


def read(kind: Kind, text: str, units: str) -> float:
    """Return what was written of a kind, in the kind's own unit.

    Raises:
        NotTakenError: It is not of that kind, or no person has such a value.
    """
    value = _value(kind, text.strip(), units)
    if kind is Kind.BIRTH_YEAR and value is not None and value % 1:
        value = None
    if value is None or not plausible(kind, value):
        raise NotTakenError(_what_is_taken(kind, units))
    return value


def told(kind: Kind, value: float, units: str) -> str:
    """Return a value with its unit, a speed as the pace it is."""
    if kind is Kind.SEX:
        return SEXES[int(value)]
    unit = _usual(kind, units)
    if kind in _LENGTHS_M:
        minutes, seconds = divmod(round(_LENGTHS_M[kind][unit] / value), 60)
        return f"{minutes}:{seconds:02} {unit}"
    shown = round(value / _SCALES[kind][unit], 1 if unit == "lb" else _DECIMALS)
    return f"{shown:g} {unit.replace('w', 'W')}".rstrip()


def named(text: str) -> Kind:
    """Return the kind with this name of an option.

    Raises:
        NotTakenError: There is none.
    """
    for kind, name in NAMES.items():
        if name == text.removeprefix("--"):
            return kind
    msg = f"What --unset takes back is one of: {', '.join(NAMES.values())}."
    raise NotTakenError(msg)


def _value(kind: Kind, text: str, units: str) -> float | None:
    if kind is Kind.SEX:
        return float(SEXES.index(text)) if text in SEXES else None
    usual = _usual(kind, units)
    if kind in _LENGTHS_M:
        found, scales = _PACE.fullmatch(text), _LENGTHS_M[kind]
    else:
        found, scales = _NUMBER.fullmatch(text), _SCALES[kind]
    if found is None:
        return None
    *numbers, unit = found.groups()
    scale = scales.get((unit or usual).lower())
    if scale is None:
        return None
    first, *rest = (float(number.replace(",", ".")) for number in numbers)
    if not rest:
        return round(first * scale, _DECIMALS)
    seconds = 60 * first + rest[0]
    return round(scale / seconds, _DECIMALS) if seconds else None


def _usual(kind: Kind, units: str) -> str:
    first = next(iter(_LENGTHS_M.get(kind) or _SCALES[kind]))
    return _IMPERIAL.get(kind, first) if units == "imperial" else first


def _what_is_taken(kind: Kind, units: str) -> str:
    option = f"--{NAMES[kind]}"
    if kind is Kind.SEX:
        return f"{option} takes {' or '.join(SEXES)}."
    least, most = (told(kind, bound, units) for bound in RANGES[kind])
    return f"{option} takes {least} to {most}, as {option} {_EXAMPLES[kind]}."
