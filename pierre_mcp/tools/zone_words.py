"""What zones rest on, in words: method, thresholds and who told them, time in zones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pierre_mcp.model.athlete import Kind
from pierre_mcp.tools import wording
from pierre_mcp.tools.paces import clock

if TYPE_CHECKING:
    from pierre_mcp.services.thresholds import Value
    from pierre_mcp.services.training_zones import Spent, Zones

_CALLED: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.FTP: ("FTP", "W"),
    Kind.THRESHOLD_HEART_RATE: ("threshold heart rate", "bpm"),
    Kind.MAX_HEART_RATE: ("maximum heart rate", "bpm"),
    Kind.RESTING_HEART_RATE: ("resting heart rate", "bpm"),
    Kind.THRESHOLD_SPEED: ("threshold pace", "s/km"),
    Kind.THRESHOLD_SWIM_SPEED: ("threshold swim pace", "s/100 m"),
}
_METRES: Final = {Kind.THRESHOLD_SPEED: 1_000, Kind.THRESHOLD_SWIM_SPEED: 100}
_SETTING: Final = {
    "heart_rate": "--threshold-heart-rate 170",
    "power": "--ftp 250",
    "pace": "--threshold-pace 4:10/km",
    "swim": "--threshold-swim-pace 1:45",
}
_GUESS: Final = " An estimate is as good as the hardest effort that it is of."
_BY_AGE: Final = " By age alone it may be 20 bpm off."
_ORDER: Final = " The maximum must be above the heart rate at rest."


def basis(name: str, made: "Zones", command: str, days: int | None) -> str:
    """Say what the zones of a measure rest on, or what is missing for them.

    Args:
        name: Of the measure.
        made: Its zones.
        command: How the person calls this program.
        days: Of the time in zones.
    """
    if made.method is None:
        setting = f"{command} athlete set {_SETTING[name]}"
        return f"No threshold is known for it. Give one, or tell it once: {setting}"
    used = wording.listed(_said(kind, value) for kind, value in made.used.items())
    said = f"{made.method.name} ({made.method.source}): {used}."
    if not made.low:
        return f"{said}{_ORDER}"
    estimates = [value.by for value in made.used.values() if value.is_estimate]
    if any("age" in by for by in estimates):
        said += _BY_AGE
    elif estimates:
        said += _GUESS
    if made.spent is not None:
        said += _time(made.spent, days)
    return said


def _said(kind: Kind, value: "Value") -> str:
    name, unit = _CALLED[kind]
    number = f"{value.value:g} {unit}"
    if kind in _METRES:
        seconds = round(_METRES[kind] / value.value, 1)
        number = f"{clock(seconds)}{unit.removeprefix('s')} ({seconds:g} s)"
    since = "" if value.by == "given" else f", since {value.since}"
    return f"{name} {number} ({value.by}{since})"


def _time(spent: "Spent", days: int | None) -> str:
    if not spent.activities:
        return f" No activity of the last {days} days tells time in them."
    many = wording.count(spent.activities, "activity")
    said = f" Seconds by these zones over {many} in {days} days"
    if spent.below_s >= 1:
        said += f", {spent.below_s:.0f} below the first"
    return f"{said}."
