"""Markdown, from words of ours and of others: nothing in a cell can end it."""

from collections.abc import Iterable, Sequence

from pierre_mcp.policy.privacy import MAX_NAME, clean

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#"})


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; where it has no rows, one that says so."""
    given = [tuple(str(cell) for cell in row) for row in rows]
    given = given or [("none", *("" for _ in columns[1:]))]
    lines = [_line(columns), _line(["---"] * len(columns)), *map(_line, given)]
    return "\n".join(lines)


def bullets(items: Iterable[str]) -> str:
    """Return a list; where it is empty, one that says so."""
    return "\n".join(f"- {item}" for item in items) or "- none"


def section(title: str, *parts: str) -> str:
    """Return a section."""
    return "\n\n".join([f"## {title}", *(part.strip() for part in parts)])


def plain(text: str, limit: int = MAX_NAME) -> str:
    """Return words written elsewhere so that they show as they are."""
    return clean(text, limit).translate(_SPECIAL)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace(chr(10), ' ') for cell in cells)} |"
