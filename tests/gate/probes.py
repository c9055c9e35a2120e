"""Tools of the tests' own: rows of the table that do what a test needs done inside."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Params, Reply, Sensitive
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.table import Shown, Tool

READS = Terms(
    required=Category.ACTIVITIES,
    opens=frozenset({Category.ACTIVITIES, Category.HEART_RATE}),
    purposes=frozenset({Purpose.INSIGHTS}),
)
NEEDS_NOTHING = Terms(required=None, opens=frozenset({Category.ACTIVITIES}))
WRITES = Terms(required=None, opens=frozenset({Category.ACTIVITIES}), writes=True)


class Said(Reply):
    """What a probe says."""

    word: Annotated[str, PUBLIC]
    data: Annotated[str, Sensitive(Category.ACTIVITIES)] = ""


class Asked(Params):
    """What a probe is asked."""

    word: Annotated[str, Field(description="Any word.")] = "word"


Run = Callable[[Tx, Grant], str]


def probe(run: Run, terms: Terms = READS, name: str = "probe") -> Tool[Any, Any]:
    """A tool that says what ``run`` returns."""
    return Tool(
        name=name,
        title="Probe",
        summary="For a test.",
        takes=Asked,
        gives=Said,
        terms=terms,
        run=lambda tx, grant, _: Said(word=run(tx, grant), data="s3cret"),
        show=lambda said, _: Shown(f"It says {said.word}.", said),
    )


class Acting:
    """A probe's work, which a test sets after the world is made."""

    def __init__(self) -> None:
        self.runs = 0
        self.does: Callable[[Tx, Grant], object] = lambda *_: None

    def __call__(self, tx: Tx, grant: Grant) -> str:
        self.runs += 1
        self.does(tx, grant)
        return f"run {self.runs}"
