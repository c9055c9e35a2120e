"""What leaves: an answer cut to its level and budget, or a refusal in words."""

from typing import TYPE_CHECKING, Any

from pierre_mcp.errors import PierreError
from pierre_mcp.gate.exits import Exit
from pierre_mcp.late import Late
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.fields import Params
from pierre_mcp.model.grant import Grant
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.table import Tool

if TYPE_CHECKING:  # not needed to greet a client
    from pierre_mcp.store import locations
else:
    locations = Late("pierre_mcp.store.locations")


def answer_of(tx: Tx, grant: Grant, tool: Tool[Any, Any], params: Params) -> Answer:
    """Run a tool and return what may leave of its result."""
    way = Exit(
        tx.ring,
        grant,
        tool,
        params,
        touching=lambda ids: locations.touching(tx, grant, ids),
    )
    result = way.leveled(tool.run(tx, grant, way.incoming()))
    shown, content = way.fitted(result)
    if tool.document:
        return Answer(text=shown.line, mime_type="text/markdown")
    text, begun = f"{shown.line}\n{content.decode()}", tool.begins(result)
    units = grant.here.profile.units
    return Answer(
        text=text,
        structured=content,
        operation=begun,
        units=units,
        days=tuple(tool.days(shown.reply)),
    )


def refusal_of(error: PierreError) -> Answer:
    """Return the answer that a caller gets in place of one."""
    return Answer(text=f"{error.code}: {error}", is_error=True, code=error.code)
