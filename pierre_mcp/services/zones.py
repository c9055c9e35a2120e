"""Which local time it was: the file's word, else the place, else home (DESIGN 9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import tzfpy

from pierre_mcp.errors import ZoneUnknownError
from pierre_mcp.settings import zone_names


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Local time at one instant.

    Attributes:
        utc_offset_s: Local time minus UTC, seconds.
        zone: IANA name, where one is known.
        source: ``file``, ``position`` or ``home``.
    """

    utc_offset_s: int
    zone: str | None
    source: str


def local_time(
    at: datetime,
    *,
    utc_offset_s: int | None,
    position_deg: tuple[float, float] | None,
    home: str,
) -> LocalTime:
    """Say which local time it was at ``at`` (UTC).

    Args:
        at: The start of the activity, aware.
        utc_offset_s: As the file gives it, or None.
        position_deg: First latitude and longitude, or None; looked up offline.
        home: The person's own zone.
    """
    if utc_offset_s is not None:
        return LocalTime(utc_offset_s, None, "file")
    zone = None if position_deg is None else zone_at(*position_deg)
    source = "home" if zone is None else "position"
    name = zone or home
    return LocalTime(_offset_s(at, name), name, source)


def zone_at(lat_deg: float, lon_deg: float) -> str | None:
    """Return the IANA zone of a place, or None where it is not known."""
    if not (-90 <= lat_deg <= 90 and -180 <= lon_deg <= 180):
        return None
    name = tzfpy.get_tz(lon_deg, lat_deg)
    return name if name in zone_names() else None


def check_zone(name: str) -> str:
    """Return ``name`` if it is an IANA zone this machine knows.

    Raises:
        ZoneUnknownError: It is not.
    """
    if name not in zone_names():
        raise ZoneUnknownError
    return name


def local_day(at: datetime, local: LocalTime) -> str:
    """Return the day it was there, ``YYYY-MM-DD``."""
    return str((at + timedelta(seconds=local.utc_offset_s)).date())


def _offset_s(at: datetime, zone: str) -> int:
    offset = at.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
