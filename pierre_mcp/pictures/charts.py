"""Charts as SVG: bars by day, bars by a word, and a grid of two words.

Colours are classes, which the page's style sheet sets for light, dark and paper.
Nothing is told by colour alone: a series has its place in the stack, and numbers stand
beside. Sizes are in SVG units, a CSS pixel each where the page is wide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Final

from pierre_mcp.pictures.markup import Markup, element, joined

WIDTH: Final = 720.0
_LEFT: Final = 44.0
_RIGHT: Final = 12.0
_PLOT_HEIGHT: Final = 180.0
_TOP: Final = 10.0
_FOOT: Final = 26.0
_WIDEST_BAR: Final = 28.0
_ROW: Final = 26.0
_BAR: Final = 14.0
_LABELS: Final = 190.0
_NUMBERS: Final = 66.0
_LONGEST_LABEL: Final = 22
_LABELS_BELOW: Final = 6
_CORNER: Final = 2.0
_HEAD: Final = 26.0
_CELL: Final = 30.0
_SHADES: Final = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in parts.

    Attributes:
        label: Under or beside it.
        parts: One number a series, 0 or more; a series is a class of the style sheet.
    """

    label: str
    parts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Of all its parts."""
        return sum(self.parts)


def legend(series: Sequence[str]) -> Markup:
    """Return the names of series beside their colours."""
    keys = (
        element("li", element("span", class_=f"key {name}"), name) for name in series
    )
    return element("ul", *keys, class_="legend")


def columns(
    bars: Sequence[Bar], series: Sequence[str], *, title: str, told: str
) -> Markup:
    """Return upright bars over time, stacked, with a scale.

    Args:
        bars: In order of time; at least one.
        series: What the parts of each are, from below.
        title: What it shows.
        told: The same in a sentence, for who cannot see it.
    """
    scale = _scale(max(bar.total for bar in bars))
    height = _TOP + _PLOT_HEIGHT + _FOOT
    step = (WIDTH - _LEFT - _RIGHT) / len(bars)
    width = min(_WIDEST_BAR, step * 0.72)
    drawn = [_line(mark, scale[-1]) for mark in scale]
    every = ceil(len(bars) / _LABELS_BELOW)
    for place, bar in enumerate(bars):
        middle = _LEFT + step * (place + 0.5)
        drawn.append(_column(bar, series, middle - width / 2, width, scale[-1]))
        if place % every == 0:
            drawn.append(_text(bar.label, middle, height - 8.0, "middle"))
    return _drawing(drawn, height, title, told)


def rows(
    bars: Sequence[Bar], series: Sequence[str], *, title: str, told: str
) -> Markup:
    """Return bars lying below each other, stacked, each with its number.

    Args:
        bars: From top to bottom; at least one.
        series: What the parts of each are, from the left.
        title: What it shows.
        told: The same in a sentence.
    """
    most = max(1, *(bar.total for bar in bars))
    room = WIDTH - _LABELS - _NUMBERS
    drawn = []
    for place, bar in enumerate(bars):
        middle = _ROW * (place + 0.5)
        at = _LABELS
        drawn.append(_text(_short(bar.label), at - 10.0, middle + 4.0, "end", "label"))
        for name, part in zip(series, bar.parts, strict=True):
            wide = room * part / most
            if part:
                wide = max(wide, 1.5)
                drawn.append(_rect(at, middle - _BAR / 2, wide, _BAR, name))
            at += wide
        number = f"{bar.total:,}"
        drawn.append(_text(number, at + 8.0, middle + 4.0, "start", "number"))
    return _drawing(drawn, _ROW * len(bars), title, told)


def grid(
    table: Mapping[str, Mapping[str, int]],
    names: Sequence[str],
    *,
    title: str,
    told: str,
) -> Markup:
    """Return a grid of numbers, the darker the higher: a row each word.

    Args:
        table: From top to bottom; at least one.
        names: Of its columns.
        title: What it shows.
        told: The same in a sentence.
    """
    most = max(1, *(n for tally in table.values() for n in tally.values()))
    step = (WIDTH - _LABELS) / len(names)
    drawn = [
        _text(
            _short(name.replace("_", " ")), _LABELS + step * (i + 0.5), 16.0, "middle"
        )
        for i, name in enumerate(names)
    ]
    for row, (word, tally) in enumerate(table.items()):
        top = _HEAD + _CELL * row
        label = _text(_short(word), _LABELS - 10.0, top + 20.0, "end", "label")
        drawn.append(label)
        for i, name in enumerate(names):
            left = _LABELS + step * i
            drawn.append(_cell(tally.get(name, 0), most, left, top, step))
    return _drawing(drawn, _HEAD + _CELL * len(table), title, told)


def stacked(table: Mapping[str, Mapping[str, int]], series: Sequence[str]) -> list[Bar]:
    """Return a bar for each word of a table, its parts in the order of ``series``."""
    return [
        Bar(word, tuple(tally.get(name, 0) for name in series))
        for word, tally in table.items()
    ]


def _cell(number: int, most: int, left: float, top: float, width: float) -> Markup:
    shade = ceil(_SHADES * number / most)
    middle = left + width / 2
    return joined(
        _rect(left + 1.5, top + 1.5, width - 3.0, _CELL - 3.0, f"h{shade}"),
        _text(
            f"{number:,}" if number else "-", middle, top + 20.0, "middle", f"t{shade}"
        ),
    )


def _column(
    bar: Bar, series: Sequence[str], left: float, width: float, top: int
) -> Markup:
    drawn, floor = [], _TOP + _PLOT_HEIGHT
    for name, part in zip(series, bar.parts, strict=True):
        if part:
            high = max(1.0, _PLOT_HEIGHT * part / top)
            floor -= high
            drawn.append(_rect(left, floor, width, high, name))
    told = element("title", f"{bar.label}: {bar.total:,}")
    return element("g", told, *drawn)


def _line(mark: int, top: int) -> Markup:
    at = _TOP + _PLOT_HEIGHT * (1 - mark / top)
    line = element(
        "line",
        x1=_LEFT,
        x2=WIDTH - _RIGHT,
        y1=at,
        y2=at,
        class_="grid" if mark else "axis",
    )
    return joined(line, _text(f"{mark:,}", _LEFT - 8.0, at + 4.0, "end"))


def _scale(most: int) -> list[int]:
    """Return marks from 0 to at least ``most``, in steps of 1, 2 or 5 times 10^n."""
    rough = max(1.0, most / 4)
    power = 10 ** int(log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    return list(range(0, ceil(max(most, 1) / step) * step + 1, step))


def _rect(x: float, y: float, width: float, height: float, class_: str) -> Markup:
    round_ = min(_CORNER, width / 2, height / 2)
    return element(
        "rect", x=x, y=y, width=width, height=height, rx=round_, class_=class_
    )


def _text(text: str, x: float, y: float, anchor: str, class_: str = "tick") -> Markup:
    return element("text", text, x=x, y=y, text_anchor=anchor, class_=class_)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _drawing(drawn: Sequence[Markup], height: float, title: str, told: str) -> Markup:
    return element(
        "svg",
        element("title", title),
        element("desc", told),
        *drawn,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        aria_label=f"{title}. {told}",
    )
