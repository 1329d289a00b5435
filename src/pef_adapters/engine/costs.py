"""What refunds cost: expected by the account's fees, actual as people read it on statements.

Owns where the monthly quote sheet's figures come from. Nothing here moves money; the one
amount it computes is that of a payout in another currency, by the user's own rates.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from pef_adapters.core.calendar import lima_date
from pef_adapters.core.costs import (
    Cost,
    CostSettings,
    Month,
    PaymentFigures,
    Quote,
    RefundFigures,
    costs_from_settings,
    quote,
)
from pef_adapters.core.errors import InvalidInput, RateMissing
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Route
from pef_adapters.core.states import CARE, State
from pef_adapters.engine.attention import EXTORNO_ALARMS
from pef_adapters.engine.known import (
    known_account,
    known_refund,
    known_store,
    locked_refund,
)
from pef_adapters.engine.people import named
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Account, ActualCost, Payment, Refund, TimelineEntry
from pef_adapters.engine.transition import PERSON, remember

SETTING = "costs"
_TENTH = Decimal("0.1")


def costs_of(account: Account) -> CostSettings:
    """The account's fees and exchange rates; empty where none were given.

    Raises:
        CostsUnreadable: what is kept is not costs.
    """
    return costs_from_settings(account.settings.get(SETTING, {}))


async def paid_out_for(
    ledger: Ledger, refund: Refund, now: datetime
) -> tuple[Money, Mapping[str, Any]]:
    """What the buyer gets by bank transfer, and how it was exchanged (empty: it was not).

    Raises:
        RateMissing: a rate is needed and not known.
        CostsUnreadable: the account's costs can't be read.
    """
    costs = costs_of(await known_account(ledger, refund.account_id))
    payment = await _payment(ledger, refund)
    paid_at = (payment and payment.paid_at) or now
    made = costs.conversion(refund.amount, Route.PAYOUT, lima_date(paid_at), lima_date(now))
    if made.borne_by is None:
        return made.paid_out, {}
    exchange = {
        "asked": str(made.asked),
        "rate": str(made.rate),
        "rate_day": made.rate_day.isoformat(),
        "difference": str(made.difference),
        "borne_by": made.borne_by.value,
    }
    return made.paid_out, exchange


async def expected(ports: Ports, refund_id: str) -> Cost | None:
    """What one refund is expected to cost by its lane; None where no fees are known.

    Raises:
        NotThere: no such refund.
        RateMissing: it takes a rate that is not known.
    """
    async with ports.book.begin() as ledger:
        refund = await known_refund(ledger, refund_id)
        costs = costs_of(await known_account(ledger, refund.account_id))
        return await _expected(ledger, refund, costs)


async def record_actual(
    ports: Ports, refund_id: str, amount: Money, what: str, person: str
) -> ActualCost:
    """Keep what a refund really cost; several entries add up, and none is ever changed.

    Raises:
        NotThere: no such refund.
        InvalidInput: nobody's name, or an amount of zero.
    """
    if not amount.minor:
        raise InvalidInput("a cost of zero says nothing; a credit is written as a negative amount")
    now = ports.clock.now()
    cost = ActualCost(
        refund_id=refund_id,
        amount=amount,
        what=what.strip(),
        recorded_by=named(person),
        recorded_at=now,
    )
    async with ports.book.begin() as ledger:
        refund = await locked_refund(ledger, refund_id)
        await ledger.add_cost(cost)
        await remember(ledger, refund, "cost recorded", now, by=cost.recorded_by, cost=str(amount))
    return cost


async def quote_of(ports: Ports, month: Month, store_id: str | None = None) -> Quote:
    """The quote sheet of the refunds that were asked for in `month`, in Lima's days.

    Of one store alone no payments are known: a payment belongs to the account.

    Raises:
        NotThere: no such store.
        CostsUnreadable: an account's costs can't be read.
    """
    async with ports.book.begin() as ledger:
        if store_id is not None:
            await known_store(ledger, store_id)
        asked = await ledger.refunds_asked(month.starts_at, month.ends_at)
        wanted = [refund for refund in asked if store_id in (None, refund.store_id)]
        costs = {account.id: costs_of(account) for account in await ledger.accounts()}
        figures = [await _figures(ledger, refund, costs[refund.account_id]) for refund in wanted]
        paid = [] if store_id else await ledger.payments_paid(month.starts_at, month.ends_at)
    return quote(month, figures, _payments(paid))


async def _figures(ledger: Ledger, refund: Refund, costs: CostSettings) -> RefundFigures:
    entries = await ledger.timeline(refund.id)
    return RefundFigures(
        store=refund.store_id,
        amount=refund.amount,
        asked_at=refund.requested_at,
        decided_at=_first(e.at for e in entries if e.from_state is State.RECEIVED),
        route=refund.lane if refund.counted_at else None,
        automatic=not any(_by_person(entry) for entry in entries),
        state=refund.state,
        disputed=any(_is_dispute(entry) for entry in entries),
        hours_to_truth=_hours_to_truth(refund, entries),
        expected_cost=await _known_cost(ledger, refund, costs),
        actual_cost=_sum([cost.amount for cost in await ledger.costs([refund.id])]),
    )


async def _expected(ledger: Ledger, refund: Refund, costs: CostSettings) -> Cost | None:
    payment = await _payment(ledger, refund)
    paid_at = (payment and payment.paid_at) or refund.requested_at
    # A held refund can ask for more than was paid, or in another currency.
    fits = payment is not None and payment.paid.currency == refund.amount.currency
    paid = payment.paid if payment and fits and refund.amount <= payment.paid else None
    return costs.expected_cost(
        refund.amount,
        refund.lane,
        paid_on=lima_date(paid_at),
        refund_on=lima_date(refund.counted_at or refund.requested_at),
        paid=paid,
    )


async def _known_cost(ledger: Ledger, refund: Refund, costs: CostSettings) -> Money | None:
    try:
        cost = await _expected(ledger, refund, costs)
    except RateMissing:
        return None
    return cost.total if cost else None


async def _payment(ledger: Ledger, refund: Refund) -> Payment | None:
    return await ledger.payment(refund.account_id, refund.transaction_id or "")


def _by_person(entry: TimelineEntry) -> bool:
    return entry.actor.startswith(PERSON) and entry.from_state != entry.to_state


def _is_dispute(entry: TimelineEntry) -> bool:
    attention = str(entry.detail.get("attention", ""))
    return entry.to_state is State.REVERSED or attention in EXTORNO_ALARMS


def _hours_to_truth(refund: Refund, entries: Sequence[TimelineEntry]) -> Decimal | None:
    """From the button until it was first known whether the money was paid."""
    ended = _first(
        entry.at
        for entry in entries
        if entry.from_state != entry.to_state and entry.to_state and CARE[entry.to_state].final
    )
    if ended is None:
        return None
    hours = Decimal((ended - refund.requested_at) // timedelta(seconds=1)) / Decimal(3600)
    return max(hours, Decimal(0)).quantize(_TENTH, ROUND_HALF_UP)


def _payments(paid: Iterable[Payment]) -> dict[str, PaymentFigures]:
    by_currency = sorted((payment.paid for payment in paid), key=lambda money: money.currency)
    figures = {}
    for currency, same in groupby(by_currency, key=lambda money: money.currency):
        amounts = list(same)
        figures[currency] = PaymentFigures(len(amounts), sum(amounts, Money.zero(currency)))
    return figures


def _sum(amounts: Sequence[Money]) -> Money | None:
    """The whole cost; recorded in two currencies it has no one sum, so it is not told."""
    if not amounts or len({amount.currency for amount in amounts}) > 1:
        return None
    return sum(amounts, Money.zero(amounts[0].currency))


def _first(moments: Iterable[datetime]) -> datetime | None:
    return next(iter(moments), None)
