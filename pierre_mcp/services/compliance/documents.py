"""Every document, by the name it is asked for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pierre_mcp.services.compliance import (
    ccpa_notice,
    dpia,
    hipaa_safeguards,
    parts,
    privacy_notice,
    processing_record,
)
from pierre_mcp.services.compliance.practice import Practice
from pierre_mcp.services.compliance.titles import TITLES, Document

_WRITERS: Final[Mapping[Document, Callable[[Practice], Sequence[str]]]] = {
    Document.PRIVACY_NOTICE: privacy_notice.write,
    Document.DPIA: dpia.write,
    Document.PROCESSING_RECORD: processing_record.write,
    Document.HIPAA_SAFEGUARDS: hipaa_safeguards.write,
    Document.CCPA_NOTICE: ccpa_notice.write,
}


def written(document: Document, practice: Practice) -> str:
    """Return a document as Markdown."""
    return (
        "\n\n".join(
            [
                f"# {TITLES[document]}",
                parts.preface(practice),
                *(part.strip() for part in _WRITERS[document](practice)),
            ]
        )
        + "\n"
    )
