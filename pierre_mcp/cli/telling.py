"""``pierre-mcp athlete set``: what you say of yourself, since a day."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.measures import (
    NAMES,
    Ftp,
    MaxHeartRate,
    RestingHeartRate,
    Text,
    ThresholdHeartRate,
    ThresholdPace,
    ThresholdSwimPace,
    named,
    read,
    told,
)
from pierre_mcp.cli.session import AsJson, current, say, say_json
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import consents
from pierre_mcp.services import telling as service
from pierre_mcp.services.telling import Change, Word
from pierre_mcp.store.database import Tx

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Done:
    """What was said, what it changes, and whom it would have to be given to."""

    word: Word
    changed: Sequence[Change]
    offered: Mapping[str, str]
    units: str

    def as_json(self) -> dict[str, Any]:
        changed = [
            {"kind": one.kind, "before": one.before, "after": one.after}
            for one in self.changed
        ]
        commands = list(self.offered.values())
        since = self.word.since
        return {"since": since, "changed": changed, "consent_commands": commands}

    def tell(self) -> None:
        for change in self.changed:
            say(f"{_sentence(change, self.units)}, since {self.word.since}")
        for recipient, command in self.offered.items():
            say(f"{recipient} cannot read that so far. To let it: {command}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was typed; it is read once the person's units and day are known."""

    given: Mapping[Kind, str]
    unsaid: frozenset[Kind]
    since: str | None

    @property
    def names(self) -> list[str]:
        return [NAMES[kind] for kind in (*self.given, *self.unsaid)]

    def work(self, tx: Tx, grant: Grant) -> _Done:
        word = self._word(grant)
        changed = service.say(tx, grant, word)
        offered = consents.extensions_by_own(tx, grant)
        return _Done(word, changed, offered, grant.here.profile.units)

    def preview(self, tx: Tx, grant: Grant) -> _Done:
        word = self._word(grant)
        changed = service.say(tx, grant, word, keep=False)
        return _Done(word, changed, {}, grant.here.profile.units)

    def _word(self, grant: Grant) -> Word:
        units, today = grant.here.profile.units, grant.here.today
        values = {kind: read(kind, text, units) for kind, text in self.given.items()}
        if values.get(Kind.BIRTH_YEAR, 0) > today.year:
            msg = "--birth-year takes a year that has begun."
            raise NotTakenError(msg)
        since = _day(self.since, today)
        return Word(values=values, since=since, unsaid=self.unsaid, only=self.since)


def set_(  # noqa: PLR0913 - each is an option
    *,
    weight: Annotated[Text, typer.Option(help="As 70.5kg or 154lb.")] = None,
    ftp: Ftp = None,
    threshold_heart_rate: ThresholdHeartRate = None,
    max_heart_rate: MaxHeartRate = None,
    resting_heart_rate: RestingHeartRate = None,
    threshold_pace: ThresholdPace = None,
    threshold_swim_pace: ThresholdSwimPace = None,
    birth_year: Annotated[Text, typer.Option(help="As 1985.")] = None,
    sex: Annotated[Text, typer.Option(help="female or male.")] = None,
    height: Annotated[Text, typer.Option(help="As 1.78 (m) or 178cm.")] = None,
    since: Annotated[
        Text, typer.Option(help="From which day on, as 2026-03-01; else today.")
    ] = None,
    unset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Take back what you said, as --unset ftp; with --since only what you "
            "said with that very day. May be repeated.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what you know better. From that day on your word counts alone.

    Before it, what your files told stands. What you say is no import's: it stays until
    you take it back, and of one day the last word counts.
    """
    texts = {
        Kind.WEIGHT: weight,
        Kind.FTP: ftp,
        Kind.THRESHOLD_HEART_RATE: threshold_heart_rate,
        Kind.MAX_HEART_RATE: max_heart_rate,
        Kind.RESTING_HEART_RATE: resting_heart_rate,
        Kind.THRESHOLD_SPEED: threshold_pace,
        Kind.THRESHOLD_SWIM_SPEED: threshold_swim_pace,
        Kind.BIRTH_YEAR: birth_year,
        Kind.SEX: sex,
        Kind.HEIGHT: height,
    }
    given = {kind: text for kind, text in texts.items() if text is not None}
    unsaid = frozenset(named(name) for name in unset or ())
    _check(given, unsaid)
    asked = _Asked(given, unsaid, since)
    session = current()
    call = session.owner("athlete set")
    with session.gate() as gate:
        if dry_run:
            done = gate.look(call, asked.preview)
        else:
            done = gate.act(call, asked.work, detail={"kinds": asked.names})
    if as_json:
        say_json({**done.as_json(), "dry_run": dry_run})
        return
    if dry_run:
        say("Nothing was changed. It would be:")
    done.tell()


def _check(given: Mapping[Kind, str], unsaid: frozenset[Kind]) -> None:
    """Refuse what says nothing, or two things at once.

    Raises:
        NotTakenError: It is one of these.
    """
    if not given and not unsaid:
        msg = "Say what to set, as --ftp 250: athlete set --help lists it all."
        raise NotTakenError(msg)
    if given.keys() & unsaid:
        msg = "What is set is not taken back too: --unset is for other options."
        raise NotTakenError(msg)


def _day(since: str | None, today: date) -> str:
    """Return the day that is meant; the pattern alone would take a 30 February.

    Raises:
        NotTakenError: It is none, or has not come.
    """
    try:
        day = today if since is None else date.fromisoformat(since)
    except ValueError:
        day = date.max
    if day > today or (since is not None and not _DAY.fullmatch(since)):
        msg = "--since takes a day as 2026-03-01, today or earlier."
        raise NotTakenError(msg)
    return str(day)


def _sentence(change: Change, units: str) -> str:
    before, after = (
        "not told" if value is None else told(change.kind, value, units)
        for value in (change.before, change.after)
    )
    name = NAMES[change.kind].replace("-", " ")
    return f"{name}: {before} -> {after}"
