"""A package: named members written one after another, counted and digested.

A ZIP file, or a folder. Nothing is held in memory but the list of members.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, Self

from pierre_mcp.platform import create_private_file, make_private_dir

_PRIVATE: Final = 0o100600 << 16
_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class Member:
    """One member as it was written."""

    name: str
    size: int
    sha256: str


Write = Callable[[bytes], None]


class Package(Protocol):
    """Where members are written, one at a time."""

    members: list[Member]

    def member(self, name: str) -> AbstractContextManager[Write]:
        """Give what writes one member, which is whole when the body ends.

        Raises:
            OSError: It cannot be written.
        """
        ...


class ZipPackage:
    """Members of one ZIP, which is whole when its ``with`` ends well.

    Args:
        file: Private, empty and open for writing; it is not closed.
        at: Noted as the time of every member, UTC.
    """

    def __init__(self, file: BinaryIO, at: datetime) -> None:
        self.members: list[Member] = []
        self._zip = zipfile.ZipFile(file, "w")
        self._at = at.timetuple()[:6]

    @contextmanager
    def member(self, name: str) -> Iterator[Write]:
        """See ``Package``."""
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system, info.external_attr = _UNIX, _PRIVATE
        # How long it becomes is not known before, and its header is written first.
        with (
            self._zip.open(info, "w", force_zip64=True) as file,
            _counted(self.members, name, file) as write,
        ):
            yield write

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._zip.close()
        else:
            self._zip.fp = None  # or it writes to the file once more when it is deleted


class FolderPackage:
    """Files of one new folder, which is private."""

    def __init__(self, folder: Path) -> None:
        self.members: list[Member] = []
        self._folder = folder

    @contextmanager
    def member(self, name: str) -> Iterator[Write]:
        """See ``Package``."""
        path = self._folder / name
        make_private_dir(path.parent)
        with (
            create_private_file(path) as file,
            _counted(self.members, name, file) as write,
        ):
            yield write


@contextmanager
def _counted(members: list[Member], name: str, into: IO[bytes]) -> Iterator[Write]:
    digest, size = hashlib.sha256(), 0

    def write(piece: bytes) -> None:
        nonlocal size
        into.write(piece)
        digest.update(piece)
        size += len(piece)

    yield write
    members.append(Member(name, size, digest.hexdigest()))
