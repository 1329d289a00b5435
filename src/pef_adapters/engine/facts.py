"""Gather what a decision is made from, inside the transaction that keeps it.

The refund and its payment are locked already; the counters of limits are locked here,
last, so that of two refunds at once the second sees what the first has used.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.policy import DEFAULT_RAIL, Facts, LimitScope, Policy, Sibling, Used, Vote
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.policy.limits import counter, limit_key, window_start
from pef_adapters.core.states import COUNTED, State
from pef_adapters.core.texts import known
from pef_adapters.engine.policies import decided_since
from pef_adapters.engine.ports import Ledger, RailPayment
from pef_adapters.engine.records import Account, Act, Payment, Refund, ReviewEnd, Store
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import StoreRefund

_WITHDRAWN = frozenset({State.REJECTED, State.FAILED, State.CANCELLED, State.REVERSED})
_BARRED = "code.PAYOUT_BARRED_BY_STORE"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# Whatever was agreed before one of these counts no more.
_VOTES_LOST = frozenset({ReviewEnd.EXPIRED, ReviewEnd.DECLINED, ReviewEnd.VOID})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the outside said about one refund, read a moment ago."""

    store: Store
    account: Account
    wanted: StoreRefund
    payment: RailPayment | None


async def gather(
    ledger: Ledger, refund: Refund, asked: Asked, payment: Payment | None, now: datetime
) -> Facts:
    """All facts but what limits count, which needs the policy (`with_limits`)."""
    bare = _bare(refund, asked, payment, now)
    destination = await ledger.newest_destination(refund.id) if refund.destination else None
    return replace(
        bare,
        beneficiary=destination.bound if destination else None,
        siblings=await _siblings(ledger, refund),
        votes=await _votes(ledger, refund.id, asked.store),
        buyer_past_refunds=await _past_refunds(ledger, refund),
    )


async def with_limits(ledger: Ledger, facts: Facts, policy: Policy, refund_id: str) -> Facts:
    """The facts with what other refunds have used, counted under lock."""
    # Also where this policy counts nothing: another store's limit may count this refund.
    keys = {per: limit_key(per, facts) for per in LimitScope}
    await ledger.lock_limits([f"{per}/{key}" for per, key in keys.items() if key is not None])
    limits = [limit for limit in policy.limits if counter(limit, facts) is not None]
    used: dict[str, Used] = {}
    for limit in limits:
        key, since = limit_key(limit.per, facts), window_start(limit, facts.now)
        used[str(counter(limit, facts))] = await ledger.used(
            limit.per, str(key), since, but=refund_id
        )
    return replace(facts, used=used)


def editors(refund: Refund, store: Store) -> frozenset[str]:
    """Who pressed the button or changed the refund, by every name we know them by."""
    changed_by = (refund.requested_by, refund.edited_by, refund.lane_chosen_by)
    names = [name for name in changed_by if name]
    return frozenset([*names, *(person_behind(store, name) for name in names)])


def person_behind(store: Store, name: str) -> str:
    """The person whom the store told us to be this operator; else the name as it is."""
    people = store.settings.get("people", {}).items()
    return next((str(who) for operator, who in people if fold(operator) == fold(name)), name)


def _bare(refund: Refund, asked: Asked, payment: Payment | None, now: datetime) -> Facts:
    wanted, at_rail = asked.wanted, asked.payment
    settings = asked.account.settings
    return Facts(
        amount=wanted.amount,
        order_currency=wanted.order_currency,
        transaction_id=wanted.transaction_id,
        payment=payment.paid if payment else None,
        rest=payment.rest if payment else None,
        paid_at=at_rail.paid_at if at_rail else wanted.order_paid_at,
        reversed_by_bank=payment is not None and payment.reversed_at is not None,
        paid_by_gateway=wanted.paid_by_gateway,
        paid_through_us=wanted.ours,
        store_mode=asked.store.mode,
        account_mode=asked.account.mode,
        now=now,
        rail=str(settings.get("rail", DEFAULT_RAIL)),
        payment_method=wanted.payment_method,
        platform=asked.store.platform,
        reason=wanted.reason,
        categories=wanted.categories,
        tags=wanted.tags,
        pressed_by=refund.requested_by,
        kyc_until=last_day(settings, "kyc_until"),
        keys_until=last_day(settings, "keys_until"),
        asked_at=wanted.requested_at,
        store=refund.store_id,
        account=refund.account_id,
        buyer=refund.buyer,
        destination=refund.destination,
        payout_chosen=refund.lane_chosen_by is not None,
        payout_barred=barred(wanted),
        editors=editors(refund, asked.store),
    )


