"""What looks like misuse, judged from the rows of the log since the last look.

Pure: rows, what is remembered and the thresholds in; findings out, and the memory as it
is after them. What is remembered is bounded: a rule keeps what its window holds, three
times its threshold at most, and of recipients the newest few.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from pierre_mcp.model.behaviour import STORE, TOGETHER, Finding, Seen
from pierre_mcp.model.memory import Habits, Memory, Raised
from pierre_mcp.policy.rules import DAY_S, RULE, RULES, By, Limits, Rule

MOST_RECIPIENTS: Final = 32
MOST_CLIENTS: Final = 16
MOST_TIMES: Final = 3
"""A rule remembers so many times its threshold."""

NIGHT_ENDS: Final = 6
"""Local hour."""

_LEARNT_DAYS: Final = 10
_WITHIN_HOURS: Final = 2
_SELDOM: Final = 20
"""An hour is unusual where less than one day in so many had a call near it."""

_MOST_DAYS: Final = 120
_GREW: Final = 1.5
_AFTER_NAMES: Final = 20
_GREETING: Final = "initialize"
_COMING_AND_GOING: Final = frozenset({"start", "stop", _GREETING})

Held = Callable[[], int]
"""Tells of how many weeks the person holds any activity."""


def look_through(
    memory: Memory, rows: Iterable[Seen], limits: Limits, *, zone: ZoneInfo, held: Held
) -> list[Finding]:
    """Take the rows in, and return what is to be raised.

    Args:
        memory: Changed; its ``at_s`` says what time it is. What is older than a day
            is learnt from, and raises nothing.
        rows: Since the last look, in order.
        limits: In force.
        zone: Where the person lives.
        held: Asked only where it matters.
    """
    look = _Look(memory, limits, zone, held)
    peaks: dict[tuple[str, str], Finding] = {}
    for row in rows:
        for found in look.taken_in(row):
            key = (found.recipients[0], found.rule)
            if row.at_s >= memory.at_s - DAY_S and found.measure >= _peak(peaks, key):
                peaks[key] = found
    _forget(memory)
    order = [rule.name for rule in RULES]
    # Those of single recipients first: what one alone did is not raised of all.
    reached = sorted(
        peaks.values(),
        key=lambda one: (one.recipients == (TOGETHER,), order.index(one.rule)),
    )
    return [raised for one in reached if (raised := _raised(memory, one)) is not None]


def standing(habits: Habits, at_s: int) -> int:
    """Return the score of a recipient: the sum of what was raised within a day."""
    recent = (r.score for r in habits.raised.values() if at_s - r.at_s < DAY_S)
    return min(100, sum(recent))


def _peak(peaks: dict[tuple[str, str], Finding], key: tuple[str, str]) -> int:
    return peaks[key].measure if key in peaks else 0


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look goes by; see ``look_through``."""

    memory: Memory
    limits: Limits
    zone: ZoneInfo
    held: Held

    def taken_in(self, row: Seen) -> Iterator[Finding]:
        """Take a row in, and give what it reached."""
        for rule in _OF_STORE:
            if marks := rule.marks(row):
                yield from self._counted(STORE, rule, row, marks)
        if row.caller == "recipient" and row.recipient:
            yield from self._taken_in_of(_of(self.memory, row.recipient), row)

    def _taken_in_of(self, habits: Habits, row: Seen) -> Iterator[Finding]:
        habits.last_s = row.at_s
        if row.action in _COMING_AND_GOING:
            yield from _greeted(habits, row, self.limits.of("client"))
            return
        if "notes" in row.may_hold:
            habits.names_read_in = row.session
        for rule in _OF_RECIPIENTS:
            if marks := rule.marks(row):
                yield from self._counted(row.recipient, rule, row, marks)
                if rule.by is By.ALL:
                    yield from self._counted(TOGETHER, rule, row, marks)
        if _by_night(self.memory, row, self.zone):
            marks = (str(row.seq),)
            yield from self._counted(row.recipient, RULE["night"], row, marks)

    def _counted(
        self, subject: str, rule: Rule, row: Seen, marks: tuple[str, ...]
    ) -> Iterator[Finding]:
        limit = self.limits.of(rule.name)
        counted = _of(self.memory, subject).counted.setdefault(rule.name, {})
        for mark in marks:
            counted.pop(mark, None)  # so that the newest stand last
            counted[mark] = row.at_s
        since_s = row.at_s - rule.window_s
        while (
            counted[oldest := next(iter(counted))] <= since_s
            or len(counted) > MOST_TIMES * limit
        ):
            del counted[oldest]
        measure = len(counted)
        if rule.name == "bulk" and measure >= rule.least:
            limit = self.limits.of_bulk(self.held())
        if measure >= limit:
            after = rule.name == "places" and self._read_names(subject, row)
            score = rule.score(measure, limit) + (_AFTER_NAMES if after else 0)
            yield Finding(
                rule=rule.name,
                recipients=(subject,),
                measure=measure,
                limit=limit,
                score=min(100, score),
                seq=row.seq,
                at_s=row.at_s,
                after_names=after,
            )

    def _read_names(self, subject: str, row: Seen) -> bool:
        habits = self.memory.habits.get(subject)
        return habits is not None and habits.names_read_in == row.session


