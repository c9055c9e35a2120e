"""Tickets: how many, which, and when all are back."""

import asyncio

from pierre_mcp.server.lines import Fault
from pierre_mcp.server.tickets import Ticket, Tickets


async def test_a_ticket_comes_back_once() -> None:
    tickets = Tickets(limit=1)
    first = tickets.admit("7")
    assert isinstance(first, Ticket)
    assert tickets.settle(7) is first  # the SDK takes them for one
    assert tickets.settle(7) is None
    assert isinstance(tickets.admit(8), Ticket)


async def test_an_id_is_held_while_it_runs() -> None:
    tickets = Tickets()
    tickets.admit(7)
    refused = tickets.admit("7")
    assert isinstance(refused, Fault)
    assert (refused.code, refused.id) == (-32600, None)


async def test_one_wait_and_then_none_until_room() -> None:
    """So that what is behind many stuck calls is read within a second."""
    tickets = Tickets(limit=1)
    tickets.admit(1)
    began = asyncio.get_running_loop().time()
    for request_id in range(2, 50):
        refused = tickets.admit(request_id)
        assert isinstance(refused, Fault)
        assert (refused.code, refused.id) == (-32000, request_id)
    assert asyncio.get_running_loop().time() - began < 1
    tickets.settle(1)
    assert isinstance(tickets.admit(50), Ticket)


async def test_none_left() -> None:
    tickets = Tickets()
    for request_id in (1, 2):
        tickets.admit(request_id)
    waiting = asyncio.ensure_future(tickets.none_left())
    for request_id in (1, 2):
        await asyncio.sleep(0)
        assert not waiting.done()
        tickets.settle(request_id)
    await asyncio.wait_for(waiting, 1)
