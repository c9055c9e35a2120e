r"""Markup that nothing can break out of: elements are made, never pasted together.

Text and attribute values are escaped where they are put in, and what shows nothing or
turns the direction of writing stands as an escape, like ``\u202e``
(``privacy.visible``).
"""

from html import escape
from typing import Final

from pierre_mcp.policy.privacy import visible

_VOID: Final = {"meta", "col", "br"}


class Markup(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


Part = Markup | str | int
Attribute = str | float | None


def element(name: str, /, *parts: Part, **attributes: Attribute) -> Markup:
    """Return one element with its content.

    Args:
        name: Of the element.
        parts: Markup stays as it is; all else is text, and escaped.
        attributes: ``class_`` stands for ``class``, and ``_`` for ``-``; one that is
            None is left out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(*parts)}</{name}>")


def joined(*parts: Part) -> Markup:
    """Return parts one after the other, text escaped."""
    return Markup("".join(map(_escaped, parts)))


def verbatim(text: str) -> Markup:
    """Return our own constant text as it is: a style sheet, a declaration."""
    return Markup(text)


def _escaped(part: Part) -> str:
    return part if isinstance(part, Markup) else escape(visible(str(part)))


def _value(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return escape(visible(str(value)))
