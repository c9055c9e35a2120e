"""Modules imported when something of them is first used.

Only for numpy and what stands on it: they take a tenth of a server's start, which a
client waits for, and most sessions begin with a list. Where one stands, type checker
and import contracts see the import itself::

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
