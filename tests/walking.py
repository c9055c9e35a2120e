"""Every command of the command line, given once by one person, one after another.

``COMMANDS`` has an entry for each, in an order in which they go, with the rows of the
log that it leaves. A ``Fork`` on a terminal of its own gives them all; which rows are
whose, the log tells by the session that each command has.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.main import get_command

from pierre_mcp.cli import program, session
from tests.gate.world import rows_of

LABEL = "claude-desktop"
END = "that was all"


@dataclass(frozen=True, slots=True)
class Given:
    """One command as it is given.

    Attributes:
        words: After the program's name; ``{name}`` stands for what was kept.
        rows: What the log has of it: action and outcome of each row, in order.
        keep: Under which name to keep something of its JSON, and the way to it.
    """

    words: str
    rows: tuple[str, ...]
    keep: tuple[str, ...] = ()


def _done(words: str, *actions: str, keep: tuple[str, ...] = ()) -> Given:
    return Given(words, tuple(f"{one} done" for one in actions), keep)


def _job(words: str, action: str, *, then: str = "") -> Given:
    """A job leaves a first row and a last."""
    rows = (f"{action} started", f"{action} done")
    return Given(words, (*rows, then) if then else rows)


_OFFERED = (
    "consent done",
    "get_activities preview",
    "get_activity preview",
    "consent grant done",
)
"""Before the words are typed, what would be seen is looked up and shown."""


COMMANDS: Mapping[str, Given | str] = {
    "setup": _done("setup --yes", "setup"),
    "import": _job("import --keep-originals ride.fit", "import"),
    "imports": _done("imports", "imports"),
    "imports show": _done("imports show 1", "imports show"),
    "imports original": _done(
        "imports original 1 1 --to again.fit", "imports original"
    ),
    "refresh": _job("refresh", "refresh"),
    # what assistants may have
    "consent": Given(f"consent --to {LABEL}", ("consent done", *_OFFERED)),
    "consent grant": Given(
        f"consent grant files:location --to {LABEL}", ("consent done", *_OFFERED)
    ),
    "consent renew": Given(
        f"consent renew --to {LABEL}", ("consent renew done", *_OFFERED)
    ),
    "consent show": _done("consent show", "consent show"),
    "consent list": _done("consent list", "consent list"),
    "consent history": _done(
        "consent history --json",
        "consent history",
        keep=("line", "lines", "last", "id"),
    ),
    "consent receipt": _done("consent receipt {line}", *("consent receipt",) * 3),
    "consent token": _done(
        f"consent token --to {LABEL} --operation get_activities"
        " --scope files:activities --json",
        "consent token",
        keep=("token", "token"),
    ),
    "consent verify": _done(
        "consent verify --token {token} --operation get_activities"
        " --scope files:activities",
        "consent verify",
    ),
    "consent clock": _done("consent clock", "consent clock"),
    "consent lock": _done("consent lock", "consent lock"),
    "consent unlock": _job(
        "consent unlock", "consent passphrase", then="consent unlock done"
    ),
    "privacy show": _done("privacy show", "privacy show"),
    "privacy set": _done(
        f"privacy set --recipient {LABEL} --level low", "privacy show", "privacy set"
    ),
    "privacy preview": Given(
        f"privacy preview get_activities --as {LABEL}",
        ("get_activities preview",) * 3,
    ),
    "privacy zone add": _done(
        "privacy zone add --at 47.1,8.1 --name home", "privacy zone add"
    ),
    "privacy zone list": _done("privacy zone list", "privacy zone list"),
    "privacy zone propose": _done("privacy zone propose", "privacy zone propose"),
    "privacy zone remove": _done(
        "privacy zone remove home", "privacy zone list", "privacy zone remove"
    ),
    "object": _done("object insights", "object"),
    # what is held
    "call": Given("call get_status", ("get_status released",)),
    "load": Given("load", ("analyze_training_load released",)),
    "records": Given("records", ("get_personal_records released",)),
    "predict": Given(
        "predict half --from 10k=40:00", ("predict_performance released",)
    ),
    "zones": Given(
        "zones power --ftp 250",
        ("calculate_zones settings done", "calculate_zones released"),
    ),
    "athlete": Given("athlete", ("get_athlete released",)),
    "athlete show": Given("athlete show", ("get_athlete released",)),
    "athlete set": _done("athlete set --ftp 250", "athlete set"),
    "rectify": _done("rectify 2024-05-04 distance 1km", "rectify"),
    "retention": _done("retention", "retention"),
    "retention set": Given(
        "retention set location 3650",
        (
            *("retention done", "retention preview done", "retention set done"),
            *("retention started", "retention done"),
        ),
    ),
    "retention run": _job("retention run", "retention"),
    "undo": _done("undo 1", "undo"),
    # what is asked of the store
    "audit verify": _done("audit verify", "audit verify"),
    "audit key": _done("audit key log.key", "audit key"),
    "audit prove": _done("audit prove 1", "audit prove"),
    "audit witness": _done("audit witness notes.txt", "audit witness add"),
    "audit prune": _done("audit prune", "audit prune"),
    "audit tail": _done("audit tail", "audit tail"),
    "audit show": _done("audit show 1", "audit show"),
    "audit search": _done("audit search --outcome done", "audit search"),
    "audit export": _done("audit export --out log.jsonl", "audit export"),
    "audit report": _done("audit report", "audit report", "audit report"),
    "security events": _done("security events", "security events"),
    "security scan": _done("security scan", "security scan"),
    "security alerts": _done("security alerts", "security alerts"),
    "security lift": _done("security lift", "security lift"),
    "security thresholds": _done("security thresholds", "security thresholds"),
    "security thresholds show": _done(
        "security thresholds show", "security thresholds"
    ),
    "security thresholds set": _done(
        "security thresholds set calls_a_minute 90", "security thresholds set"
    ),
    "disclosures": _done("disclosures", "disclosures"),
    "requests": _done("requests", "requests"),
    "requests add": _done("requests add access", "requests add"),
    "requests show": _done("requests show 1", "requests show"),
    "requests extend": _done("requests extend 1 --why much", "requests extend"),
    "requests close": _done("requests close 1 --outcome done", "requests close"),
    "incident": _done("incident", "incident list"),
    "incident open": _done("incident open odd", "incident open"),
    "incident list": _done("incident list", "incident list"),
    "incident show": _done("incident show 1", "incident show", "incident timeline"),
    "incident assess": _done(
        "incident assess 1 --authority notify --why places", "incident assess"
    ),
    "incident note": _done("incident note 1 asked", "incident note"),
    "incident contain": _done(
        f"incident contain 1 --withdraw {LABEL} --block {LABEL} --tokens"
        " --otherwise unplugged",
        "incident show",
        "consent withdraw",
        "object",
        "consent token end",
        "incident contain",
    ),
    "incident report": _done(
        "incident report 1", "incident report", "incident timeline", "incident report"
    ),
    "incident told": _done("incident told 1 authority", "incident told"),
    "incident close": _done("incident close 1 --learnt much", "incident close"),
    "incident steps": _done("incident steps"),
    "consent withdraw": _done(f"consent withdraw --to {LABEL}", "consent withdraw"),
    "compliance": _done("compliance dpia", *("compliance",) * 3),
    "doctor": _done("doctor", *("doctor",) * 4),
    # the store as a whole
    "keys status": _done("keys status", "keys status"),
    "keys rotate": _job("keys rotate", "keys rotate"),
    "keys rewrap": _done("keys rewrap", "keys rewrap"),
    "keys new": _done("keys new --file new.key"),
    "keys reveal": _done("keys reveal", "keys reveal"),
    "export": Given(
        "export all.zip",
        (
            *("export preview done", "export done"),
            *("export write started", "export write done"),
        ),
    ),
    "backup": _done("backup copy.db", "backup"),
    "restore": _done("restore copy.db --replace", "restore"),
    "erase": _done("erase --person", "erase preview", "erase"),
    "demo": "tests/cli/test_demo.py: in a store of its own",
    "serve": "test_a_server_records_its_start_its_client_and_its_stop",
}
"""By command: how it is given, or where it is shown instead."""

GIVEN = {name: one for name, one in COMMANDS.items() if isinstance(one, Given)}


def commands() -> Iterator[str]:
    """Name every command there is, as a person would call it."""
    yield from _under(get_command(program.app), ())


def _under(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    under: Mapping[str, Any] | None = getattr(command, "commands", None)
    if path and (under is None or command.invoke_without_command):
        yield " ".join(path)
    for name, one in (under or {}).items():
        yield from _under(one, (*path, name))


class _Tee:
    """The terminal, and what was written to it."""

    def __init__(self, under: Any) -> None:
        self._under = under
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return int(self._under.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)


def walk(words: Sequence[str]) -> None:
    """Give every command, and write down which rows each left, to the file named."""
    kept: dict[str, str] = {}
    told: dict[str, dict[str, Any]] = {}
    seen: set[tuple[str, int]] = set()
    real = sys.stdout
    for name, given in GIVEN.items():
        sys.stdout = tee = _Tee(real)
        status = program.run([word.format(**kept) for word in given.words.split()])
        rows = rows_of(session.current().settings.store_dir)
        left = [row for row in rows if (row["session"], row["seq"]) not in seen]
        seen |= {(row["session"], row["seq"]) for row in rows}
        told[name] = {"status": status, "rows": left, "session": session.current().id}
        if given.keep:
            kept[given.keep[0]] = _found(json.loads(tee.text), given.keep[1:])
    sys.stdout = real
    Path(words[0]).write_text(json.dumps(told), "utf-8")
    sys.stdout.write(f"{END}\n")


def _found(value: Any, way: Sequence[str]) -> Any:
    for part in way:
        value = value[-1 if part == "last" else part]
    return value