def barred(wanted: StoreRefund) -> str | None:
    """The code by which the store bars payouts by hand; one without a text is still a bar."""
    key = wanted.payout_barred
    if key is None:
        return None
    return (key if key.startswith("code.") and known(key) else _BARRED).removeprefix("code.")


def last_day(settings: Any, name: str) -> date | None:
    """The last good day that an account's settings record under `name`.

    Raises:
        SettingInvalid: it is no date.
    """
    kept = settings.get(name)
    try:
        return date.fromisoformat(kept) if kept else None
    except (TypeError, ValueError):
        raise SettingInvalid(f"account setting {name}: write a day such as 2027-06-30") from None


async def _siblings(ledger: Ledger, refund: Refund) -> tuple[Sibling, ...]:
    """Refunds of the order, or of the payment, that became ours before this one.

    Of two, exactly one is first. One that came later counts too, once its money may leave:
    refunded by hand while the first one waited, the first is one too many.
    """
    order = await ledger.refunds_of_order(refund.store_id, refund.order_id)
    own = next(place for place, other in enumerate(order) if other.id == refund.id)
    beside = await _of_other_orders(ledger, refund)
    earlier = {other.id for other in order[:own]} | {
        other.id for other in beside if _age(other) < _age(refund)
    }
    return tuple(
        Sibling(_shown(other, refund), other.amount, other.requested_at)
        for other in (*order, *beside)
        if other.id != refund.id
        and other.state not in _WITHDRAWN
        and (other.id in earlier or other.state in COUNTED)
    )


async def _of_other_orders(ledger: Ledger, refund: Refund) -> list[Refund]:
    """What is refunded by hand, or by another store of the account, can have another order."""
    if refund.transaction_id is None:
        return []
    own = (refund.store_id, refund.order_id)
    found = await ledger.refunds_of_payment(refund.account_id, refund.transaction_id)
    return [other for other in found if (other.store_id, other.order_id) != own]


def _age(refund: Refund) -> tuple[datetime, str]:
    return refund.created_at, refund.id


def _shown(other: Refund, beside: Refund) -> str:
    """The name that people of this store know; another store's are none of their business."""
    store_knows = other.store_id == beside.store_id and other.platform != BY_HAND
    return other.platform_refund_id if store_knows else other.id


async def _votes(ledger: Ledger, refund_id: str, store: Store) -> tuple[Vote, ...]:
    given = [act for act in await ledger.acts(refund_id) if act.act is Act.APPROVE]
    if not given:  # as most refunds, which nobody has to be asked about
        return ()
    reviews = await ledger.reviews(refund_id)
    last_lost = max((r.id for r in reviews if r.ended_as in _VOTES_LOST), default=0)
    since = max(await _may_have_left(ledger, refund_id), await decided_since(ledger, store))
    return tuple(
        Vote(act.person, act.digest, frozenset(act.covers))
        for act in given
        if act.review_id > last_lost and act.at >= since
    )


async def _may_have_left(ledger: Ledger, refund_id: str) -> datetime:
    """When money last left, for all we know: what was agreed before that has been used."""
    files = [payout.exported_at for payout in await ledger.payouts_of_refund(refund_id)]
    sends = [each.intended_at for each in await ledger.attempts(refund_id) if each.maybe_sent]
    return max([*files, *sends], default=_EVER)


async def _past_refunds(ledger: Ledger, refund: Refund) -> int | None:
    if refund.buyer is None:
        return None
    return (await ledger.used(LimitScope.BUYER, refund.buyer, _EVER, but=refund.id)).count
