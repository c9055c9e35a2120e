"""FIT in, tracks out.

Whatever is damaged, what the scan reached is kept and a word in ``repairs`` says what
was wrong. A FIT that is not of type activity is refused before its messages are
gathered; a broken one beside a sound one costs only itself. Heart rates that a strap
stored are a FIT of their own behind the activity, so they are read before any track.
"""

from dataclasses import dataclass

from pierre_mcp.formats import fit_scan
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_beats import beats
from pierre_mcp.formats.fit_chain import Part, parts
from pierre_mcp.formats.fit_messages import FILE_ID, FILE_IS_ACTIVITY
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import table
from pierre_mcp.formats.fit_tracks import tracks_of
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.track import Track


@dataclass(frozen=True, slots=True)
class _Fit:
    """One FIT of a chain, scanned and not refused."""

    start: int
    scan: Scan
    repairs: tuple[str, ...]


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
    for part in parts(data):
        try:
            fits.append(_opened(data, part))
            messages += fits[-1].scan.size
        except UnreadableError as fault:
            faults[part.start] = fault
        if len(fits) + len(faults) > limits.tracks or messages > fit_scan.MAX_MESSAGES:
            raise UnreadableError(Reason.LIMITS)
    return fits


def _opened(data: bytes, part: Part) -> _Fit:
    """Scan a FIT, unless it is not of type activity."""
    scan = Scan(data, part.body, part.end)
    kind = table(scan, FILE_ID).first("type")
    if kind not in {None, FILE_IS_ACTIVITY}:
        raise UnreadableError(Reason.NOT_AN_ACTIVITY)
    repairs = [*part.repairs, *scan.repairs]
    if kind is None:
        repairs.append("no_file_id")
    return _Fit(part.start, scan, tuple(dict.fromkeys(repairs)))
