"""Where data came from, and what that forbids.

A person's own export is theirs to use as they like. What was fetched from a provider's
API stays under the terms of that API, and some forbid what this program is for: then it
is not read for any recipient, whatever the person consents to. The store's own queries
leave it out, so an answer is as if it had never been fetched; the owner sees it.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FORBIDDEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "strava_api": "Strava API Policy of 1 June 2026, section 5.3: no use by AI",
    }
)
"""Origins whose terms forbid that an AI gets the data, and the terms."""

_BARRED: Final = json.dumps(sorted(FORBIDDEN))
_NOTHING: Final = "[]"


def barred(*, owner: bool) -> str:
    """Return as JSON the origins that are not read for whoever asks."""
    return _NOTHING if owner else _BARRED
