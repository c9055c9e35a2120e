"""Keeping originals: the files of an import themselves, sealed as they came.

It follows the steps that wrote their recordings, about a mebibyte a step. Cut off in
between, a recording is without its original, and the next import that keeps originals
completes it: the file is known, and what is kept of it is not whole.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pierre_mcp.errors import OriginalUnknownError
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import retention
from pierre_mcp.services.steps import Step
from pierre_mcp.services.work import Job
from pierre_mcp.store import imports, originals
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine
from pierre_mcp.store.originals import HEAD, Home, SealedCell

CHUNKS_A_STEP: Final = 4
"""A mebibyte: a few milliseconds of the lock."""


@dataclass(frozen=True, slots=True)
class Came:
    """A file of an import, as far as this needs it.

    Attributes:
        job: How to read it; None where there is no file.
        digest: SHA-256 of its bytes as they were parsed, where they were.
        recording: The recording to keep it with; None where there is none.
        activities: How many there are in it.
    """

    job: Job | None
    digest: bytes | None
    recording: str | None
    activities: int = 1


class Originals:
    """The originals of one import.

    Attributes:
        kept: How many files were kept.
        unkept: How many could not be: too large, gone, or changed meanwhile.
    """

    def __init__(self) -> None:
        self.kept = 0
        self.unkept = 0

    def steps(
        self, files: Sequence[Came], content: Callable[[Job], bytes | None]
    ) -> Iterator[Step]:
        """Give a step that looks which lack one, and those that write them.

        Args:
            files: Already imported.
            content: Returns a file's bytes.
        """
        look = _Look([one for one in files if one.job and one.recording])
        if look.files:
            yield look
        self.unkept += look.too_old
        for group in _grouped(self._parts(look.lacking, content)):
            yield _Write(group)
            self.kept += sum(part.is_last and not part.file.lost for part in group)

    def _parts(
        self,
        lacking: Sequence[tuple[Came, Home]],
        content: Callable[[Job], bytes | None],
    ) -> Iterator["_Part"]:
        for came, home in lacking:
            found = _content_of(came, content)
            if found is None:
                self.unkept += 1
                continue
            file = _File(home, found)
            for seq in (*range(1, originals.chunks_of(found) + 1), HEAD):
                yield _Part(file, seq)


class _File:
    """A file that is being written."""

    def __init__(self, home: Home, content: bytes) -> None:
        self.home = home
        self.content = content
        self.last: SealedCell | None = None
        self.lost = False


@dataclass(frozen=True, slots=True)
class _Part:
    file: _File
    seq: int

    @property
    def is_last(self) -> bool:
        """Whether the file is whole with this."""
        return self.seq == HEAD

    def sealed(self, tx: Tx, grant: Grant) -> SealedCell:
        """Seal it."""
        file = self.file
        if self.is_last:
            return originals.seal_head(tx.ring, grant, file.home, file.content)
        return originals.seal_chunk(tx.ring, grant, file.home, file.content, self.seq)


def _grouped(parts: Iterator[_Part]) -> Iterator[list[_Part]]:
    """Give what one step may write: so many chunks, and the heads that follow them."""
    group: list[_Part] = []
    for part in parts:
        if sum(not one.is_last for one in group) == CHUNKS_A_STEP and not part.is_last:
            yield group
            group = []
        group.append(part)
    if group:
        yield group


class _Look:
    """The step that finds which recordings lack their original."""

    def __init__(self, files: Sequence[Came]) -> None:
        self.files = files
        self.lacking: list[tuple[Came, Home]] = []
        self.too_old = 0

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Look; two files of one recording are one.

        A file holds everything, so it is kept no longer than what is kept shortest, and
        not at all where some of its activities were too old to be imported.
        """
        first_day = max(retention.first_days(tx, grant).values(), default="")
        old: set[str] = set()
        found: dict[str, tuple[Came, Home]] = {}
        for file in self.files:
            home = originals.home_of(tx, grant, file.recording or "")
            if home is None or home.whole:
                continue
            if home.first_day < first_day or home.recordings < file.activities:
                old.add(home.id)
            else:
                found.setdefault(home.id, (file, home))
        self.too_old = len(old)
        self.lacking = list(found.values())

    def write(self, tx: Tx, grant: Grant) -> None:
        """Nothing yet."""


class _Write:
    """The step that writes some parts."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        self._sealed: list[tuple[_File, list[SealedCell]]] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Seal them."""
        self._sealed = [
            (file, [part.sealed(tx, grant) for part in of_one])
            for file, of_one in groupby(self._parts, key=lambda part: part.file)
            if not file.lost
        ]

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write them, unless another is writing the same file, or it was taken back."""
        for file, cells in self._sealed:
            file.lost = not originals.add(
                tx,
                grant,
                file.home,
                cells,
                after=file.last,
                content=file.content,
            )
            file.last = cells[-1]


def held(tx: Tx, grant: Grant, ref: str, number: int) -> bytes:
    """Return the original of one file of an import, byte for byte.

    ``number`` counts the files of the import from 1.

    Raises:
        ImportUnknownError: There is no such import.
        OriginalUnknownError: The original of that file is not kept.
        SealBrokenError: It was altered.
    """
    lines = imports.files(tx, grant, imports.find(tx, grant, ref).id)
    line = lines[number - 1] if 1 <= number <= len(lines) else None
    found = line and line.recording and originals.content(tx, grant, line.recording)
    if not found:
        raise OriginalUnknownError
    return found


def kept(tx: Tx, grant: Grant, lines: Sequence[FileLine]) -> list[bool]:
    """Tell of each file of an import whether its original is kept."""
    homes = (
        originals.home_of(tx, grant, line.recording) if line.recording else None
        for line in lines
    )
    return [home is not None and home.whole for home in homes]


def _content_of(file: Came, content: Callable[[Job], bytes | None]) -> bytes | None:
    """Return the bytes that were parsed, and no others that lie there now."""
    found = content(file.job) if file.job else None
    if not found or file.digest not in {None, hashlib.sha256(found).digest()}:
        return None
    return found
