"""The synthetic athlete's gear, and what devices were set to over the year."""

from collections.abc import Mapping
from typing import Final

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Sport
from pierre_mcp.model.gear import Gear
from pierre_mcp.services.athlete_plan import Session

GEAR: Final = (
    Gear(name="Blue road bike", kind="bike"),
    Gear(name="Old commuter on rollers", kind="bike"),
    Gear(name="Daily trainers", kind="shoes"),
)
GEAR_SOURCE: Final = "strava"

_BEST_FTP_W: Final = 252.0
_FTP_STEP_W: Final = 5.0
_BIRTH_YEAR: Final = 1988
_STEADY: Final = (
    (Kind.BIRTH_YEAR, _BIRTH_YEAR, Origin.USER_PROFILE),
    (Kind.SEX, 0, Origin.USER_PROFILE),
    (Kind.HEIGHT, 1.71, Origin.USER_PROFILE),
    (Kind.RESTING_HEART_RATE, 48, Origin.USER_PROFILE),
    (Kind.MAX_HEART_RATE, 189, Origin.ZONES_TARGET),
    (Kind.THRESHOLD_HEART_RATE, 171, Origin.ZONES_TARGET),
)


def facts(session: Session) -> tuple[Fact, ...]:
    """Return what a session's file tells: an export its weight, a device the rest."""
    if session.source == GEAR_SOURCE:
        weight_kg = round(2 * (96 - 32 * session.form)) / 2
        return (_fact(Kind.WEIGHT, weight_kg, Origin.STRAVA_EXPORT),)
    ftp_w = _FTP_STEP_W * round(_BEST_FTP_W * session.form / _FTP_STEP_W)
    told = [_fact(*steady) for steady in _STEADY]
    return (*told, _fact(Kind.FTP, ftp_w, Origin.ZONES_TARGET))


def gear_of(session: Session, ids: Mapping[str, str]) -> str | None:
    """Return the id of what a session was done with; only an export names it."""
    if session.source != GEAR_SOURCE:
        return None
    road, rollers, shoes = GEAR
    if session.sport is Sport.CYCLING:
        return ids.get((rollers if session.indoor else road).name)
    return ids.get(shoes.name) if session.sport is Sport.RUNNING else None


def _fact(kind: Kind, value: float, origin: Origin) -> Fact:
    return Fact(kind=kind, value=value, origin=origin)
