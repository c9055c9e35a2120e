"""What a tool needs before it may run, declared beside it and weighed by the gate."""

from dataclasses import dataclass

from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The needs of one tool or resource.

    Attributes:
        required: The one category without which the call is refused; None for a
            tool that needs nothing, and then shows only what is consented to.
        opens: Every category its answer may carry, the required one included;
            what of it is not consented to is withheld.
        purposes: What it processes data for.
        writes: It changes the store, and so runs inside the write transaction.
        asks: Consent to the tool itself and to sharing is needed although no category
            is: it starts work, and shows of that only what is consented to.
    """

    required: Category | None
    opens: frozenset[Category] = frozenset()
    purposes: frozenset[Purpose] = frozenset()
    writes: bool = False
    asks: bool = False

    def __post_init__(self) -> None:
        if self.required is not None and self.required not in self.opens:
            msg = "a required category is one that is opened"
            raise ValueError(msg)
        if self.opens and not self.purposes and self.required is not None:
            msg = "a tool that reads data names what for"
            raise ValueError(msg)

    @property
    def needs_nothing(self) -> bool:
        """Whether it runs without any consent (and says only what is held)."""
        return self.required is None and not self.asks
