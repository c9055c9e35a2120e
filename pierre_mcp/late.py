"""Modules imported when something of them is first used.

A client waits for a server's start, and most sessions begin with a list: what neither
needs is imported later, numpy and what stands on it before all. Where one stands, type
checker and import contracts see the import itself::

    if TYPE_CHECKING:
        import numpy as np
    else:
        np = Late("numpy")
"""

from importlib import import_module
from typing import Any


class Late:
    """A module by name; the import system sees to threads."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)
