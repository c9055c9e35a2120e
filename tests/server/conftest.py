"""Toy servers for the wire tests."""

from collections.abc import Callable, Iterator

import pytest

from tests.server.raw import Wire


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def start() -> Iterator[Callable[..., Wire]]:
    """Start toy servers; each is ended with the test."""
    wires: list[Wire] = []

    def begin(*options: str) -> Wire:
        wires.append(Wire(*options))
        return wires[-1]

    yield begin
    for wire in wires:
        wire.close()


@pytest.fixture
def fresh(start: Callable[..., Wire]) -> Wire:
    """A server nobody has spoken to."""
    return start()


@pytest.fixture
def wire(fresh: Wire) -> Wire:
    """A server that has been greeted."""
    fresh.greet()
    return fresh


@pytest.fixture(scope="module")
def shared() -> Iterator[Wire]:
    """One greeted server for a whole module: it must outlive all of its tests."""
    wire = Wire()
    wire.greet()
    yield wire
    status = wire.end()
    wire.close()
    assert status == 0
    assert b"Traceback" not in wire.log
