"""The one table, made when something of it is first asked for.

A client waits for the reply to its first message, which needs no tool. Their models
are a seventh of what a start imports, so they come with the first question about them.
"""

from typing import TYPE_CHECKING, Any

from pierre_mcp.late import Late
from pierre_mcp.tools.table import Table

if TYPE_CHECKING:
    from pierre_mcp.tools import catalogue
else:
    catalogue = Late("pierre_mcp.tools.catalogue")


class LateTable(Table):
    """Every tool, resource and prompt there is, as ``catalogue.table`` gives them."""

    def __init__(self) -> None:
        """Make nothing yet."""

    def __getattr__(self, name: str) -> Any:
        if name not in {"tools", "resources", "prompts"}:
            raise AttributeError(name)
        vars(self).update(vars(catalogue.table()))
        return vars(self)[name]


TABLE = LateTable()
"""One for every gate of a process."""
