"""What a worker is asked to read: a file, or a member of an archive, and as what."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pierre_mcp.formats.archive import MAX_NAME_CHARS, Member
from pierre_mcp.formats.frames import BrokenFrameError

FURTHEST = 2**62

PART_BYTES = 768 * 1024
"""Bytes of content in one frame, a multiple of three: they travel as base64."""


class Reader(StrEnum):
    """As what a file is read."""

    TRACKS = "file"
    LISTING = "listing"
    ACTIVITIES = "activities"
    SHOES = "shoes"
    BIKES = "bikes"
    ZONES = "privacy_zones"
    BYTES = "bytes"


Size = Annotated[int, Field(ge=0, le=FURTHEST)]
MemberAsSent = tuple[
    Annotated[str, Field(max_length=MAX_NAME_CHARS)],
    Size,
    Size,
    Size,
    Annotated[int, Field(ge=0, le=0xFFFF)],
    Annotated[int, Field(ge=0, le=0xFFFFFFFF)],
]
"""A member in the order of its attributes."""


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: Reader
    chain: Annotated[tuple[MemberAsSent, ...], Field(max_length=8)] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A worker's part of a job.

    Attributes:
        reader: As what to read it.
        chain: The member to read, each inside the one before; empty: the file itself.
    """

    reader: Reader = Reader.TRACKS
    chain: tuple[Member, ...] = ()

    def header(self) -> dict[str, Any]:
        """Return it as the header of a frame."""
        header: dict[str, Any] = {"kind": self.reader.value}
        if self.chain:
            header["chain"] = [astuple(member) for member in self.chain]
        return header

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> "Work":
        """Read it from the header of a frame.

        Raises:
            BrokenFrameError: It is none.
        """
        try:
            found = _Header.model_validate(header)
        except ValidationError:
            raise BrokenFrameError from None
        return cls(found.kind, tuple(Member(*sent) for sent in found.chain))


@dataclass(frozen=True, slots=True)
class Job:
    """One file to have read, opened anew for each job."""

    path: Path
    work: Work = field(default_factory=Work)

    @property
    def job(self) -> "Job":
        """Itself: a job is the least that can be wanted."""
        return self
