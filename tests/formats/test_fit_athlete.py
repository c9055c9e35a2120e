"""What a FIT tells of the athlete, and what nobody ever set."""

import warnings
from pathlib import Path

import fitdecode
import pytest

from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.fit import read_fit
from pierre_mcp.formats.fit_chain import parts
from pierre_mcp.formats.limits import Limits
from pierre_mcp.model.athlete import Fact, Kind, Origin
from tests.formats.making import (
    ENUM,
    STARTED_AT,
    UINT8,
    UINT16,
    UINT32,
    Fit,
    Value,
    beat,
    begun,
    fit_time,
)
from tests.formats.test_corpus import CORPUS

USER, ZONES, SPORT, SESSION = 3, 7, 12, 18
START = fit_time(STARTED_AT)


def told(fit: Fit, sport: int = 2) -> dict[Kind, tuple[float, Origin]]:
    begins = fit.message(SPORT, {0: (ENUM, sport)}, local=4)
    (track,) = read_fit(beat(begins, 0).finish(), Limits())
    return {fact.kind: (fact.value, fact.origin) for fact in track.athlete}


def session(ftp_w: int, fit: Fit | None = None, at: int = START) -> Fit:
    fields: dict[int, Value] = {
        253: (UINT32, at),
        2: (UINT32, at),
        5: (ENUM, 2),
        45: (UINT16, ftp_w),
    }
    return (fit or begun()).message(SESSION, fields, local=3)


def test_every_message_tells_its_own() -> None:
    fit = begun().message(
        USER,
        {
            1: (ENUM, 0),
            3: (UINT8, 171),
            4: (UINT16, 643),
            8: (UINT8, 47),
            24: (UINT8, 88),
        },
        local=1,
    )
    zones: dict[int, Value] = {1: (UINT8, 189), 2: (UINT8, 171), 3: (UINT16, 250)}
    assert told(fit.message(ZONES, zones, local=2)) == {
        Kind.BIRTH_YEAR: (1988, Origin.USER_PROFILE),
        Kind.SEX: (0, Origin.USER_PROFILE),
        Kind.HEIGHT: (1.71, Origin.USER_PROFILE),
        Kind.WEIGHT: (64.3, Origin.USER_PROFILE),
        Kind.RESTING_HEART_RATE: (47, Origin.USER_PROFILE),
        Kind.MAX_HEART_RATE: (189, Origin.ZONES_TARGET),
        Kind.THRESHOLD_HEART_RATE: (171, Origin.ZONES_TARGET),
        Kind.FTP: (250, Origin.ZONES_TARGET),
    }


@pytest.mark.parametrize("ftp_w", [0, 19, 65_534, 65_535])
def test_where_the_session_has_no_threshold_the_zones_count(ftp_w: int) -> None:
    fit = session(ftp_w).message(ZONES, {3: (UINT16, 240)}, local=2)
    assert told(fit) == {Kind.FTP: (240, Origin.ZONES_TARGET)}


def test_the_sessions_threshold_counts_first() -> None:
    fit = session(260).message(ZONES, {3: (UINT16, 240)}, local=2)
    assert told(fit) == {Kind.FTP: (260, Origin.SESSION)}


@pytest.mark.parametrize("sport", [1, 5, 11])
def test_a_threshold_power_is_of_rides(sport: int) -> None:
    """A run's is of running power, and a walk's or swim's is the device's default."""
    fit = begun().message(ZONES, {2: (UINT8, 171), 3: (UINT16, 398)}, local=2)
    assert told(fit, sport) == {Kind.THRESHOLD_HEART_RATE: (171, Origin.ZONES_TARGET)}


def test_each_session_has_its_own_threshold() -> None:
    fit = session(255, session(250), at=START + 3_600)
    tracks = read_fit(beat(beat(fit, 0), 3_600).finish(), Limits())
    assert [[f.value for f in track.athlete] for track in tracks] == [[250], [255]]


@pytest.mark.parametrize(
    "message",
    [
        {1: (ENUM, 7)},
        {1: (ENUM, 255)},
        {2: (UINT8, 0)},
        {2: (UINT8, 255)},
        {3: (UINT8, 0)},
        {3: (UINT8, 255)},
        {4: (UINT16, 0)},
        {4: (UINT16, 65_535)},
        {4: (UINT16, 65_534)},
        {8: (UINT8, 0)},
        {11: (UINT8, 0)},
        {24: (UINT8, 0)},
        {24: (UINT8, 255)},
        {4: (UINT8, 70)},
    ],
)
def test_what_nobody_set_is_not_told(message: dict[int, Value]) -> None:
    assert told(begun().message(USER, message, local=1)) == {}


def test_an_age_stands_in_for_a_year_of_birth() -> None:
    assert told(begun().message(USER, {2: (UINT8, 35)}, local=1)) == {
        Kind.BIRTH_YEAR: (STARTED_AT.year - 35, Origin.USER_PROFILE)
    }


def test_no_fact_is_beyond_what_a_person_has() -> None:
    for value in (float("nan"), float("inf"), -1, 0, 1e9):
        with pytest.raises(ValueError, match=r"weight|person|finite"):
            Fact(kind=Kind.WEIGHT, value=value, origin=Origin.SELF)


FILES = sorted(p for p in CORPUS.rglob("*.fit") if p.stat().st_size < 50_000)
_THEIRS = {
    ("user_profile", "weight"): Kind.WEIGHT,
    ("user_profile", "height"): Kind.HEIGHT,
    ("user_profile", "resting_heart_rate"): Kind.RESTING_HEART_RATE,
    ("zones_target", "threshold_heart_rate"): Kind.THRESHOLD_HEART_RATE,
}


@pytest.mark.unmeasured
@pytest.mark.skipif(not FILES, reason="the corpus of real files is not here")
def test_another_decoder_tells_the_same_of_real_files() -> None:
    seen = 0
    for path in FILES:
        data = path.read_bytes()
        if len(list(parts(data))) > 1:  # settings may be a FIT of their own behind it
            continue
        try:
            tracks, theirs = read_fit(data, Limits()), of_another(path)
        except (UnreadableError, fitdecode.FitError):
            continue
        ours = {f.kind: f.value for f in tracks[0].athlete}
        for kind in _THEIRS.values():
            assert ours.get(kind) == theirs.get(kind), (path.name, kind)
        seen += len(theirs)
    assert seen > 20


def of_another(path: Path) -> dict[Kind, float]:
    found: dict[Kind, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ignore = fitdecode.ErrorHandling.IGNORE
        with fitdecode.FitReader(path, error_handling=ignore) as reader:
            for frame in reader:
                if not isinstance(frame, fitdecode.FitDataMessage):
                    continue
                for (message, field), kind in _THEIRS.items():
                    if frame.name == message and frame.has_field(field):
                        value = frame.get_value(field)
                        if value:
                            found.setdefault(kind, round(float(value), 3))
    return found
