"""Withdrawing over MCP: an assistant gives up what it holds, and is refused after.

It can take nothing back by itself: only the person can give consent again, on a
terminal. Run it with: python examples/withdraw_consent.py
"""

import asyncio
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import TextContent

DEMO = StdioServerParameters(
    command=sys.executable, args=["-P", "-m", "pierre_mcp", "serve", "--demo"]
)


async def ask(client: Client, tool: str) -> None:
    """Call a tool without arguments, and print the plain line of its answer."""
    answer = await client.call_tool(tool)
    for block in answer.content:
        if isinstance(block, TextContent):
            print(f"{tool}: {block.text.splitlines()[0]}")


async def main() -> None:
    """Ask, give consent up, and ask again."""
    async with Client(stdio_client(DEMO)) as client:
        await ask(client, "get_activities")
        await ask(client, "withdraw_consent")
        await ask(client, "get_activities")


asyncio.run(main())
