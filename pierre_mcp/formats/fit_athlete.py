"""What a FIT tells of the athlete: what the device was set to when it recorded.

Three messages tell, and where two tell the same the more particular one counts: the
session's threshold power, the zones' targets, the user's profile. A value that no
person has was not set. A threshold power counts of rides alone: on a run a watch tells
that of running power, which is half as much again.
"""

from collections.abc import Iterator

from pierre_mcp.formats.fit_messages import USER_PROFILE, ZONES_TARGET
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import Table, table
from pierre_mcp.model.athlete import Fact, Kind, Origin, plausible
from pierre_mcp.model.category import Sport

_ZONES = (Kind.FTP, Kind.MAX_HEART_RATE, Kind.THRESHOLD_HEART_RATE)
_USER = (
    Kind.BIRTH_YEAR,
    Kind.SEX,
    Kind.HEIGHT,
    Kind.WEIGHT,
    Kind.RESTING_HEART_RATE,
    Kind.MAX_HEART_RATE,
)
_DIGITS = 3


class Settings:
    """What a file says of the athlete, for each of its sessions."""

    def __init__(self, scan: Scan) -> None:
        self._zones = table(scan, ZONES_TARGET)
        self._user = table(scan, USER_PROFILE)

    def facts(
        self, sessions: Table, row: int | None, year: int, sport: Sport
    ) -> tuple[Fact, ...]:
        """Return what is told, each kind once.

        Args:
            sessions: All sessions of the file.
            row: Which one; None where there is none.
            sport: Of the session.
            year: When it was, since some devices tell an age and no year of birth.
        """
        told: dict[Kind, Fact] = {}
        for fact in self._all(sessions, row, year):
            if fact.kind is not Kind.FTP or sport is Sport.CYCLING:
                told.setdefault(fact.kind, fact)
        return tuple(told.values())

    def _all(self, sessions: Table, row: int | None, year: int) -> Iterator[Fact]:
        if row is not None:
            ftp_w = sessions.at(Kind.FTP, row)
            yield from _fact(Kind.FTP, ftp_w, Origin.SESSION)
        for kind in _ZONES:
            yield from _fact(kind, self._zones.first(kind), Origin.ZONES_TARGET)
        for kind in _USER:
            yield from _fact(kind, self._user.first(kind), Origin.USER_PROFILE)
        if age := self._user.first("age"):
            yield from _fact(Kind.BIRTH_YEAR, year - age, Origin.USER_PROFILE)


def _fact(kind: Kind, value: float | None, origin: Origin) -> Iterator[Fact]:
    if value is not None and plausible(kind, value):
        yield Fact(kind=kind, value=round(value, _DIGITS), origin=origin)
