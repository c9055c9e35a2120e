"""What a ``Fork`` finds imported. Only the fork server itself imports this."""
# ruff: noqa: F401 - imported for those that begin here

import gc

import coverage

import pierre_mcp.app
import pierre_mcp.cli.program
import tests.forks
import tests.server.desk

# What the imports ran is written once here, and not again by each that begins.
if (measured := coverage.Coverage.current()) is not None:
    measured.get_data()
gc.freeze()
