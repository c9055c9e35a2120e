"""A first call: start the demo server, ask for five activities, print the answer.

Run it with: python examples/first_call.py
"""

import asyncio
import sys

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import TextContent

DEMO = StdioServerParameters(
    command=sys.executable, args=["-P", "-m", "pierre_mcp", "serve", "--demo"]
)


async def main() -> None:
    """Ask, and show what a model is shown."""
    async with Client(stdio_client(DEMO)) as client:
        answer = await client.call_tool("get_activities", {"limit": 5})
        for block in answer.content:
            if isinstance(block, TextContent):
                print(block.text)


asyncio.run(main())
