"""Every rule of watching and every threshold, published with its reason.

One table: the scan, ``security thresholds``, its validation and the README read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import ceil
from typing import Final

from pierre_mcp.model.behaviour import Seen
from pierre_mcp.policy.holds import CALLS_A_MINUTE, SLOW_S

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
LEAST_WEEKS: Final = 26
"""Of so little history all may be told before anybody calls it much."""

_ITEMS: Final = frozenset(
    {
        "get_activity",
        "get_activity_streams",
        "analyze_activity",
        "compare_activities",
    }
)
_ROUTES: Final = frozenset({"get_activity", "get_activity_streams"})
_NOT_GIVEN: Final = frozenset(
    {"activity_unknown", "cursor_invalid", "operation_unknown", "tool_unknown"}
    | {"resource_unknown", "prompt_unknown"}
)
_LACKING: Final = frozenset({"consent_missing", "objected", "notice_changed"})


class By(Enum):
    """Whose calls a rule counts.

    ``ALL`` counts those of each recipient, and those of all taken together: who asks
    by turns under two labels has read as much.
    """

    EACH = auto()
    ALL = auto()
    STORE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that the person may set.

    Attributes:
        what: What it counts, or does, as the end of a sentence.
        why: Why it is what it is.
    """

    name: str
    default: int
    least: int
    most: int
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Threshold):
    """A threshold that raises an event when so many were counted in a window.

    Attributes:
        marks: What of a row counts, each once in the window; most rows have nothing.
        weight: The score where just the threshold is reached; it grows with the count.
        says: What is told when it was, with the count for ``{}``.
    """

    by: By
    window_s: int
    weight: int
    says: str
    marks: Callable[[Seen], tuple[str, ...]]

    def score(self, measure: int, limit: int) -> int:
        """Return 0 to 100."""
        return min(100, self.weight * measure // limit)


def week_of(ordinal: int) -> int:
    """Return the number of the week, Monday to Sunday, of a day since 0001-01-01."""
    return (ordinal - 1) // 7


def weeks_of(told: str) -> tuple[int, ...]:
    """Read what ``gate.lines.weeks_told`` wrote."""
    weeks: list[int] = []
    for run in told.split():
        first, _, last = run.partition("-")
        weeks.extend(range(int(first), int(last or first) + 1))
    return tuple(weeks)


def _each(counts: Callable[[Seen], bool]) -> Callable[[Seen], tuple[str, ...]]:
    """Count every row of a kind."""
    return lambda row: (str(row.seq),) if counts(row) else ()


def _questions(counts: Callable[[Seen], bool]) -> Callable[[Seen], tuple[str, ...]]:
    """Count questions, each once however often it is asked."""
    return lambda row: (f"{row.action}/{row.asked}",) if counts(row) else ()


def _released(row: Seen) -> bool:
    return row.outcome == "released"


RULES: Final = (
    Rule(
        name="burst",
        default=60,
        least=10,
        most=1_000,
        what="calls of one assistant within a minute",
        why="An assistant that reads its answers makes one call in seconds, and some "
        "ten at once; one each second for a minute is a program.",
        by=By.EACH,
        window_s=60,
        weight=40,
        says="{} calls within a minute",
        marks=_each(lambda _: True),
    ),
    Rule(
        name="details",
        default=60,
        least=10,
        most=1_000,
        what="different questions about single activities within a day",
        why="A long talk about training looks into ten or twenty activities; sixty are "
        "two months of daily training, one by one.",
        by=By.ALL,
        window_s=DAY_S,
        weight=50,
        says="{} questions about single activities within a day",
        marks=_questions(lambda row: _released(row) and row.action in _ITEMS),
    ),
    Rule(
        name="places",
        default=20,
        least=3,
        most=1_000,
        what="answers that may hold a route within a day, each once",
        why="One route, or a week of them, is a question; twenty show where somebody "
        "lives. The score is higher where names and notes were read in the same "
        "session: text written elsewhere may have asked for it.",
        by=By.ALL,
        window_s=DAY_S,
        weight=60,
        says="{} answers that may hold a route within a day",
        marks=_questions(
            lambda row: (
                _released(row) and row.action in _ROUTES and "location" in row.may_hold
            )
        ),
    ),
    Rule(
        name="bulk",
        default=156,
        least=LEAST_WEEKS,
        most=2_000,
        what="weeks of history told of, activity by activity, within 30 days; or "
        "`bulk_share` of all there are, if that is less",
        why="Questions are about weeks and seasons. Totals of years are not counted: "
        "only what lists or shows single activities. Slow reading over many sessions "
        f"adds up. Under {LEAST_WEEKS} weeks it is never raised.",
        by=By.ALL,
        window_s=30 * DAY_S,
        weight=50,
        says="{} weeks of history read, activity by activity, within 30 days",
        marks=lambda row: tuple(map(str, row.weeks)) if _released(row) else (),
    ),
    Rule(
        name="probing",
        default=12,
        least=3,
        most=1_000,
        what="different questions refused for want of consent within a day",
        why="An assistant without consent tries a few tools and then shows the person "
        "the command; asking the same again counts once.",
        by=By.ALL,
        window_s=DAY_S,
        weight=50,
        says="{} different questions refused for want of consent within a day",
        marks=_questions(lambda row: row.code in _LACKING),
    ),
    Rule(
        name="guessing",
        default=10,
        least=3,
        most=1_000,
        what="different ids, cursors or names that were never given, within a day",
        why="A model mistypes an id now and then, and may invent a tool or two.",
        by=By.ALL,
        window_s=DAY_S,
        weight=50,
        says="{} ids, cursors or names tried within a day that were never given",
        marks=_questions(lambda row: row.code in _NOT_GIVEN),
    ),
    Rule(
        name="client",
        default=3,
        least=1,
        most=1_000,
        what="sessions of an assistant before one whose client gives a name never "
        "seen under its label",
        why="A label belongs to one program; who takes it over seldom takes its name "
        "too. A new version is not a new name.",
        by=By.EACH,
        window_s=DAY_S,
        weight=40,
        says="a client under a name never seen in {} sessions before",
        marks=lambda _: (),
    ),
    Rule(
        name="night",
        default=5,
        least=1,
        most=1_000,
        what="calls between midnight and six at home, on one night, where of ten days "
        "and more next to none had calls within two hours of it",
        why="What reads while its person sleeps was seldom asked to. Whoever asks at "
        "night now and then has shown so, and a journey is soon learnt.",
        by=By.EACH,
        window_s=6 * HOUR_S,
        weight=40,
        says="{} calls in a night, at an hour that is unusual",
        marks=lambda _: (),
    ),
    Rule(
        name="failed_attempts",
        default=40,
        least=3,
        most=1_000,
        what="refusals and wrong passphrases within an hour, whoever asked",
        why="Setting up takes a few refusals; forty an hour are not read by anybody.",
        by=By.STORE,
        window_s=HOUR_S,
        weight=30,
        says="{} refusals and wrong passphrases within an hour",
        marks=_each(lambda row: row.event == "unauthorised_access"),
    ),
    Rule(
        name="rate_limit_violations",
        default=3,
        least=1,
        most=1_000,
        what="times over `calls_a_minute` within a day",
        why="Once may be a loop that went wrong.",
        by=By.STORE,
        window_s=DAY_S,
        weight=40,
        says="{} times beyond the limit of calls within a day",
        marks=_each(lambda row: row.event == "rate_limit_exceeded"),
    ),
    Rule(
        name="tokens_generated",
        default=20,
        least=1,
        most=1_000,
        what="consent tokens made within an hour",
        why="A token lasts up to 15 minutes, and one program needs one at a time.",
        by=By.STORE,
        window_s=HOUR_S,
        weight=30,
        says="{} consent tokens made within an hour",
        marks=_each(lambda row: row.event == "token_generated"),
    ),
    Rule(
        name="data_accesses",
        default=500,
        least=10,
        most=1_000,
        what="answers released within an hour, to all assistants",
        why="A long talk with an assistant takes some dozens.",
        by=By.STORE,
        window_s=HOUR_S,
        weight=30,
        says="{} answers released within an hour",
        marks=_each(lambda row: row.event == "data_access" and _released(row)),
    ),
)
"""What raises an event, in the order in which reasons are told."""

SETTINGS: Final = (
    Threshold(
        name="bulk_share",
        default=80,
        least=10,
        most=100,
        what="percent of the weeks there are, for `bulk`",
        why="Four fifths of a short history are all of it, to whoever wants it.",
    ),
    Threshold(
        name="slow_at",
        default=60,
        least=1,
        most=101,
        what="score of one day at which an assistant is slowed, for a day or until "
        "`security lift`; 101 slows nobody",
        why="One rule that is just reached only raises an event; half as much again, "
        "or a second rule, slows.",
    ),
    Threshold(
        name="slow_s",
        default=SLOW_S,
        least=1,
        most=30,
        what="seconds between two calls of an assistant that is slowed",
        why="A talk goes on; reading everything takes hours, in which it is noticed.",
    ),
    Threshold(
        name="calls_a_minute",
        default=CALLS_A_MINUTE,
        least=30,
        most=1_000_000,
        what="calls of one assistant let in within a minute; beyond, it is refused "
        "for a minute, and twice as long each time within a day, to a day at most",
        why="Four a second for a minute; no assistant that reads its answers does it.",
    ),
)

THRESHOLDS: Final[Mapping[str, Threshold]] = {
    one.name: one for one in (*RULES, *SETTINGS)
}
RULE: Final[Mapping[str, Rule]] = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds in force: the defaults, and what the person set."""

    chosen: Mapping[str, int]

    def of(self, name: str) -> int:
        """Return the threshold in force."""
        return self.chosen.get(name, THRESHOLDS[name].default)

    def of_bulk(self, weeks_held: int) -> int:
        """Return the threshold of ``bulk`` for so many weeks of history."""
        share = ceil(weeks_held * self.of("bulk_share") / 100)
        return min(self.of("bulk"), max(LEAST_WEEKS, share))

    def with_one(self, name: str, value: int | None) -> "Limits":
        """Return these with one set, or as it was by default.

        Raises:
            KeyError: There is no threshold of that name.
            ValueError: It may not be set so.
        """
        found = THRESHOLDS[name]
        rest = {n: v for n, v in self.chosen.items() if n != name}
        if value is None or value == found.default:
            return Limits(rest)
        if not found.least <= value <= found.most:
            raise ValueError(name)
        return Limits({**rest, name: value})
