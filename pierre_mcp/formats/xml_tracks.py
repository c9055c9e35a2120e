"""A streaming XML reader for tracks: expat, fed in chunks, trusting nothing.

Names are matched by their local part, so prefixes may be undeclared. Any entity
declaration ends the reading (no expansion, no external file), and so does an element
nested too deep or a text too long. White space and a byte order mark before ``<?xml``
are let go. A file that breaks off gives what came before it, with the repair
``truncated``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Protocol
from xml.parsers import expat

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.streams import Readable
from pierre_mcp.model.track import Track

_CHUNK_BYTES = 65_536
_BOM = b"\xef\xbb\xbf"


class Sink(Protocol):
    """What takes in the elements of one kind of document."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Take in the start of an element, by local name."""
        ...

    def end(self, name: str, parent: str, text: str) -> None:
        """Take in the end of an element, with the text that stood in it."""
        ...

    def tracks(self, *, broken: bool) -> list[Track]:
        """Return what was read; ``broken`` where the document broke off."""
        ...


def read_xml(
    stream: Readable, sinks: Mapping[str, Callable[[Limits], Sink]], limits: Limits
) -> list[Track]:
    """Read a document into the sink for its root element.

    Raises:
        UnreadableError: Nothing could be read, or a bound was passed.
    """
    reader = _Reader(sinks, limits)
    broken = reader.feed(_chunks(stream))
    if reader.sink is None:
        raise UnreadableError(
            Reason.BROKEN_XML if reader.begun else Reason.NOT_A_KNOWN_FORMAT
        )
    return _outcome(reader.sink, broken=broken)


def _outcome(sink: Sink, *, broken: bool) -> list[Track]:
    try:
        return sink.tracks(broken=broken)
    except UnreadableError:
        # What is missing may be in the part that was lost.
        if broken:
            raise UnreadableError(Reason.BROKEN_XML) from None
        raise


def _chunks(stream: Readable) -> Iterator[bytes]:
    """Give the document from its first character on."""
    first = b""
    while not first and (chunk := stream.read(_CHUNK_BYTES)):
        first = chunk.lstrip().removeprefix(_BOM).lstrip()
    while first:
        yield first
        first = stream.read(_CHUNK_BYTES)


class _Reader:
    """Expat's callbacks, with the path to the element at hand."""

    def __init__(
        self, sinks: Mapping[str, Callable[[Limits], Sink]], limits: Limits
    ) -> None:
        self.sink: Sink | None = None
        self.begun = False
        self._sinks = sinks
        self._limits = limits
        self._path = [""]
        self._text: list[str] = []
        self._chars = 0
        self._locals: dict[str, str] = {}
        self._expat = self._parser()

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = _refuse
        parser.ExternalEntityRefHandler = _refuse
        parser.UnparsedEntityDeclHandler = _refuse
        return parser

    def feed(self, chunks: Iterator[bytes]) -> bool:
        """Feed all chunks; tell whether the document is broken."""
        try:
            for chunk in chunks:
                self.begun = self.begun or chunk.startswith(b"<")
                self._expat.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
            self._expat.Parse(b"", True)  # noqa: FBT003
        except (expat.ExpatError, ValueError, LookupError):
            # An unknown or lying encoding is a ValueError or a LookupError.
            return True
        return False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._locals.get(name)
        if local is None:
            local = name.rpartition(":")[2]
            if len(self._locals) < 1_000:
                self._locals[name] = local
        if self.sink is None:
            self._choose(local)
        if len(self._path) > self._limits.depth:
            raise UnreadableError(Reason.TOO_DEEP)
        self._path.append(local)
        self._text.clear()
        self._chars = 0
        if self.sink is not None:
            self.sink.start(local, attributes)

    def _choose(self, root: str) -> None:
        make = self._sinks.get(root)
        if make is None:
            raise UnreadableError(Reason.NOT_A_KNOWN_FORMAT)
        self.sink = make(self._limits)

    def _end(self, _name: str) -> None:
        local = self._path.pop()
        if self.sink is not None:
            self.sink.end(local, self._path[-1], "".join(self._text).strip())
        self._text.clear()
        self._chars = 0

    def _characters(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > self._limits.text_chars:
            raise UnreadableError(Reason.TOO_LARGE)
        self._text.append(text)


def _refuse(*_: Any) -> NoReturn:
    raise UnreadableError(Reason.ENTITY_REFUSED)
