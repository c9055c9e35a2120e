"""``pierre-mcp demo``: the whole path on a made-up athlete, as a transcript.

A demo store in a temporary directory, the real server as a child over real pipes, and
a recipient that holds nothing: refused, consented to, answered, partly answered,
refused again; then the log of it all. Every line under a call is what came back. A
step that goes otherwise than it should ends the demo with an error.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, BinaryIO, Final

from rich.progress import Progress as Bar

from pierre_mcp.cli.session import current, err
from pierre_mcp.cli.transcript import Page
from pierre_mcp.cli.typist import can_open_terminal, sit
from pierre_mcp.cli.wire import Frame, ServerSilentError, Wire
from pierre_mcp.errors import PierreError
from pierre_mcp.gate.temporary import demo_store
from pierre_mcp.platform import create_private_file
from pierre_mcp.services.steps import Listener, Progress
from pierre_mcp.settings import APP, Settings, environment_for_child

VISITOR: Final = "visitor"
SERVE: Final = f"{APP} serve --client {VISITOR}"
COMMAND_WITHIN_S: Final = 30.0
TABLE_COLUMNS: Final = 84
"""What the log's end needs so that no word of it is cut."""


_SHOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "activities": (
        "day", "sport", "duration_s", "distance_m", "mean_bpm", "mean_power_w",
    ),
    "rows": ("day", "load", "ctl", "atl", "tsb", "activities", "method"),
}  # fmt: skip
"""The lists that are drawn as tables, and which of their columns."""
_MOST_ROWS: Final = 6


class DemoUnexpectedError(PierreError):
    """A step of the demo did not go as it should."""

    code = "demo_unexpected"

    def __init__(self, step: str) -> None:
        super().__init__(f"The demo did not go as it should, at: {step}.")


def run(seed: int) -> int:
    """Play the demo; return the exit status.

    Raises:
        DemoUnexpectedError: A step did not go as it should.
        ServerSilentError: The server did not answer.
    """
    page = Page()
    with ExitStack() as stack:
        with _bar() as listen:
            store = demo_store(current().settings, seed=seed, listen=listen)
            settings, _ = stack.enter_context(store)
        page.say(
            f"A made-up athlete (seed {seed}) in a temporary store. The server, the "
            "commands and the answers are real; long answers are cut to read."
        )
        _play(Stage(page, settings))
    page.say("\nThe store, its key and its directory are removed.")
    page.say(
        f"Your own data: {APP} setup. This athlete in a real client: {APP} serve --demo"
    )
    return 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What every act of the demo needs."""

    page: Page
    settings: Settings

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of our children: plain output, as wide as the page."""
        columns = str(max(self.page.width, TABLE_COLUMNS))
        plain = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": columns}
        return {**environment_for_child(self.settings), **plain}


class Visitor:
    """The assistant: it asks over the wire, and the page shows both sides."""

    def __init__(self, page: Page, wire: Wire) -> None:
        self._page = page
        self._wire = wire

    def answered(self, tool: str, arguments: Frame) -> Frame:
        """Call a tool, show what came back, and return its content."""
        text, result = self._ask(tool, arguments)
        line, _, compact = text.partition("\n")
        content = result.get("structuredContent")
        self._page.shown(line)
        _expect(isinstance(content, dict), f"the answer of {tool}")
        found: Frame = result["structuredContent"]
        for rows, shown in _SHOWN.items():
            if rows in found:
                self._page.table(_columns(found[rows], shown))
        self._page.json(compact)
        return found

    def refused(self, tool: str, arguments: Frame) -> str:
        """Call a tool, show the refusal, and return it."""
        text, result = self._ask(tool, arguments)
        self._page.shown(text)
        refused = result.get("isError") and text.startswith("consent_missing")
        _expect(refused, f"the refusal of {tool}")
        return text

    def _ask(self, tool: str, arguments: Frame) -> tuple[str, Frame]:
        self._page.asked(tool, arguments)
        result = self._wire.call(tool, arguments)
        return str(result["content"][0]["text"]), result


def _play(stage: Stage) -> None:
    path = stage.settings.data_dir.parent / "server.log"
    try:
        with create_private_file(path) as log:
            answered = _talk(stage, log)
    except ServerSilentError:
        sys.stderr.write(path.read_text(encoding="utf-8", errors="replace"))
        raise
    if answered:
        _logged(stage)


def _talk(stage: Stage, log: BinaryIO) -> bool:
    """Play every act with the server in it; tell whether consent could be given."""
    page = stage.page
    with Wire(own(SERVE), stage.environment, log) as wire:
        visitor = Visitor(page, wire)
        _arrive(page, wire, visitor)
        command = _refused(page, visitor)
        if not can_open_terminal():
            page.say(
                "A person gives consent on a terminal with the command above. This "
                "system has no pseudo-terminal on which to show it: the demo ends here."
            )
            return False
        _consent(stage, command)
        activity_id = _answered(page, visitor)
        _partly_answered(page, visitor, activity_id)
        _withdrawn(page, visitor)
        _expect(wire.close() == 0, "the server's exit")
    return True


