"""Leave to read or maintain, as a value that only the gate can make.

Every data method of the store takes a Grant, and person, sources and categories come
from it, never from parameters: a way round the gate does not type-check. A grant dies
when its call is released. This stops mistakes, not hostile code in our process.
"""

from collections.abc import Iterable
from typing import Final, NoReturn

from pierre_mcp.model.category import Category
from pierre_mcp.model.here import Here
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Pair


class Mint:
    """Makes grants. The gate owns one and shows it to nobody."""

    __slots__ = ()


class Grant:
    """Leave to read one person's data for one call.

    Not a dataclass, so that no ``replace`` widens it; no copy outlives it either.

    Attributes:
        tenant: The person's tenant.
        person: Whose data it is.
        recipient: Whom the answer is for; None for the owner.
        here: What is true around the call.

    The argument ``signature`` says that it may let more out than before: by the consent
    lock's signature, or empty where none is on. None, as nearly always: it may not.
    """

    __slots__ = (
        "_alive", "_pairs", "_signature", "_withheld", "here", "person", "recipient",
        "tenant",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - what it is, in names
        self,
        mint: Mint,
        *,
        who: Identity,
        here: Here,
        recipient: str | None,
        pairs: frozenset[Pair] | None,
        withheld: Iterable[Pair] = (),
        signature: str | None = None,
    ) -> None:
        if type(mint) is not Mint:
            msg = "only the gate makes grants"
            raise TypeError(msg)
        self.tenant: Final = who.tenant
        self.person: Final = who.person
        self.here: Final = here
        self.recipient: Final = recipient
        self._pairs: Final = pairs
        self._withheld: Final = tuple(withheld)
        self._signature: Final = signature
        self._alive = True

    def __repr__(self) -> str:
        return "<Grant>" if self._alive else "<Grant, dead>"

    def __reduce__(self) -> NoReturn:
        msg = "a grant is never copied: the copy would outlive its call"
        raise TypeError(msg)

    @property
    def owner(self) -> bool:
        """Whether everything may be read: the owner, asking for himself."""
        return self._pairs is None

    @property
    def withheld(self) -> tuple[Pair, ...]:
        """The pairs declared by the tool and not consented to."""
        return self._withheld

    def reads(self, source: str, category: Category) -> bool:
        """Tell whether cells of this source and category may be opened."""
        self.check()
        return self._pairs is None or (source, category) in self._pairs

    def reads_any(self, category: Category) -> bool:
        """Tell whether cells of this category may be opened, of one source at least."""
        return self.sources(category) != frozenset()

    def sources(self, category: Category) -> frozenset[str] | None:
        """Return the sources that may be read for ``category``; None means all."""
        self.check()
        if self._pairs is None:
            return None
        return frozenset(s for s, held in self._pairs if held is category)

    def check(self) -> None:
        """Refuse to serve once the call is over.

        Raises:
            RuntimeError: The grant is dead; whoever kept it has a bug.
        """
        if not self._alive:
            msg = "this grant died when its call was released"
            raise RuntimeError(msg)

    def check_widens(self) -> str:
        """Refuse what lets more out than before under a grant that was not made for it.

        Only ``gate.widen`` makes one that was, once the consent lock is satisfied.

        Returns:
            The lock's signature over the act, hex, for its record; empty where no lock
            is on.

        Raises:
            RuntimeError: It was made for less; whoever asked has a bug.
        """
        self.check()
        if self._signature is None:
            msg = "this lets more out, and goes through gate.widen"
            raise RuntimeError(msg)
        return self._signature

    def kill(self) -> None:
        """End it for good."""
        self._alive = False


class Maintenance:
    """Leave to keep the store, never to see into it: no method under it opens a value.

    Made by the gate for the system, as a Grant is for a person.
    """

    __slots__ = ()

    def __init__(self, mint: Mint) -> None:
        if type(mint) is not Mint:
            msg = "only the gate makes maintenance tokens"
            raise TypeError(msg)
