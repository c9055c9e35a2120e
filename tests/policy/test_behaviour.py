"""The rules, on rows made up: what counts, what does not, what is remembered."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pierre_mcp.gate.lines import weeks_told
from pierre_mcp.model.behaviour import Finding, Seen
from pierre_mcp.model.memory import Memory
from pierre_mcp.policy import behaviour
from pierre_mcp.policy.behaviour import (
    MOST_TIMES,
    look_through,
    standing,
)
from pierre_mcp.policy.rules import (
    RULES,
    THRESHOLDS,
    Limits,
    week_of,
    weeks_of,
)

START = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())
ZONE = ZoneInfo("Europe/Zurich")
HOUR, DAY = 3_600, 86_400


def call(seq: int, *, at: int = 0, **of: object) -> Seen:
    row = Seen(
        seq=seq,
        at_s=START + at,
        recipient="a",
        action="get_activities",
        event="data_access",
        outcome="released",
        session="s",
        asked=f"{seq:032x}",
    )
    return replace(row, **of)  # type: ignore[arg-type]


def looked(
    rows: list[Seen],
    memory: Memory | None = None,
    *,
    chosen: dict[str, int] | None = None,
    held: int = 100,
) -> list[Finding]:
    memory = memory or Memory()
    memory.at_s = max([memory.at_s, *(row.at_s for row in rows)])
    return look_through(
        memory, rows, Limits(chosen or {}), zone=ZONE, held=lambda: held
    )


def rules(found: list[Finding]) -> set[str]:
    return {one.rule for one in found}


@pytest.mark.parametrize(
    ("rule", "of"),
    [
        pytest.param("burst", {}, id="burst"),
        pytest.param("details", {"action": "get_activity"}, id="details"),
        pytest.param("places", {"action": "get_activity_streams",
                                "may_hold": frozenset({"location"})}, id="places"),
        pytest.param("probing", {"outcome": "refused", "code": "objected"},
                     id="probing"),
        pytest.param("guessing", {"outcome": "invalid", "code": "cursor_invalid"},
                     id="guessing"),
        pytest.param("failed_attempts", {"event": "unauthorised_access",
                                         "caller": "owner"}, id="failed"),
        pytest.param("rate_limit_violations", {"event": "rate_limit_exceeded"},
                     id="limits"),
        pytest.param("tokens_generated", {"event": "token_generated",
                                          "caller": "owner"}, id="tokens"),
        pytest.param("data_accesses", {}, id="accesses"),
    ],
)  # fmt: skip
def test_one_fewer_raises_nothing_and_that_many_do(
    rule: str, of: dict[str, object]
) -> None:
    [row] = [r for r in RULES if r.name == rule]
    step = max(1, row.window_s // (row.default + 1)) if rule != "burst" else 0
    rows = [call(n, at=n * step, **of) for n in range(row.default)]
    assert rule not in rules(looked(rows[:-1]))
    found = [one for one in looked(rows) if one.rule == rule]
    assert [(one.measure, one.limit, one.score) for one in found] == [
        (row.default, row.default, row.weight)
    ]


@pytest.mark.parametrize("rule", ["details", "places", "probing", "guessing"])
def test_the_same_question_again_counts_once(rule: str) -> None:
    kinds: dict[str, dict[str, object]] = {
        "details": {"action": "get_activity"},
        "places": {"action": "get_activity", "may_hold": frozenset({"location"})},
        "probing": {"outcome": "refused", "code": "consent_missing"},
        "guessing": {"outcome": "invalid", "code": "activity_unknown"},
    }
    of = kinds[rule]
    again = [call(n, at=120 * n, asked="same", **of) for n in range(200)]
    assert rule not in rules(looked(again))


def test_what_is_out_of_the_window_does_not_count() -> None:
    rows = [call(n, at=n, action="get_activity") for n in range(59)]
    late = call(99, at=DAY + 10, action="get_activity")
    assert "details" not in rules(looked([*rows, late]))
    assert "details" in rules(looked([*rows, replace(late, at_s=START + DAY - 1)]))


@pytest.mark.parametrize("caller", ["owner", "job", "system"])
def test_only_a_recipients_own_calls_count(caller: str) -> None:
    rows = [call(n, caller=caller, action="get_activity") for n in range(300)]
    assert rules(looked(rows)) == set()


@pytest.mark.parametrize(
    ("weeks", "held", "raised"),
    [(25, 25, False), (26, 25, True), (47, 60, False), (48, 60, True),
     (155, 500, False), (156, 500, True)],
)  # fmt: skip
def test_how_much_of_the_history_is_much(
    weeks: int, held: int, *, raised: bool
) -> None:
    rows = [call(n, at=n * 600, weeks=(5_000 + n,)) for n in range(weeks)]
    assert ("bulk" in rules(looked(rows, held=held))) is raised


def test_weeks_are_told_as_runs() -> None:
    days = ["2026-03-01", "2026-02-28", "2026-02-16", "2025-01-01"]
    told = weeks_told(days)
    weeks = {week_of(date.fromisoformat(day).toordinal()) for day in days}
    assert set(weeks_of(told)) == weeks
    assert told.count("-") == 1
    monday = date(2026, 3, 2)
    assert {week_of((monday + timedelta(n)).toordinal()) for n in range(7)} == {
        week_of(monday.toordinal())
    }
    assert (weeks_told([]), weeks_of("")) == ("", ())


def greeted(seq: int, name: str, **of: object) -> Seen:
    return call(seq, at=seq * 10, action="initialize", outcome="started", asked=name,
                **of)  # fmt: skip


def test_a_new_client_name_counts_once_the_label_is_known() -> None:
    memory = Memory()
    assert looked([greeted(1, "x"), greeted(2, "y"), greeted(3, "x")], memory) == []
    assert looked([greeted(4, "y"), greeted(5, "x")], memory) == []
    [found] = looked([greeted(6, "z")], memory)
    assert (found.rule, found.measure, found.score) == ("client", 5, 40)
    assert looked([greeted(7, "z"), greeted(8, "new", recipient="b")], memory) == []


def at_local(day: int, hour: int) -> int:
    moment = datetime(2026, 3, 2, hour, 20, tzinfo=ZONE) + timedelta(days=day)
    return int(moment.timestamp()) - START


def night(day: int, hour: int, calls: int = 6) -> list[Seen]:
    return [call(10_000 + 100 * day + n, at=at_local(day, hour) + n)
            for n in range(calls)]  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "days", "hour", "raised"),
    [
        pytest.param((8, 20), 12, 3, True, id="the day only"),
        pytest.param((8, 20), 9, 3, False, id="too little known"),
        pytest.param((8, 20), 12, 23, False, id="late, but no night"),
        pytest.param((8, 23), 12, 1, False, id="after late evenings"),
        pytest.param((8, 3), 12, 3, False, id="always at night"),
        pytest.param((8, 20), 12, 6, False, id="early"),
    ],
)
def test_an_hour_at_which_nobody_calls(
    hours: tuple[int, ...], days: int, hour: int, *, raised: bool
) -> None:
    memory = Memory()
    for day in range(days):
        for of in hours:
            looked([call(day * 10 + of, at=at_local(day, of))], memory)
    assert ("night" in rules(looked(night(days + 1, hour), memory))) is raised


def test_few_calls_of_a_night_are_none() -> None:
    memory = Memory()
    for day in range(12):
        looked([call(day, at=at_local(day, 12))], memory)
    assert looked(night(13, 3, calls=4), memory) == []


def test_habits_of_long_ago_count_for_less() -> None:
    memory = Memory()
    for day in range(130):
        looked([call(day, at=at_local(day, 3 if day < 60 else 12))], memory)
    assert memory.days < 120
    assert memory.hours[3][0] <= 30


def test_together_where_nobody_alone_reaches_it() -> None:
    ours = [call(n, at=n * 60, weeks=(n,)) for n in range(20)]
    theirs = [call(100 + n, at=n * 60, weeks=(50 + n,), recipient="b")
              for n in range(20)]  # fmt: skip
    memory = Memory()
    [found] = looked([*ours, *theirs], memory, held=40)
    assert (found.rule, found.recipients) == ("bulk", ("a", "b"))
    assert standing(memory.habits["a"], memory.at_s) == found.score
    more = [call(200 + n, at=2_000 + n * 60, weeks=(20 + n,)) for n in range(20)]
    assert looked(more, memory, held=40) == [], "as many weeks were raised already"


def test_places_after_names_weigh_more() -> None:
    of = {"action": "get_activity", "may_hold": frozenset({"location"})}
    routes = [call(n, at=n * 60, **of) for n in range(1, 21)]
    [plain] = looked(routes)
    names = call(0, may_hold=frozenset({"notes"}))
    [after] = looked([names, *routes])
    [elsewhere] = looked([replace(names, session="other"), *routes])
    assert (plain.score, after.score, elsewhere.score) == (60, 80, 60)
    assert (plain.after_names, after.after_names) == (False, True)


def test_the_score_stands_for_a_day() -> None:
    memory = Memory()
    looked([call(n, asked="x", code="") for n in range(60)], memory)
    assert standing(memory.habits["a"], START + DAY - 1) == 40
    assert standing(memory.habits["a"], START + DAY) == 0


def test_what_is_remembered_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is asked, under however many labels."""
    monkeypatch.setattr(behaviour, "MOST_RECIPIENTS", 3)
    memory, chosen = Memory(), {"burst": 10, "details": 10, "bulk": 26}
    of = {"action": "get_activity", "may_hold": frozenset({"location", "notes"})}
    for label in "abcdef":
        begins = 100 * (ord(label) - 97)
        rows = [
            call(n, at=begins + n // 10, recipient=label, weeks=(n,), **of)
            for n in range(100)
        ]
        looked(rows, memory, chosen=chosen)
        greetings = [greeted(n, f"{n}", recipient=label) for n in range(20)]
        looked([replace(g, at_s=START + begins + 50) for g in greetings], memory)
    assert set(memory.habits) - {"", "*"} == {"d", "e", "f"}
    counted = memory.habits["f"].counted
    assert len(counted["bulk"]) == MOST_TIMES * 26
    assert len(counted["details"]) == MOST_TIMES * 10
    assert len(memory.habits["f"].clients) == 16


def test_every_threshold_says_what_and_why_and_holds_its_default() -> None:
    for one in THRESHOLDS.values():
        assert one.least <= one.default <= one.most
        assert one.what
        assert one.why.endswith(".")
    assert {rule.name for rule in RULES} < THRESHOLDS.keys()
    assert all("{}" in rule.says for rule in RULES)


def test_thresholds_are_held_to_their_bounds() -> None:
    limits = Limits({}).with_one("burst", 10)
    assert limits.of("burst") == 10
    assert limits.with_one("burst", None).chosen == {}
    assert limits.with_one("burst", 60).chosen == {}
    for value in (9, 1_001):
        with pytest.raises(ValueError, match="burst"):
            limits.with_one("burst", value)
    with pytest.raises(KeyError):
        limits.with_one("nothing", 1)
