"""The words of an import, in sentences: why a file gave nothing, or was mended."""

from typing import Final

from pierre_mcp.policy.privacy import clean
from pierre_mcp.store.imports import FileLine

_WORDS: Final = {
    "not_a_file": "not a file that can be read",
    "not_a_known_format": "neither FIT nor GPX nor TCX",
    "empty": "there is nothing in it",
    "broken_header": "its beginning is damaged",
    "broken_xml": "its XML is damaged",
    "broken_gzip": "its compression is damaged",
    "entity_refused": "it declares entities, which no device writes",
    "too_large": "too large",
    "too_deep": "nested too deeply",
    "no_times": "its points have no times",
    "no_samples": "it has no points",
    "not_an_activity": "not an activity: a course, a workout or settings",
    "limits": "it took too long or too much memory to read",
    "broken_archive": "it is no zip archive, or its directory is damaged",
    "too_many_members": "the archive holds too many files",
    "nested_too_deep": "archives lie in one another too deeply",
    "nothing_to_import": "the archive holds no activities",
    "unsafe_name": "its name leads out of the archive, or hides something",
    "link_or_device": "a link or a device, which no export holds",
    "encrypted": "it is encrypted",
    "unknown_compression": "it is compressed in a way that is not read here",
    "overlaps": "it shares bytes with another file: a bomb",
    "named_twice": "another file of this name came first",
    "bomb": "it would unpack to far more than any activity: a bomb",
    "broken_member": "it is not what the archive says it is, or is damaged",
    "broken_table": "the table is damaged; what came before is in",
    "too_many_columns": "the table has more columns than any export",
    "broken_row": "the row is damaged",
    "unknown_date": "its date cannot be read",
    "file_missing": "the export has no such file",
    "too_old": "older than you have activities kept",
    "deleted": "deleted since",
    "row_alone": "only what the export's table says of it is in",
}


def why(line: FileLine) -> str:
    """Return the reasons of a line in plain words, empty where there is none."""
    words = line.reason.split(", ") if line.reason else []
    return ", ".join(_WORDS.get(word, word.replace("_", " ")) for word in words)


def sentence(line: FileLine) -> str:
    """Return a line of a run as it is told on a terminal."""
    reasons = why(line)
    told = f"{line.outcome}: {clean(line.name)}"
    return f"{told} ({reasons})" if reasons else told
