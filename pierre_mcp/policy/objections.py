"""What the person objects to, whatever is consented to.

A word of ``Policy.blocks`` is the purpose (``analytics:insights``), the recipient
(``share:claude-desktop``), or ``share``: any disclosure to anybody.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pierre_mcp.errors import ObjectionUnknownError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.model.terms import Terms

SHARE: Final = "share"
"""Any disclosure: the opt-out of the CCPA (Cal. Civ. Code 1798.120, 1798.135)."""


def of_recipient(blocks: Collection[str], recipient: str) -> tuple[str, ...]:
    """Return the objections by which nothing may go to ``recipient`` at all."""
    return _among(blocks, (SHARE, scopes.share(recipient)))


def against(blocks: Collection[str], terms: Terms, recipient: str) -> tuple[str, ...]:
    """Return the objections that stand against running something for ``recipient``."""
    purposes = tuple(scopes.processing(one) for one in sorted(terms.purposes))
    return (*of_recipient(blocks, recipient), *_among(blocks, purposes))


def about(blocks: Collection[str], recipient: str) -> tuple[str, ...]:
    """Return the objections that ``recipient`` may be told: no other's."""
    purposes = tuple(map(scopes.processing, Purpose))
    return (*of_recipient(blocks, recipient), *_among(blocks, purposes))


def stands_against(blocks: Collection[str], scope: Scope) -> bool:
    """Tell whether the person objects to what a scope is for."""
    is_share = scopes.kind_of(scope) is scopes.Kind.TRANSMISSION
    return scope in blocks or (is_share and SHARE in blocks)


def standing(blocks: Collection[str], wanted: Iterable[Scope]) -> tuple[str, ...]:
    """Return the objections that stand against any of some scopes."""
    each = tuple(wanted)
    return tuple(b for b in blocks if any(stands_against((b,), one) for one in each))


def word_of(what: str, recipient: str | None) -> str:
    """Return the word for ``insights``, ``analytics:insights``, ``share`` and so on.

    Args:
        what: As it was typed.
        recipient: Its label, where it is about one; of ``share`` alone.

    Raises:
        LabelMalformedError: No recipient has such a label.
        ObjectionUnknownError: It is none of these.
    """
    if what == SHARE:
        return (
            SHARE if recipient is None else scopes.share(scopes.check_label(recipient))
        )
    purpose = what.removeprefix("analytics:")
    if recipient is not None or purpose not in set(Purpose):
        raise ObjectionUnknownError
    return scopes.processing(Purpose(purpose))


def command_of(word: str) -> str:
    """Return what is typed after ``object`` for a word, as ``share --to NAME``."""
    head, _, recipient = word.partition(":")
    return f"{SHARE} --to {recipient}" if head == SHARE and recipient else word


def lifting(words: Collection[str], command: str) -> tuple[str, ...]:
    """Return the commands by which the person lifts these."""
    return tuple(f"{command} object {command_of(one)} --lift" for one in words)


def _among(blocks: Collection[str], words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in words if word in blocks)
