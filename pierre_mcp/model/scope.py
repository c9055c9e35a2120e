"""Scopes: what one consent covers, as short exact text.

Four kinds, all of which must hold for one call::

    access        <source>:<category>    strava:activities
    processing    analytics:<purpose>    analytics:insights
    transmission  share:<recipient>      share:claude-desktop
    execution     tool:<name>            tool:get_activities

They match exactly: there are no wildcards, and none can be written.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NewType

from pierre_mcp.errors import LabelMalformedError, ScopeMalformedError
from pierre_mcp.model.category import Category

Scope = NewType("Scope", str)
Pair = tuple[str, Category]
"""A source and a category of its data."""

_RESERVED = {"analytics", "share", "tool"}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Kind(StrEnum):
    """The four kinds of consent."""

    ACCESS = "access"
    PROCESSING = "processing"
    TRANSMISSION = "transmission"
    EXECUTION = "execution"


class Purpose(StrEnum):
    """What data may be processed for."""

    INSIGHTS = "insights"
    PREDICTIONS = "predictions"


@lru_cache(maxsize=256)
def access(source: str, category: Category) -> Scope:
    """Return the scope to read one category of one source."""
    return Scope(f"{source}:{category}")


def processing(purpose: Purpose) -> Scope:
    """Return the scope to process for ``purpose``."""
    return Scope(f"analytics:{purpose}")


def share(recipient: str) -> Scope:
    """Return the scope to send answers to ``recipient``."""
    return Scope(f"share:{recipient}")


def tool(name: str) -> Scope:
    """Return the scope to run one tool."""
    return Scope(f"tool:{name}")


def kind_of(scope: Scope) -> Kind:
    """Return which of the four kinds a scope is."""
    head = scope.partition(":")[0]
    kinds = {
        "analytics": Kind.PROCESSING,
        "share": Kind.TRANSMISSION,
        "tool": Kind.EXECUTION,
    }
    return kinds.get(head, Kind.ACCESS)


@lru_cache(maxsize=256)
def pair_of(scope: Scope) -> Pair | None:
    """Return the source and category of an access scope, else None."""
    if kind_of(scope) is not Kind.ACCESS:
        return None
    source, _, category = scope.partition(":")
    return source, Category(category)


def parse(text: str) -> Scope:
    """Check text from outside and return it as a scope.

    Raises:
        ScopeMalformedError: It is not one of the four forms.
    """
    head, colon, tail = text.partition(":")
    if not colon or not _well_formed(head, tail):
        raise ScopeMalformedError
    return Scope(text)


def check_label(text: str) -> str:
    """Check a recipient's label: lower case, digits and hyphens, at most 40.

    Raises:
        LabelMalformedError: It is not of that form.
    """
    if not _LABEL.fullmatch(text):
        raise LabelMalformedError
    return text


def _well_formed(head: str, tail: str) -> bool:
    if head == "analytics":
        return tail in set(Purpose)
    if head == "share":
        return _LABEL.fullmatch(tail) is not None
    if head == "tool":
        return _NAME.fullmatch(tail) is not None
    return _NAME.fullmatch(head) is not None and tail in set(Category)


def is_source(text: str) -> bool:
    """Tell whether ``text`` can name a source."""
    return _NAME.fullmatch(text) is not None and text not in _RESERVED
