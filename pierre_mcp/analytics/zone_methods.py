"""The table of zone methods: published fractions, and of which threshold.

Books print whole percent. Each printed percent lies in the zone it is printed for, and
the gap between two rows goes, with Friel's heart rates, to the lower zone (89.5 % is
zone 2, since zone 3 is printed from 90); with Coggan and with Friel's pace to the upper
(75.5 % is zone 3, since zone 2 is printed to 75). Where Friel prints 99 % of pace for
two zones, 5a begins with the threshold itself, as of heart rate.

Zones of pace are fractions of threshold speed: 129 % of a pace is 1 / 1.29 of speed.

The three zones are low, moderate and high: below the first lactate or ventilatory
threshold, between both, above the second. Only a test in a laboratory finds a person's.
The second is taken to be the threshold told, and the first a share of it that holds for
groups: one person's may lie ten percent off, and heart rate lags behind short efforts.

Source:
    Friel (2009), The Triathlete's Training Bible, 3rd ed., and A Quick Guide to Setting
    Zones; Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed.;
    Fitzgerald & Warden (2018), 80/20 Triathlon, whose zones 1 and 2 are low, X and 3
    moderate, Y, 4 and 5 high; Olympiatoppen's scale, grouped as by Seiler & Tonnessen
    (2009), Sportscience 13:32-53: 1 and 2, 3, 4 and 5.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pierre_mcp.analytics.bins import HEART_RATE, POWER, SPEED, Scale
from pierre_mcp.analytics.zones import Method, Zone
from pierre_mcp.model.athlete import Kind

_TENS = (
    *(Zone("1", 0.5), Zone("2", 0.6), Zone("3", 0.7)),
    *(Zone("4", 0.8), Zone("5", 0.9)),
)
_FRIEL_FIVE = (Zone("5a", 1.00), Zone("5b", 1.03), Zone("5c", 1.06, above=True))

KARVONEN = Method(
    "karvonen",
    "tens of percent of heart rate reserve, Karvonen 1957",
    HEART_RATE,
    (Kind.MAX_HEART_RATE, Kind.RESTING_HEART_RATE),
    _TENS,
)
PERCENT_OF_MAX = Method(
    "percent_of_max",
    "tens of percent of maximum heart rate, Edwards 1993",
    HEART_RATE,
    (Kind.MAX_HEART_RATE,),
    _TENS,
)
FRIEL_RUN = Method(
    "friel_run",
    "threshold heart rate of running, Friel 2009",
    HEART_RATE,
    (Kind.THRESHOLD_HEART_RATE,),
    (
        *(Zone("1", 0), Zone("2", 0.85), Zone("3", 0.90), Zone("4", 0.95)),
        *_FRIEL_FIVE,
    ),
)
FRIEL_RIDE = Method(
    "friel_ride",
    "threshold heart rate of cycling, Friel 2009",
    HEART_RATE,
    (Kind.THRESHOLD_HEART_RATE,),
    (
        *(Zone("1", 0), Zone("2", 0.81), Zone("3", 0.90), Zone("4", 0.94)),
        *_FRIEL_FIVE,
    ),
)
COGGAN = Method(
    "coggan",
    "FTP, Allen & Coggan 2010",
    POWER,
    (Kind.FTP,),
    (
        *(Zone("1", 0), Zone("2", 0.55), Zone("3", 0.75, above=True)),
        *(Zone("4", 0.90, above=True), Zone("5", 1.05, above=True)),
        *(Zone("6", 1.20, above=True), Zone("7", 1.50, above=True)),
    ),
)
FRIEL_PACE = Method(
    "friel_pace",
    "threshold pace of running, Friel 2009",
    SPEED,
    (Kind.THRESHOLD_SPEED,),
    (
        *(Zone("1", 0), Zone("2", 1 / 1.29), Zone("3", 1 / 1.14, above=True)),
        *(Zone("4", 1 / 1.06, above=True), Zone("5a", 1.0)),
        *(Zone("5b", 1 / 0.97, above=True), Zone("5c", 1 / 0.90, above=True)),
    ),
)
FITZGERALD_SWIM = Method(
    "fitzgerald_swim",
    "critical swim speed, Fitzgerald & Warden 2018",
    SPEED,
    (Kind.THRESHOLD_SWIM_SPEED,),
    (
        *(Zone("1", 0.75), Zone("2", 0.84), Zone("X", 0.91), Zone("3", 0.96)),
        *(Zone("Y", 1.00), Zone("4", 1.02), Zone("5", 1.07)),
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (
            *(KARVONEN, PERCENT_OF_MAX, FRIEL_RUN, FRIEL_RIDE),
            *(COGGAN, FRIEL_PACE, FITZGERALD_SWIM),
        )
    }
)
"""By name."""


def _three(
    kind: Kind, scale: Scale, first: float, second: float, source: str
) -> Method:
    zones = (Zone("low", 0), Zone("moderate", first), Zone("high", second))
    return Method("three_zones", source, scale, (kind,), zones)


_80_20 = "groups of Fitzgerald & Warden 2018"

THREE_ZONES: Mapping[Kind, Method] = MappingProxyType(
    {
        Kind.THRESHOLD_HEART_RATE: _three(
            Kind.THRESHOLD_HEART_RATE, HEART_RATE, 0.90, 1.00, _80_20
        ),
        Kind.MAX_HEART_RATE: _three(
            Kind.MAX_HEART_RATE, HEART_RATE, 0.82, 0.87, "groups of Olympiatoppen 2020"
        ),
        Kind.FTP: _three(Kind.FTP, POWER, 0.83, 1.00, _80_20),
        Kind.THRESHOLD_SPEED: _three(Kind.THRESHOLD_SPEED, SPEED, 0.87, 1.00, _80_20),
        Kind.THRESHOLD_SWIM_SPEED: _three(
            Kind.THRESHOLD_SWIM_SPEED, SPEED, 0.91, 1.00, _80_20
        ),
    }
)
"""Low, moderate and high, by the threshold they are taken from."""
