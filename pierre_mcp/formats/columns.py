"""Streams at rest: one column of samples in a few bytes each.

A packed column is, little-endian::

    | 1: version 0x01 | 1: width | 4: count | 8: step | 8: first | zlib(body) |
    body = | bitmap of the missing, if any | bytes 0 of all | bytes 1 of all | ... |

Values are counted in steps; the differences of those recorded are zig-zagged into
``width`` unsigned bytes each (the top bit of the width says that a bitmap is there) and
shuffled, so that their zeros lie together. What comes back is within half a step of
what went in, and what was missing is missing. A blob is trusted no further than its
own length.
"""

import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.model.stream_names import TIME
from pierre_mcp.model.track import Column

STEPS: Mapping[str, float] = MappingProxyType(
    {
        TIME: 0.001,
        "lat_deg": 1e-7,
        "lon_deg": 1e-7,
        "altitude_m": 0.2,
        "distance_m": 0.01,
        "speed_m_s": 0.001,
        "heart_rate_bpm": 1.0,
        "power_w": 1.0,
        "cadence_rpm": 1.0,
        "temperature_c": 1.0,
        "form_power_w": 1.0,
        "leg_spring_stiffness_kn_m": 0.01,
        "ground_contact_ms": 0.1,
        "vertical_oscillation_mm": 0.1,
        "core_temperature_c": 0.01,
        "depth_m": 0.01,
    }
)
"""The step each stream is kept in, in the unit of its name."""

MAX_COUNT = 10_000_000

_VERSION = 1
_HEADER = struct.Struct("<BBIdq")
_HAS_GAPS = 0x80
_LARGEST = 2**53
_FINEST, _COARSEST = 1e-12, 1e12
"""Steps outside are none that anything is kept in, and could overflow a value."""
_LEVEL = 6


class UnpackableColumnError(ValueError):
    """The column cannot be packed with this step."""

    def __init__(self) -> None:
        super().__init__("The column cannot be packed.")


class DamagedColumnError(ValueError):
    """A packed column was cut or altered."""

    def __init__(self) -> None:
        super().__init__("The column is damaged.")


def pack(values: Column, step: float) -> bytes:
    """Pack a column, shape (n,); NaN and infinities count as missing.

    Raises:
        UnpackableColumnError: The step is not from 1e-12 to 1e12, a value is over
            2**53 steps, or there are too many.
    """
    if not _FINEST <= step <= _COARSEST or len(values) > MAX_COUNT:
        raise UnpackableColumnError
    missing = ~np.isfinite(values)
    counts = np.rint(values[~missing] / step)
    if counts.size and np.abs(counts).max() > _LARGEST:
        raise UnpackableColumnError
    whole = counts.astype(np.int64)
    change = _zigzag(np.diff(whole))
    width = _width(change)
    gaps = np.packbits(missing).tobytes() if missing.any() else b""
    first = int(whole[0]) if whole.size else 0
    flags = width | (_HAS_GAPS if gaps else 0)
    head = _HEADER.pack(_VERSION, flags, len(values), step, first)
    return head + zlib.compress(gaps + _shuffled(change, width), _LEVEL)


def unpack(blob: bytes) -> Column:
    """Return the column of a blob, shape (n,), NaN where a sample is missing.

    Raises:
        DamagedColumnError: The blob is not one that ``pack`` made.
    """
    if len(blob) < _HEADER.size:
        raise DamagedColumnError
    version, flags, count, step, first = _HEADER.unpack_from(blob)
    width = flags & ~_HAS_GAPS
    sound = version == _VERSION and width in {1, 2, 4, 8} and count <= MAX_COUNT
    if not (sound and _FINEST <= step <= _COARSEST and abs(first) <= _LARGEST):
        raise DamagedColumnError
    gap_bytes = (count + 7) // 8 if flags & _HAS_GAPS else 0
    body = _inflated(blob[_HEADER.size :], gap_bytes + count * width)
    known = _known(body[:gap_bytes], count)
    filled = int(known.sum())
    if len(body) != gap_bytes + max(filled - 1, 0) * width:
        raise DamagedColumnError
    values = np.full(count, np.nan)
    if filled:
        values[known] = _summed(first, _unshuffled(body[gap_bytes:], width)) * step
    return values


def _summed(first: int, change: NDArray[np.int64]) -> Column:
    """Return the counts of steps, from the first and the changes after it."""
    whole = np.empty(len(change) + 1, dtype=np.int64)
    whole[0] = first
    whole[1:] = change
    return np.cumsum(whole).astype(np.float64)


def _inflated(packed: bytes, most: int) -> bytes:
    """Inflate, refusing more than ``most`` bytes, a cut stream and trailing ones."""
    inflating = zlib.decompressobj()
    try:
        body = inflating.decompress(packed, most + 1)
    except zlib.error:
        raise DamagedColumnError from None
    if not inflating.eof or inflating.unused_data:
        raise DamagedColumnError
    return body


def _known(gaps: bytes, count: int) -> NDArray[np.bool_]:
    if not gaps:
        return np.ones(count, dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(gaps, dtype=np.uint8), count=count)
    known: NDArray[np.bool_] = bits == 0
    return known


def _zigzag(change: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Map 0, -1, 1, -2, 2 and so on to 0, 1, 2, 3, 4."""
    return ((change << 1) ^ (change >> 63)).astype(np.uint64)


def _width(change: NDArray[np.uint64]) -> int:
    """Return the fewest bytes of 1, 2, 4 and 8 that hold every change."""
    most = int(change.max()) if change.size else 0
    return next(width for width in (1, 2, 4, 8) if most < 1 << 8 * width)


def _shuffled(change: NDArray[np.uint64], width: int) -> bytes:
    rows = change.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]
    return np.ascontiguousarray(rows.T).tobytes()


def _unshuffled(body: bytes, width: int) -> NDArray[np.int64]:
    planes = np.frombuffer(body, dtype=np.uint8).reshape(width, -1)
    wide = np.zeros((planes.shape[1], 8), dtype=np.uint8)
    wide[:, :width] = planes.T
    zigzag = wide.view("<u8")[:, 0]
    half: NDArray[np.int64] = (zigzag >> np.uint64(1)).astype(np.int64)
    return half ^ -(zigzag & np.uint64(1)).astype(np.int64)
