"""FIT in, tracks out.

A file may be several FITs in a row, each a header, messages and a checksum::

    | size | version | profile (2) | data size (4) | ".FIT" | [crc (2)]
    | data | crc (2) |

Whatever is damaged, what the scan reached is kept and a word in ``repairs`` says what
was wrong. A FIT that is not of type activity is refused before its messages are
gathered; a broken one beside a sound one costs only itself. Heart rates that a strap
stored are a FIT of their own behind the activity, so they are read before any track.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pierre_mcp.formats import fit_scan
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_beats import beats
from pierre_mcp.formats.fit_crc import crc16
from pierre_mcp.formats.fit_messages import FILE_ID, FILE_IS_ACTIVITY
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import table
from pierre_mcp.formats.fit_tracks import tracks_of
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Track

MAGIC = b".FIT"
HEADER_BYTES = 12


@dataclass(frozen=True, slots=True)
class _Part:
    """One FIT of a chain: where its messages lie, and what is wrong around them."""

    start: int
    end: int
    next_at: int
    repairs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """One FIT of a chain, scanned and not refused."""

    start: int
    scan: Scan
    repairs: tuple[str, ...]


def is_fit(data: bytes) -> bool:
    """Tell whether these bytes begin as a FIT."""
    return data[8:HEADER_BYTES] == MAGIC


def read_fit(data: bytes, limits: Limits) -> list[Track]:
    """Return the activities of a file.

    Raises:
        UnreadableError: No part of it held one; the reason is the first part's.
    """
    tracks: list[Track] = []
    faults: dict[int, UnreadableError] = {}
    fits = _chain(data, faults, limits)
    later = beats([fit.scan for fit in fits], limits)
    for fit in fits:
        try:
            tracks += tracks_of(fit.scan, later, fit.repairs, limits)
        except UnreadableError as fault:
            faults[fit.start] = fault
        if len(tracks) + len(faults) > limits.tracks:
            raise UnreadableError(Reason.LIMITS)
    if not tracks:
        raise faults[min(faults)] if faults else UnreadableError(Reason.BROKEN_HEADER)
    return tracks


def _chain(
    data: bytes, faults: dict[int, UnreadableError], limits: Limits
) -> list[_Fit]:
    """Scan every FIT of a file; note by its start what is wrong with one refused."""
    fits: list[_Fit] = []
    messages = 0
    for part in _parts(data):
        try:
            fits.append(_opened(data, part))
            messages += fits[-1].scan.size
        except UnreadableError as fault:
            faults[part.start] = fault
        if len(fits) + len(faults) > limits.tracks or messages > fit_scan.MAX_MESSAGES:
            raise UnreadableError(Reason.LIMITS)
    return fits


def _opened(data: bytes, part: _Part) -> _Fit:
    """Scan a FIT, unless it is not of type activity."""
    scan = Scan(data, part.start, part.end)
    kind = table(scan, FILE_ID).first("type")
    if kind not in {None, FILE_IS_ACTIVITY}:
        raise UnreadableError(Reason.NOT_AN_ACTIVITY)
    repairs = [*part.repairs, *scan.repairs]
    if kind is None:
        repairs.append("no_file_id")
    return _Fit(part.start, scan, tuple(dict.fromkeys(repairs)))


def _parts(data: bytes) -> Iterator[_Part]:
    at = 0
    while is_fit(data[at : at + HEADER_BYTES]):
        part = _part(data, at)
        yield part
        at = part.next_at


def _part(data: bytes, at: int) -> _Part:
    start = at + max(data[at], HEADER_BYTES)
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    end = min(start + size, len(data))
    repairs = list(_header_repairs(data[at:start]))
    if size == 0 and not is_fit(data[start + 2 : start + 2 + HEADER_BYTES]):
        # The device died before it could write the size: read to the end.
        repairs.append("no_size")
        end = len(data)
    elif start + size + 2 > len(data):
        repairs.append("truncated")
    elif crc16(data[at:end]) != int.from_bytes(data[end : end + 2], "little"):
        repairs.append("bad_crc")
    following = end + 2
    if following < len(data) and not is_fit(data[following : following + HEADER_BYTES]):
        repairs.append("trailing_bytes")
    return _Part(start, end, following, tuple(repairs))


def _header_repairs(header: bytes) -> Iterator[str]:
    stored = int.from_bytes(header[12:14], "little")
    if len(header) == 14 and stored not in {0, crc16(header[:12])}:
        yield "bad_header_crc"
