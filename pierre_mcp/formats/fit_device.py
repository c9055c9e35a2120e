"""What recorded a FIT, and on which clock it hung."""

import numpy as np

from pierre_mcp.formats.fit_messages import (
    ACTIVITY,
    DEVICE_INFO,
    DEVICE_SETTINGS,
    FILE_ID,
    MANUFACTURERS,
    TIMESTAMP_CORRELATION,
)
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import table
from pierre_mcp.model.track import Column, Device

_CREATOR = 0
_MAX_OFFSET_S = 15 * 3_600
_QUARTER_S = 900


def device(scan: Scan) -> Device | None:
    """Return what wrote the file: what it says first, else its first device."""
    told = table(scan, FILE_ID)
    maker, product = told.first("manufacturer"), told.first("product")
    if maker is None:
        infos = table(scan, DEVICE_INFO)
        for row in np.flatnonzero(infos.get("index") == _CREATOR)[:1].tolist():
            maker, product = infos.at("manufacturer", row), infos.at("product", row)
    if maker is None:
        return None
    word = MANUFACTURERS.get(int(maker), str(int(maker)))
    return Device(word, None if product is None else str(int(product)))


def utc_offset_s(scan: Scan) -> int | None:
    """Return local minus UTC, to the quarter of an hour; None unless plausible.

    The activity message tells it, else a correlation of the clocks, else the settings:
    there zero says nothing, since devices that know no zone write it as well.
    """
    for number in (ACTIVITY, TIMESTAMP_CORRELATION):
        clocks = table(scan, number)
        if "local_time" in clocks.columns:
            gap = _plausible(clocks.get("local_time") - clocks.get("time"))
            if gap is not None:
                return gap
    return _plausible(table(scan, DEVICE_SETTINGS).get("local_offset_s")) or None


def _plausible(gaps_s: Column) -> int | None:
    gaps_s = gaps_s[np.abs(gaps_s) <= _MAX_OFFSET_S]
    if not gaps_s.size:
        return None
    return round(float(gaps_s[-1]) / _QUARTER_S) * _QUARTER_S
