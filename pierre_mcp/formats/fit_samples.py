"""Samples out of the record messages of a FIT: which of two fields holds.

* ``enhanced_*`` wins over the plain field, value by value.
* A rolling distance is unrolled where there is no plain one.
* A developer's column stands in where the device has no value at all in that column;
  such power is named in the repairs, since it is a foot pod's estimate for the most.
* A fraction of a revolution or of a second is added to the whole one.
"""

import numpy as np

from pierre_mcp.formats import samples as ordering
from pierre_mcp.formats.fit_developer import PREFIX
from pierre_mcp.formats.fit_messages import EPOCH_S
from pierre_mcp.formats.fit_table import ROLLING, Table
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.stream_names import COLUMNS
from pierre_mcp.model.track import Column

_ROLL = 0xFFF
_SIXTEENTHS = 16
_WORDS = {"power_w": "developer_power"}


def samples_of(records: Table) -> Samples:
    """Return the samples of a FIT in order of time."""
    columns = dict(records.columns)
    for plain in ("speed_m_s", "altitude_m"):
        better = columns.pop(f"enhanced_{plain}", None)
        if better is not None:
            columns[plain] = np.where(np.isnan(better), records.get(plain), better)
    if ROLLING in columns and "distance_m" not in columns:
        columns["distance_m"] = _unrolled(columns[ROLLING])
    if "cadence_fraction_rpm" in columns and "cadence_rpm" in columns:
        fraction = np.nan_to_num(columns["cadence_fraction_rpm"])
        columns["cadence_rpm"] = columns["cadence_rpm"] + fraction
    lent = {n: columns[PREFIX + n] for n in COLUMNS if PREFIX + n in columns}
    words = [_WORDS[n] for n in lent if n in _WORDS and n not in columns]
    known = {n: columns[n] for n in COLUMNS if n in columns}
    samples = ordering.ordered(_times(records), lent | known)
    return samples.mended(*words)


def _times(records: Table) -> Column:
    times = records.get("time") + EPOCH_S
    fraction = records.columns.get("fraction_s")
    return times if fraction is None else times + np.nan_to_num(fraction)


def _unrolled(rolling: Column) -> Column:
    """Return metres out of 12 bits of 1/16 m that roll over, NaN where missing."""
    known = ~np.isnan(rolling)
    raw = rolling[known].astype(np.int64)
    metres = np.full(len(rolling), np.nan)
    metres[known] = (raw[0] + np.cumsum(np.diff(raw, prepend=raw[:1]) & _ROLL)) / (
        _SIXTEENTHS
    )
    return metres
