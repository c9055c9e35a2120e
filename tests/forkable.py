"""What a ``Fork`` finds imported. Only the fork server itself imports this."""
# ruff: noqa: F401 - imported for those that begin here

import gc
import importlib
import pkgutil

import anyio._backends._asyncio
import coverage
import numpy.ma
import typer._adapters

import pierre_mcp.app
import pierre_mcp.cli.program
import tests.forks
import tests.server.desk
from tests import measuring

# What the program imports only when it is needed: that it does is seen of ``PROGRAM``,
# and the tests' own process, which imports all of it too, measures it.
with measuring.off():
    importlib.import_module("tzdata")
    for one in pkgutil.walk_packages(pierre_mcp.__path__, "pierre_mcp."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
# What the imports ran is written once here, and not again by each that begins.
if (here := coverage.Coverage.current()) is not None:
    here.get_data()
gc.freeze()