def _arrive(page: Page, wire: Wire, visitor: Visitor) -> None:
    page.part("An assistant arrives, and holds nothing")
    page.command(SERVE)
    said = wire.greet("pierre-demo", version(APP))["serverInfo"]
    page.shown(f"{said['name']} {said['version']} answers over its pipes.")
    status = visitor.answered("get_status", {})
    _expect(not status["consented"], "holding nothing")


def _refused(page: Page, visitor: Visitor) -> str:
    """Have the first question refused; return the command that the refusal names."""
    page.part("It asks, and is refused with the exact command")
    command = visitor.refused("get_activities", {"limit": 5}).rpartition(" with: ")[2]
    _expect(command == f"{APP} consent --to {VISITOR}", "the command of the refusal")
    return command


def _consent(stage: Stage, command: str) -> None:
    page = stage.page
    page.part("The person gives consent, with that command")
    page.say(
        "No call can do this. The demo plays the person here: it runs the real command "
        "on a pseudo-terminal and types the words it is shown."
    )
    page.command(command)
    sitting = sit(own(command), stage.environment)
    page.shown(sitting.shown)
    _expect(sitting.status == 0, "the consent")


def _answered(page: Page, visitor: Visitor) -> str:
    """Have a question answered; return the id of the newest activity with a climb."""
    page.part("The same assistant is answered")
    asked = {"provider": "strava", "limit": 5}
    found = visitor.answered("get_activities", asked)["activities"]
    _expect(len(found["id"]) == 5, "five activities")
    outdoors = (i for i, up in enumerate(found["ascent_m"]) if up is not None)
    activity_id = str(found["id"][next(outdoors, 0)])
    page.part("How is my training load?")
    load = visitor.answered("analyze_training_load", {"project_days": 0})
    _expect(load["ctl"] > 0 and load["rows"]["load"], "the training load")
    page.part("It looks at one from sample to sample")
    asked = {"id": activity_id, "max_points": 20}
    streams = visitor.answered("get_activity_streams", asked)
    few = 1 < streams["returned_points"] <= 20 < streams["source_points"]
    _expect(few, "the samples with their peaks")
    return activity_id


def _partly_answered(page: Page, visitor: Visitor, activity_id: str) -> None:
    page.part("Places and notes were not consented to, so they are withheld")
    whole = visitor.answered("get_activity", {"id": activity_id})
    withheld = {(p["source"], p["category"]) for p in whole["withheld"]}
    _expect(
        {("strava", "location"), ("strava", "notes")} <= withheld
        and not whole["route"]
        and not whole["untrusted_text"],
        "what is withheld",
    )


def _withdrawn(page: Page, visitor: Visitor) -> None:
    page.part("A consent withdrawn ends at once")
    visitor.answered("withdraw_consent", {"scopes": ["strava:activities"]})
    told = visitor.refused("get_activities", {"provider": "strava", "limit": 5})
    _expect("strava:activities" in told, "the withdrawal")


def _logged(stage: Stage) -> None:
    stage.page.part("Every call left one record, and the records hold together")
    checked = _ran(stage, f"{APP} audit verify")
    _expect("Healthy" in checked, "the check of the log")
    rows = _ran(stage, f"{APP} audit tail")
    _expect("consent_missing" in rows and VISITOR in rows, "the end of the log")


def _ran(stage: Stage, command: str) -> str:
    """Run a command of ours, show it and what it said, and return that."""
    stage.page.command(command)
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            own(command),
            env=stage.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_WITHIN_S,
            check=False,
            encoding="utf-8",
        )
    except subprocess.TimeoutExpired:
        raise DemoUnexpectedError(command) from None
    stage.page.as_is(done.stdout)
    _expect(done.returncode == 0, command)
    return done.stdout


def own(command: str) -> list[str]:
    """Return how to run one of our commands with the program that is running."""
    return [sys.executable, "-m", "pierre_mcp", *shlex.split(command)[1:]]


def _columns(found: Mapping[str, Any], shown: Sequence[str]) -> dict[str, list[Any]]:
    return {name: found[name][:_MOST_ROWS] for name in shown if name in found}


def _expect(holds: object, step: str) -> None:
    if not holds:
        raise DemoUnexpectedError(step)


@contextmanager
def _bar() -> Iterator[Listener]:
    """Give a listener that draws a bar on stderr, where that is a terminal."""
    console = err()
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Making an athlete", total=None)

        def listen(progress: Progress) -> None:
            bar.update(task, completed=progress.done, total=progress.total)

        yield listen
