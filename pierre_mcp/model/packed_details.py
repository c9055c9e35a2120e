"""Details in packed form: curves, best times and histograms lie at fixed places.

In bytes, little-endian::

    | 1: version 1 | 1: flags | 2: first bin | 2: bins | 4: length of tail |
    | float64 x 49: curve | float64 x 21: best times | uint32 x bins | tail: JSON |

NaN stands for what was not reached. Flag bit 0: there is a histogram. The tail is a
JSON object of every other field that is not at its default, such as laps. Details of
heart rate and power have no best times: theirs are NaN.

A question over thousands of activities (a power curve of ten years, load by heart rate)
joins the fixed parts and reads them as one array, without looking at the rest.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import isfinite, nan
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import from_json

from pierre_mcp.late import Late
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    Detail,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = Late("numpy")

VERSION: Final = 0x01


class _Names(NamedTuple):
    curve: str
    histogram: str


_NAMES: Final[Mapping[type[Detail], _Names]] = MappingProxyType(
    {
        ActivityDetail: _Names("mean_max_speed_m_s", "speed"),
        HeartRateDetail: _Names("mean_max_bpm", "bpm"),
        PowerDetail: _Names("mean_max_power_w", "power"),
    }
)
_BEST: Final = "best_s"
_HISTOGRAM: Final = 1
_CURVE, _BESTS = len(DURATIONS_S), len(DISTANCES_M)
_FIXED: Final = struct.Struct(f"<BBHHI{_CURVE + _BESTS}d")
_BIN: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class DetailColumns:
    """Details of many activities by column.

    Attributes:
        mean_max: Along ``DURATIONS_S``, shape (n, 49); NaN where not reached.
        best_s: Along ``DISTANCES_M``, shape (n, 21); NaN likewise.
        first: The first bin of each histogram, shape (n,).
        bins: How many it has, shape (n,); zero where histograms are not asked for.
        seconds: The bins of all histograms, one after another, shape (sum of bins,).
    """

    mean_max: "NDArray[np.float64]"
    best_s: "NDArray[np.float64]"
    first: "NDArray[np.int64]"
    bins: "NDArray[np.int64]"
    seconds: "NDArray[np.float64]"

    def taken(self, rows: "NDArray[np.int64]") -> "DetailColumns":
        """Return the details of these activities, in this order."""
        begins = (np.cumsum(self.bins) - self.bins)[rows]
        bins = self.bins[rows]
        ends = np.cumsum(bins)
        places = np.arange(bins.sum()) + np.repeat(begins - (ends - bins), bins)
        return DetailColumns(
            self.mean_max[rows],
            self.best_s[rows],
            self.first[rows],
            bins,
            self.seconds[places],
        )


def pack(detail: Detail) -> bytes:
    """Return the bytes of a detail."""
    names = _NAMES[type(detail)]
    curve, held = getattr(detail, names.curve), getattr(detail, names.histogram)
    best = getattr(detail, _BEST, ())
    tail = detail.model_dump_json(exclude={*names, _BEST}, exclude_defaults=True)
    flags = 0 if held is None else _HISTOGRAM
    first, seconds = (0, ()) if held is None else (held.first, held.seconds)
    fixed = _FIXED.pack(
        VERSION, flags, first, len(seconds), len(tail.encode()),
        *_padded(curve, _CURVE), *_padded(best, _BESTS),
    )  # fmt: skip
    return fixed + struct.pack(f"<{len(seconds)}I", *seconds) + tail.encode()


def unpack(kind: type[Detail], plain: bytes) -> Detail:
    """Return a detail, checked against its model again.

    Raises:
        ValueError: It is cut, too long, of a version not known here, or not valid.
    """
    if len(plain) < _FIXED.size:
        msg = "a packed detail is cut"
        raise ValueError(msg)
    version, flags, first, bins, tail, *numbers = _FIXED.unpack_from(plain)
    end = _FIXED.size + bins * _BIN
    if version != VERSION or len(plain) != end + tail:
        msg = "a packed detail is of no known form"
        raise ValueError(msg)
    names = _NAMES[kind]
    fields: dict[str, Any] = from_json(plain[end:])
    fields[names.curve] = tuple(takewhile(isfinite, numbers[:_CURVE]))
    if _BEST in kind.model_fields:
        fields[_BEST] = tuple(takewhile(isfinite, numbers[_CURVE:]))
    if flags & _HISTOGRAM:
        seconds = struct.unpack_from(f"<{bins}I", plain, _FIXED.size)
        fields[names.histogram] = Histogram(first=first, seconds=seconds)
    return kind.model_validate(fields)


def columns(
    plains: Sequence[bytes | None], *, histograms: bool = True
) -> DetailColumns:
    """Return many packed details by column; None stands for one there is not.

    Args:
        plains: Each detail, packed.
        histograms: False: leave them empty, which takes a fraction of the time.

    Raises:
        ValueError: One is cut, or of a version not known here.
    """
    there = [b"" if plain is None else plain for plain in plains]
    together = b"".join([plain[: _FIXED.size] or _NOTHING for plain in there])
    if len(together) != len(there) * _FIXED.size:
        msg = "a packed detail is cut"
        raise ValueError(msg)
    found = np.frombuffer(together, np.dtype(_FIELDS))
    if (found["version"] != VERSION).any():
        msg = "a packed detail is of no known form"
        raise ValueError(msg)
    bins = found["bins"].astype(np.int64) * histograms
    return DetailColumns(
        found["mean_max"],
        found["best_s"],
        found["first"].astype(np.int64),
        bins,
        _seconds(there, bins) if histograms else np.empty(0),
    )


def _seconds(
    plains: Sequence[bytes], bins: "NDArray[np.int64]"
) -> "NDArray[np.float64]":
    """Return the bins of all histograms, joined."""
    pairs = zip(plains, (_FIXED.size + bins * _BIN).tolist(), strict=True)
    joined = b"".join([plain[_FIXED.size : end] for plain, end in pairs])
    if len(joined) != bins.sum() * _BIN:
        msg = "a packed detail is cut"
        raise ValueError(msg)
    return np.frombuffer(joined, "<u4").astype(np.float64)


_FIELDS: Final = [
    ("version", "u1"),
    ("flags", "u1"),
    ("first", "<u2"),
    ("bins", "<u2"),
    ("tail", "<u4"),
    ("mean_max", "<f8", (_CURVE,)),
    ("best_s", "<f8", (_BESTS,)),
]
_NOTHING: Final = _FIXED.pack(VERSION, 0, 0, 0, 0, *[nan] * (_CURVE + _BESTS))


def _padded(values: Sequence[float], count: int) -> list[float]:
    return [*values, *[nan] * (count - len(values))]
