"""Objecting, and lifting it: the policy and its ledger, in the caller's step."""

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.policy.objections import SHARE
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent


def object_to(tx: Tx, grant: Grant, word: str) -> bool:
    """Object, from the caller's commit on; tell whether that is new.

    Args:
        tx: The caller's transaction.
        grant: The owner's.
        word: As ``policy.objections.word_of`` gives it.

    Raises:
        RuntimeError: The grant is not the owner's.
    """
    policy = _policy(tx, grant)
    if word in policy.blocks:
        return False
    blocks = sorted({*policy.blocks, word})
    _change(tx, grant, policy, blocks, event=LedgerEvent.OBJECTED, word=word)
    return True


def lift(tx: Tx, grant: Grant, word: str) -> bool:
    """Lift an objection; tell whether there was one. Consents count again as they do.

    Raises:
        RuntimeError: The grant is not one by which the owner lets more out.
    """
    signature, policy = grant.check_widens(), _policy(tx, grant)
    if word not in policy.blocks:
        return False
    blocks = [one for one in policy.blocks if one != word]
    lifted = LedgerEvent.OBJECTION_LIFTED
    _change(tx, grant, policy, blocks, event=lifted, word=word, signature=signature)
    return True


def listed(tx: Tx, grant: Grant) -> list[str]:
    """Return what the person objects to, in order.

    Raises:
        RuntimeError: The grant is not the owner's.
    """
    return list(_policy(tx, grant).blocks)


def _policy(tx: Tx, grant: Grant) -> Policy:
    if not grant.owner:
        msg = "an objection is its owner's to make, to see and to lift"
        raise RuntimeError(msg)
    return policies.read(tx, grant).policy


def _change(  # noqa: PLR0913 - one line of the ledger
    tx: Tx,
    grant: Grant,
    policy: Policy,
    blocks: list[str],
    *,
    event: LedgerEvent,
    word: str,
    signature: str = "",
) -> None:
    update = {"policy_epoch": policy.policy_epoch + 1, "blocks": blocks}
    policies.write(tx, grant, policy.model_copy(update=update))
    head, _, recipient = word.partition(":")
    entry = LedgerEntry(
        event=event,
        at=grant.here.now,
        recipient=recipient if head == SHARE else "",
        by="owner",
        subject=word,
        signature=signature,
    )
    policies.enter(tx, grant, entry)
