"""Past refunds from the ledger, and a policy as it would decide them: for back-tests.

Reads only. A refund counts as it was decided the first time: what people agreed to later
belongs to the old policy.
"""

from collections.abc import Iterable
from datetime import datetime

from pef_adapters.core.errors import HistoryUnreadable
from pef_adapters.core.policy import Outcome, Policy
from pef_adapters.core.policy.backtest import PastRefund
from pef_adapters.core.policy.recorded import facts_of
from pef_adapters.engine.known import known_store
from pef_adapters.engine.policies import joined
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Decided


async def past_refunds(ports: Ports, since: datetime, store_id: str | None) -> list[PastRefund]:
    """The refunds that were first decided from `since` on, in one store or in all, oldest first.

    Raises:
        NotThere: no such store.
        HistoryUnreadable: a record holds no decision that can be read; the message names it.
    """
    async with ports.book.begin() as ledger:
        if store_id is not None:
            await known_store(ledger, store_id)
        decided = await ledger.decided(since, store_id)
        older = await _decided_before(ledger, decided, since, store_id)
    return [_past(first) for first in _firsts(decided) if first.refund_id not in older]


async def as_published(ports: Ports, store_id: str, draft: Policy) -> Policy:
    """What would decide about the store's refunds if this draft were published now.

    Raises:
        NotThere: no such store.
        PolicyLocked: the draft changes what the store's agency locks.
    """
    async with ports.book.begin() as ledger:
        return await joined(ledger, await known_store(ledger, store_id), draft)


async def _decided_before(
    ledger: Ledger, decided: Iterable[Decided], since: datetime, store_id: str | None
) -> frozenset[str]:
    """Which of these refunds had their first decision before `since`."""
    refunds = [await ledger.refund(first.refund_id) for first in _firsts(decided)]
    begun = [each.created_at for each in refunds if each is not None and each.created_at < since]
    if not begun:
        return frozenset()
    earlier = await ledger.decided(min(begun), store_id)
    return frozenset(each.refund_id for each in earlier if each.at < since)


def _firsts(decided: Iterable[Decided]) -> list[Decided]:
    """Each refund's oldest decision of these, which come oldest first."""
    firsts: dict[str, Decided] = {}
    for each in decided:
        firsts.setdefault(each.refund_id, each)
    return list(firsts.values())


def _past(first: Decided) -> PastRefund:
    try:
        return PastRefund(
            first.refund_id, facts_of(first.facts), Outcome(first.decision["outcome"])
        )
    except (KeyError, ValueError):
        raise HistoryUnreadable(
            f"the decision about refund {first.refund_id} can't be read; begin with a later day"
        ) from None
