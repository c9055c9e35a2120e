"""Which documents there are, and what they are called."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Document(StrEnum):
    """The documents there are."""

    PRIVACY_NOTICE = "privacy-notice"
    DPIA = "dpia"
    PROCESSING_RECORD = "processing-record"
    HIPAA_SAFEGUARDS = "hipaa-safeguards"
    CCPA_NOTICE = "ccpa-notice"


TITLES: Final[Mapping[Document, str]] = {
    Document.PRIVACY_NOTICE: "Privacy notice",
    Document.DPIA: "Data protection impact assessment",
    Document.PROCESSING_RECORD: "Record of processing activities",
    Document.HIPAA_SAFEGUARDS: "HIPAA safeguards",
    Document.CCPA_NOTICE: "Notice under the California Consumer Privacy Act",
}
