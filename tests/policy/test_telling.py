"""What is told of the athlete does not hang on order, imports or repetition."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.athlete import Fact, Kind, Origin, Seen
from pierre_mcp.policy.telling import Said, changes, value_on

FIRST = date(2026, 1, 20)
Told = tuple[str, float, int]


def said(source: str, value: float, day: int, origin: Origin = Origin.SESSION) -> Said:
    on = str(FIRST + timedelta(days=day))
    fact = Fact(kind=Kind.FTP, value=value, origin=origin)
    return source, Seen(fact=fact, first_day=on, last_day=on)


def ftp(*all_said: Said) -> list[tuple[float, str]]:
    told = changes(all_said).get(Kind.FTP, [])
    return [(one.value, one.since) for one in told]


def held(files: Sequence[Told]) -> list[Said]:
    """What one import keeps of its files, in their order."""
    kept: dict[tuple[str, float, str], Seen] = {}
    for source, value, day in files:
        _, seen = said(source, value, day)
        key = (source, value, seen.month)
        kept[key] = seen.over(kept.get(key))
    return [(source, seen) for (source, *_), seen in kept.items()]


told = st.lists(
    st.tuples(
        st.sampled_from(["files", "strava", "garmin"]),
        st.sampled_from([240.0, 250.0, 260.0]),
        st.integers(0, 60),
    ),
    max_size=12,
)


@given(told, st.data())
def test_neither_order_nor_imports_change_what_is_told(
    files: list[Told], data: st.DataObject
) -> None:
    plain = changes(said(*one) for one in files)
    shuffled = data.draw(st.permutations(files))
    cut = data.draw(st.integers(0, len(files)))
    imports = [*held(shuffled[:cut]), *held(shuffled[cut:])]
    assert changes(imports) == plain
    assert changes(reversed(imports)) == plain


@given(told)
def test_only_changes_are_told_newest_first(files: list[Told]) -> None:
    values = ftp(*(said(*one) for one in files))
    days = [since for _, since in values]
    assert days == sorted(set(days), reverse=True)
    assert all(a[0] != b[0] for a, b in pairwise(values))
    assert bool(values) == bool(files)


@given(told)
def test_the_newest_value_is_of_the_newest_day(files: list[Told]) -> None:
    if not files:
        return
    last = max(day for *_, day in files)
    found = ftp(*(said(*one) for one in files))
    assert found[0][0] in {value for _, value, day in files if day == last}


def test_a_value_that_stays_is_since_its_first_day() -> None:
    one = [said("files", 250, day) for day in (40, 0, 75, 10)]
    assert ftp(*one) == [(250, "2026-01-20")]
    assert ftp(*one, said("files", 260, 41), said("files", 250, 42)) == [
        (250, "2026-03-03"),
        (260, "2026-03-02"),
        (250, "2026-01-20"),
    ]


def test_two_devices_that_differ_do_not_take_turns() -> None:
    both = [said("files", v, day) for day in range(5) for v in (250, 260)]
    assert ftp(*both) == [(260, "2026-01-20")]
    assert ftp(*both, *(said("strava", 270, day) for day in range(5))) == (
        [(260, "2026-01-20")]
    )


def test_from_its_day_on_what_the_person_says_counts_alone() -> None:
    own = said("self", 255, 3, Origin.SELF)
    files = [said("files", 250, 0), said("files", 240, 3), said("files", 260, 9)]
    assert ftp(*files, own) == [(255, "2026-01-23"), (250, "2026-01-20")]
    later = said("self", 245, 30, Origin.SELF)
    assert ftp(later, *files, own) == [
        (245, "2026-02-19"),
        (255, "2026-01-23"),
        (250, "2026-01-20"),
    ]


def test_that_the_person_says_it_too_is_news() -> None:
    both = [said("files", 250, 0), said("self", 250, 3, Origin.SELF)]
    told = changes(both)[Kind.FTP]
    assert [(one.source, one.value) for one in told] == [("self", 250), ("files", 250)]


def test_what_the_person_says_to_and_fro_within_a_month_is_all_known() -> None:
    said_so = [(250, 0), (260, 2), (250, 4), (260, 6), (250, 8)]
    own = [said("self", value, day, Origin.SELF) for value, day in said_so]
    assert [value for value, _ in ftp(*own)] == [250, 260, 250, 260, 250]


@given(told, st.dictionaries(st.integers(0, 60), st.sampled_from([245.0, 250.0])))
def test_the_persons_word_leaves_what_was_told_before_it(
    files: list[Told], own: dict[int, float]
) -> None:
    others = [said(*one) for one in files]
    words = [said("self", value, day, Origin.SELF) for day, value in own.items()]
    found = changes([*others, *words])
    assert changes([*words, *reversed(others)]) == found
    if not own:
        return
    first = str(FIRST + timedelta(days=min(own)))
    told = found[Kind.FTP]
    alone = changes(others).get(Kind.FTP, [])
    assert [one for one in told if one.since < first] == [
        one for one in alone if one.since < first
    ]
    for day, value in own.items():
        assert value_on(told, str(FIRST + timedelta(days=day))) == value


def test_a_value_counts_until_the_next() -> None:
    told = changes([said("files", 250, 3), said("files", 260, 9)])[Kind.FTP]
    days = ("2026-01-22", "2026-01-23", "2026-01-28", "2026-01-29", "2030-01-01")
    assert [value_on(told, day) for day in days] == [None, 250, 250, 260, 260]
    assert value_on([], "2026-01-01") is None
