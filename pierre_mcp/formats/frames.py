"""Frames between a parser worker and its parent: JSON and raw columns, never pickle.

A frame is::

    | 4: length of header, LE | header: JSON object | columns: float64, LE, one by one |

The header names its columns in ``columns`` and gives their length in ``samples``;
both may be absent where there are none. The reader believes nothing: every length is
capped before a byte of it is read.
"""

import json
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn

import numpy as np

from pierre_mcp.formats.streams import Readable
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.model.track import Column

MAX_HEADER_BYTES = 4 * 1024 * 1024
MAX_SAMPLES = 2_000_000

_LENGTH = struct.Struct("<I")


class BrokenFrameError(ValueError):
    """What came over the wire is no frame."""

    def __init__(self) -> None:
        super().__init__("The frame is broken.")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message.

    Attributes:
        header: A JSON object, without ``columns`` and ``samples``.
        columns: Known stream names, each of shape (samples,).
    """

    header: Mapping[str, Any]
    columns: Mapping[str, Column] = field(default_factory=dict)


def write_frame(writer: BinaryIO, frame: Frame) -> None:
    """Write a frame and flush it.

    Raises:
        BrokenFrameError: It is larger than a reader would take.
    """
    header = dict(frame.header)
    if frame.columns:
        header["columns"] = list(frame.columns)
        header["samples"] = len(next(iter(frame.columns.values())))
    encoded = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    if len(encoded) > MAX_HEADER_BYTES:
        raise BrokenFrameError
    writer.write(_LENGTH.pack(len(encoded)) + encoded)
    writer.writelines(
        np.ascontiguousarray(column, dtype="<f8").tobytes()
        for column in frame.columns.values()
    )
    writer.flush()


def read_frame(reader: Readable) -> Frame | None:
    """Read a frame; None where the stream ends before it begins.

    Raises:
        BrokenFrameError: It is cut short, too large, or not laid out as a frame.
    """
    prefix = reader.read(_LENGTH.size)
    if not prefix:
        return None
    header = _header(reader, prefix)
    names = header.pop("columns", [])
    samples = header.pop("samples", 0)
    _check(names, samples)
    columns = {name: _column(reader, samples) for name in names}
    return Frame(header, columns)


def _header(reader: Readable, prefix: bytes) -> dict[str, Any]:
    if len(prefix) != _LENGTH.size:
        raise BrokenFrameError
    (length,) = _LENGTH.unpack(prefix)
    if length > MAX_HEADER_BYTES:
        raise BrokenFrameError
    try:
        header = json.loads(_exactly(reader, length), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BrokenFrameError from None
    if not isinstance(header, dict):
        raise BrokenFrameError
    return header


def _check(names: Any, samples: Any) -> None:
    """Refuse columns that are not known, named twice, or too long."""
    if not isinstance(names, list) or len(names) > len(STREAMS):
        raise BrokenFrameError
    known = all(isinstance(name, str) and name in STREAMS for name in names)
    if not known or len(set(names)) != len(names):
        raise BrokenFrameError
    if type(samples) is not int or not 0 <= samples <= MAX_SAMPLES:
        raise BrokenFrameError


def _column(reader: Readable, samples: int) -> Column:
    column = np.frombuffer(_exactly(reader, 8 * samples), dtype="<f8")
    return column.astype(np.float64, copy=sys.byteorder != "little")


def _exactly(reader: Readable, size: int) -> bytes:
    data = reader.read(size)
    if len(data) != size:
        raise BrokenFrameError
    return data


def _refuse(_constant: str) -> NoReturn:
    raise BrokenFrameError
