"""What a person writes of himself is read in his units, or refused in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.measures import NAMES, named, read, told
from pierre_mcp.model.athlete import RANGES, Kind, plausible


@pytest.mark.parametrize(
    ("kind", "text", "units", "value"),
    [
        (Kind.WEIGHT, "70.5", "metric", 70.5),
        (Kind.WEIGHT, "70,5 kg", "imperial", 70.5),
        (Kind.WEIGHT, "154lb", "metric", 69.8532),
        (Kind.WEIGHT, "154", "imperial", 69.8532),
        (Kind.FTP, "250", "metric", 250),
        (Kind.FTP, "250W", "metric", 250),
        (Kind.THRESHOLD_HEART_RATE, "170", "imperial", 170),
        (Kind.MAX_HEART_RATE, "190 bpm", "metric", 190),
        (Kind.RESTING_HEART_RATE, "48", "metric", 48),
        (Kind.THRESHOLD_SPEED, "4:10", "metric", 4),
        (Kind.THRESHOLD_SPEED, "6:42.3", "imperial", 4.0004),
        (Kind.THRESHOLD_SPEED, "6:42.3/mi", "metric", 4.0004),
        (Kind.THRESHOLD_SPEED, "4:10/km", "imperial", 4),
        (Kind.THRESHOLD_SWIM_SPEED, "1:40", "imperial", 1),
        (Kind.THRESHOLD_SWIM_SPEED, "1:40 /100m", "metric", 1),
        (Kind.THRESHOLD_SWIM_SPEED, "1:40/100yd", "metric", 0.9144),
        (Kind.BIRTH_YEAR, "1985", "metric", 1985),
        (Kind.SEX, "female", "metric", 0),
        (Kind.SEX, "male", "metric", 1),
        (Kind.HEIGHT, "1.78", "imperial", 1.78),
        (Kind.HEIGHT, "178cm", "metric", 1.78),
    ],
)
def test_what_is_read(kind: Kind, text: str, units: str, value: float) -> None:
    assert read(kind, text, units) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Kind.WEIGHT, "15", "--weight takes 20 kg to 400 kg, as --weight 70.5kg."),
        (Kind.WEIGHT, "70.5stone", "--weight takes"),
        (Kind.WEIGHT, "-70", "--weight takes"),
        (Kind.FTP, "0", "--ftp takes 20 W to 1000 W, as --ftp 250."),
        (Kind.FTP, "1e3", "--ftp takes"),
        (Kind.FTP, "nan", "--ftp takes"),
        (Kind.FTP, "", "--ftp takes"),
        (Kind.FTP, "٢٥٠", "--ftp takes"),
        (Kind.FTP, "99999999999", "--ftp takes"),
        (Kind.MAX_HEART_RATE, "251", "--max-heart-rate takes 80 bpm to 250 bpm,"),
        (Kind.THRESHOLD_SPEED, "0:00", "--threshold-pace takes 33:20 /km to 1:40 /km,"),
        (Kind.THRESHOLD_SPEED, "4:60", "--threshold-pace takes"),
        (Kind.THRESHOLD_SPEED, "4.1", "--threshold-pace takes"),
        (Kind.THRESHOLD_SPEED, "4:10/mile", "--threshold-pace takes"),
        (Kind.THRESHOLD_SWIM_SPEED, "0:20", "--threshold-swim-pace takes 8:20 /100m"),
        (Kind.BIRTH_YEAR, "85", "--birth-year takes 1901 to 2100,"),
        (Kind.BIRTH_YEAR, "1985.5", "--birth-year takes"),
        (Kind.SEX, "Male", "--sex takes female or male."),
        (Kind.HEIGHT, "178", "--height takes 0.5 m to 2.5 m,"),
    ],
)
def test_what_is_refused(kind: Kind, text: str, said: str) -> None:
    with pytest.raises(NotTakenError) as refused:
        read(kind, text, "metric")
    assert str(refused.value).startswith(said)
    assert "stone" not in str(refused.value), "it quotes nothing"


def test_a_range_is_told_in_the_persons_units() -> None:
    with pytest.raises(NotTakenError, match=r"44.1 lb to 881.8 lb"):
        read(Kind.WEIGHT, "1", "imperial")
    with pytest.raises(NotTakenError, match=r"53:39 /mi to 2:41 /mi"):
        read(Kind.THRESHOLD_SPEED, "1:00", "imperial")


@given(st.sampled_from(list(Kind)), st.data(), st.sampled_from(["metric", "imperial"]))
def test_what_is_told_can_be_written_again(
    kind: Kind, data: st.DataObject, units: str
) -> None:
    """To what a pace to the second, and a pound to a tenth, can tell."""
    least, most = RANGES[kind]
    if kind in {Kind.SEX, Kind.BIRTH_YEAR}:
        value = float(data.draw(st.integers(int(least), int(most))))
    else:
        value = data.draw(st.floats(least * 1.05, most * 0.95))
    again = read(kind, told(kind, value, units), units)
    assert again == pytest.approx(value, rel=0.02)
    assert told(kind, again, units) == told(kind, value, units)


@given(
    st.sampled_from(list(Kind)), st.text(max_size=12), st.sampled_from(["", "metric"])
)
def test_whatever_is_typed_is_plausible_or_refused(
    kind: Kind, text: str, units: str
) -> None:
    try:
        value = read(kind, text, units)
    except NotTakenError:
        return
    assert plausible(kind, value)


def test_every_kind_has_a_name_to_take_it_back_by() -> None:
    assert set(NAMES) == set(Kind)
    assert all(named(name) is kind for kind, name in NAMES.items())
    assert named("--ftp") is Kind.FTP
    with pytest.raises(NotTakenError, match="weight, ftp, threshold-heart-rate"):
        named("vo2max")
