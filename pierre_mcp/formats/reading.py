"""Bytes in, tracks out, whatever the format: told by content, never by name.

A gzip is opened on the way, bounded by size and by ratio; a gzip in a gzip is not.
"""

from collections.abc import Callable, Mapping

from pierre_mcp.formats import gpx, tcx
from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_chain import HEADER_BYTES, is_fit
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.streams import Bounded, Gunzip, Readable, Rewound
from pierre_mcp.formats.xml_tracks import Sink, read_xml
from pierre_mcp.model.track import Track

_GZIP = b"\x1f\x8b"
_SINKS: Mapping[str, Callable[[Limits], Sink]] = {
    gpx.ROOT: gpx.GpxSink,
    tcx.ROOT: tcx.TcxSink,
}


def read_tracks(stream: Readable, limits: Limits) -> list[Track]:
    """Return the activities of a file, one or more.

    Args:
        stream: Read from where it stands, once, forward only.
        limits: What the file may ask for.

    Raises:
        UnreadableError: There is no activity to be had; its reason says why.
    """
    bounded = Bounded(stream, limits.file_bytes)
    head = bounded.read(HEADER_BYTES)
    opened = Rewound(head, bounded)
    if head.startswith(_GZIP):
        inside = Gunzip(opened, limits)
        head = inside.read(HEADER_BYTES)
        if not head:
            raise UnreadableError(Reason.BROKEN_GZIP)
        opened = Rewound(head, inside)
    if not head:
        raise UnreadableError(Reason.EMPTY)
    if is_fit(head):
        return read_fit(_whole(opened, limits), limits)
    return read_xml(opened, _SINKS, limits)


def _whole(stream: Readable, limits: Limits) -> bytes:
    data = stream.read(limits.fit_bytes + 1)
    if len(data) > limits.fit_bytes:
        raise UnreadableError(Reason.TOO_LARGE)
    return data
