"""A real server process over its own stdin and stdout, with a toy desk."""

import asyncio
import gc
import sys
from pathlib import Path

gc.disable()
sys.path.insert(0, str(Path(__file__).parents[2]))

from pierre_mcp.server.descriptors import take_stdio  # noqa: E402  # first of all

STDIN, STDOUT = take_stdio()

from pierre_mcp.server.transport import serve  # noqa: E402  # after the descriptors
from tests.server.desk import Toy  # noqa: E402  # likewise

if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(asyncio.run(serve(Toy(), STDIN, STDOUT)))
