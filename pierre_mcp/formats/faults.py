"""Why a file gave nothing: one error, and a closed list of reasons.

The message is the reason and nothing else: no byte of the file is ever quoted.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why no activity came out of a file."""

    NOT_A_FILE = "not_a_file"
    NOT_A_KNOWN_FORMAT = "not_a_known_format"
    EMPTY = "empty"
    BROKEN_HEADER = "broken_header"
    BROKEN_XML = "broken_xml"
    BROKEN_GZIP = "broken_gzip"
    ENTITY_REFUSED = "entity_refused"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NO_TIMES = "no_times"
    NO_SAMPLES = "no_samples"
    NOT_AN_ACTIVITY = "not_an_activity"
    LIMITS = "limits"
    BROKEN_ARCHIVE = "broken_archive"
    TOO_MANY_MEMBERS = "too_many_members"
    NESTED_TOO_DEEP = "nested_too_deep"
    NOTHING_TO_IMPORT = "nothing_to_import"
    UNSAFE_NAME = "unsafe_name"
    LINK_OR_DEVICE = "link_or_device"
    ENCRYPTED = "encrypted"
    UNKNOWN_COMPRESSION = "unknown_compression"
    OVERLAPS = "overlaps"
    NAMED_TWICE = "named_twice"
    BOMB = "bomb"
    BROKEN_MEMBER = "broken_member"
    BROKEN_TABLE = "broken_table"
    TOO_MANY_COLUMNS = "too_many_columns"
    BROKEN_ROW = "broken_row"
    UNKNOWN_DATE = "unknown_date"
    FILE_MISSING = "file_missing"


SKIPPED = frozenset(
    {
        Reason.NOT_A_KNOWN_FORMAT,
        Reason.EMPTY,
        Reason.NO_TIMES,
        Reason.NO_SAMPLES,
        Reason.NOT_AN_ACTIVITY,
        Reason.NOTHING_TO_IMPORT,
    }
)
"""Nothing is wrong with such a file: it only holds no activity."""


class UnreadableError(Exception):
    """A file, or a part of one, holds no activity that can be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
