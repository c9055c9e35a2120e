"""A server tells on stderr what was given, at its start and while it runs."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.server.lately import Lately
from pierre_mcp.services.consents import Given

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Told:
    """What the ledger says, one look after the other."""

    def __init__(self, *looks: tuple[Given, ...] | Exception) -> None:
        self._looks = list(looks)
        self.done = asyncio.Event()

    async def __call__(self) -> tuple[Given, ...]:
        look = self._looks.pop(0)
        if not self._looks:
            self.done.set()
        if isinstance(look, Exception):
            raise look
        return look


def given(to: str, minutes: int) -> Given:
    return Given(to, NOW + timedelta(minutes=minutes), 12)


async def watched(told: Told) -> None:
    lately = Lately(told, "pierre-mcp", first_s=0.001, again_s=0.001)
    lately.start()
    await asyncio.wait_for(told.done.wait(), 5)
    await lately.close()


@pytest.mark.promise("consent.human-only")
async def test_each_consent_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    first, second = given("claude-desktop", 0), given("other", 5)
    with caplog.at_level(logging.WARNING):
        await watched(Told((), (first,), (first,), (first, second), ()))
    assert [record.getMessage() for record in caplog.records] == [
        f"Consent was given in the last 7 days: {to} on 2026-03-01 (UTC). Not you? "
        "pierre-mcp consent withdraw --to NAME"
        for to in ("claude-desktop", "other")
    ]


async def test_a_store_that_cannot_say_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        await watched(Told(PolicyTamperedError(), (given("x", 0),), ()))
    assert [record.getMessage()[:24] for record in caplog.records] == [
        "consents were not looked", "Consent was given in the",
    ]  # fmt: skip


async def test_a_session_shorter_than_the_first_look_is_told_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lately = Lately(Told((given("x", 0),)), "pierre-mcp")
    lately.start()
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(lately.close(), 0.5)
    assert len(caplog.records) == 1


async def test_one_that_never_began_ends() -> None:
    await Lately(Told(()), "pierre-mcp").close()
