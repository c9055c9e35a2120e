"""Logging on the command line: warnings as plain lines on stderr, never a trace."""

import logging


def quiet_logs() -> None:
    """Show warnings only, each as one line."""
    logging.basicConfig(format="pierre-mcp: %(message)s", level=logging.WARNING)