_OF_STORE: Final = tuple(rule for rule in RULES if rule.by is By.STORE)
_OF_RECIPIENTS: Final = tuple(rule for rule in RULES if rule.by is not By.STORE)


def _greeted(habits: Habits, row: Seen, limit: int) -> Iterator[Finding]:
    """Know a client by the name it gives itself."""
    if row.action != _GREETING or not row.asked:
        return
    rule, known = RULE["client"], habits.greetings
    if row.asked not in habits.clients and known >= limit:
        yield Finding(
            rule=rule.name,
            recipients=(row.recipient,),
            measure=known,
            limit=limit,
            score=rule.weight,
            seq=row.seq,
            at_s=row.at_s,
        )
    names = [name for name in habits.clients if name != row.asked]
    habits.clients = [*names, row.asked][-MOST_CLIENTS:]
    habits.greetings += 1


def _by_night(memory: Memory, row: Seen, zone: ZoneInfo) -> bool:
    """Learn of the hour, and tell whether it is in the night and unusual."""
    local = datetime.fromtimestamp(row.at_s, UTC).astimezone(zone)
    today, hour = local.toordinal(), local.hour
    near = [memory.hours.get((hour + by) % 24, (0, 0)) for by in _AROUND]
    # Nothing of today counts as usual: it may be this very reading.
    seen = sum(days - (last == today) for days, last in near)
    known = memory.days - (memory.last_day == today)
    unusual = known >= _LEARNT_DAYS and seen * _SELDOM < known
    days, last = memory.hours.get(hour, (0, 0))
    if last != today:
        memory.hours[hour] = (days + 1, today)
    if memory.last_day != today:
        memory.days, memory.last_day = memory.days + 1, today
        if memory.days > _MOST_DAYS:  # habits of long ago count for less
            memory.days //= 2
            memory.hours = {h: (n // 2, on) for h, (n, on) in memory.hours.items()}
    return unusual and hour < NIGHT_ENDS


_AROUND: Final = range(-_WITHIN_HOURS, _WITHIN_HOURS + 1)


def _raised(memory: Memory, found: Finding) -> Finding | None:
    """Remember what is raised; None where it is nothing new."""
    (subject,) = found.recipients
    habits, rule = _of(memory, subject), RULE[found.rule]
    before = habits.raised.get(found.rule)
    told = before is not None and found.at_s - before.at_s < max(rule.window_s, DAY_S)
    if told and before is not None:
        # It cannot grow beyond what is remembered of it.
        most = MOST_TIMES * found.limit
        if found.measure <= before.measure:
            return None
        if found.measure < min(_GREW * before.measure, most):
            return None
    whose = found.recipients
    if subject == TOGETHER:
        whose = tuple(sorted(n for n in memory.habits if _took_part(memory, n, found)))
        if len(whose) < 2 or any(_alone(memory, name, found) for name in whose):
            return None
    elif subject == STORE:
        whose = ()
    kept = Raised(measure=found.measure, score=found.score, at_s=found.at_s)
    for name in {subject, *whose}:
        _of(memory, name).raised[found.rule] = kept
    return replace(found, recipients=whose)


def _took_part(memory: Memory, name: str, found: Finding) -> bool:
    counted = memory.habits[name].counted.get(found.rule)
    if name in {STORE, TOGETHER} or not counted:
        return False
    newest_s = next(reversed(counted.values()))
    return newest_s > found.at_s - RULE[found.rule].window_s


def _alone(memory: Memory, name: str, found: Finding) -> bool:
    before = memory.habits[name].raised.get(found.rule)
    window_s = max(RULE[found.rule].window_s, DAY_S)
    return before is not None and found.at_s - before.at_s < window_s


def _of(memory: Memory, subject: str) -> Habits:
    habits = memory.habits.get(subject)
    if habits is None:
        habits = memory.habits[subject] = Habits()
    return habits


def _forget(memory: Memory) -> None:
    """Keep the recipients that called last."""
    names = sorted(
        (name for name in memory.habits if name not in {STORE, TOGETHER}),
        key=lambda name: memory.habits[name].last_s,
        reverse=True,
    )
    for name in names[MOST_RECIPIENTS:]:
        del memory.habits[name]
