"""Builds the server: the store on its thread, the gate on it, the desk before it."""

import argparse
import asyncio
import logging
import os
from collections.abc import Sequence

import anyio

from pierre_mcp.clock import SystemClock
from pierre_mcp.desk import FrontDesk
from pierre_mcp.errors import DemoRecipientError, PierreError
from pierre_mcp.gate.house import Opener, behind, opener
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.scope import check_label
from pierre_mcp.platform import harden
from pierre_mcp.server.descriptors import take_stdio
from pierre_mcp.server.signals import Signals
from pierre_mcp.server.transport import serve
from pierre_mcp.settings import DEFAULT_PROFILE, Settings, from_environment
from pierre_mcp.store.worker import Worker

LOG = logging.getLogger(__name__)

BEHIND = (
    "the keys are not wrapped under the master key set as primary; to move to it: {} "
    "keys rewrap"
)


def run(given: Sequence[str]) -> int:
    """Serve over stdin and stdout; return the exit status.

    Args:
        given: ``[--profile NAME] [serve] [--client LABEL] [--demo]``.
    """
    signals = Signals()
    signals.remember()
    harden()
    descriptors = take_stdio()
    logging.basicConfig(format="pierre-mcp: %(message)s", level=logging.WARNING)
    asked = _parser().parse_args(given)
    try:
        return _serve(asked, descriptors, signals)
    except PierreError as error:
        LOG.error("%s: %s", error.code, error)  # noqa: TRY400 - a sentence, no trace
        return error.exit_status
    except (KeyboardInterrupt, asyncio.CancelledError):
        return signals.status or 130  # before there was anything to serve


def _serve(
    asked: argparse.Namespace, descriptors: tuple[int, int], signals: Signals
) -> int:
    settings = from_environment(asked.profile)
    _greet_terminal(descriptors[0], settings)
    if not asked.demo:
        recipient = check_label(asked.client or "local")
        open_ = opener(settings)
        return anyio.run(_serve_stdio, settings, recipient, descriptors, open_, signals)
    # Imported here: generating an athlete needs what serving one does not.
    from pierre_mcp.gate.founding import DEMO_RECIPIENT  # noqa: PLC0415 - see above
    from pierre_mcp.gate.temporary import demo_store  # noqa: PLC0415 - likewise

    if asked.client not in {None, DEMO_RECIPIENT}:
        # Its refusals would name a command that acts on the person's own store.
        raise DemoRecipientError

    with demo_store(settings) as (temporary, open_):
        return anyio.run(
            _serve_stdio, temporary, DEMO_RECIPIENT, descriptors, open_, signals
        )


async def _serve_stdio(
    settings: Settings,
    recipient: str,
    descriptors: tuple[int, int],
    open_: Opener,
    signals: Signals,
) -> int:
    with signals.cancelling():
        async with Worker(open_) as worker:
            _warn_of_development_key(open_)
            if await worker.run(lambda store, _: behind(store)):
                LOG.warning("%s", BEHIND.format(settings.command))
            desk = FrontDesk(
                worker,
                open_,
                settings=settings,
                recipient=recipient,
                clock=SystemClock(),
            )
            await desk.note("start", Outcome.STARTED)
            await desk.resume()
            desk.begin()
            try:
                status = await serve(desk, *descriptors, signals)
            finally:
                await desk.end()
            worker.give_up()  # nothing waits for the lock any more: we are leaving
            try:
                await desk.settle()
                await desk.note("stop", Outcome.STOPPED)
            except PierreError as error:
                LOG.warning("the stop was not recorded: %s", error.code)
            await desk.witnessing.close()
    return status


def _warn_of_development_key(open_: Opener) -> None:
    found = open_.masters.origin()
    if found.development:
        LOG.warning(
            "using a development master key (public id %s), kept in the configuration "
            "directory; for production set PIERRE_MASTER_ENCRYPTION_KEY",
            found.public_id,
        )


def _greet_terminal(stdin_fd: int, settings: Settings) -> None:
    if os.isatty(stdin_fd):
        LOG.warning(
            "waiting for a client on this terminal. A client such as Claude Desktop "
            "starts it by itself. Try: %s demo, or: %s setup (Ctrl-C ends this)",
            settings.command,
            settings.command,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pierre-mcp", add_help=False)
    parser.add_argument("--profile", default=DEFAULT_PROFILE)
    parser.add_argument("command", nargs="?", choices=["serve"])
    parser.add_argument("--client")
    parser.add_argument("--demo", action="store_true")
    return parser
