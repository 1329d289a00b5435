"""Decide one received refund: gather the facts, ask the policy, keep its answer.

The store is read again here, because hours can lie between a press and its
decision; the payment is read at the rail, because only the rail knows whether
money came in and whether a bank took it back.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import RateMissing
from pef_adapters.core.masking import without_long_numbers
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Decision, Facts, Outcome, Policy, Route, decide
from pef_adapters.core.policy.recorded import facts_record
from pef_adapters.core.states import Event, State
from pef_adapters.engine.approvals import open_review
from pef_adapters.engine.costs import paid_out_for
from pef_adapters.engine.facts import Asked, gather, with_limits
from pef_adapters.engine.policies import policy_of
from pef_adapters.engine.ports import Ledger, Ports, RailPayment
from pef_adapters.engine.records import Account, Decided, Payment, Refund, Store
from pef_adapters.engine.transition import move
from pef_adapters.engine.withdraw import still_wanted, withdraw
from pef_adapters.platforms.contract import StoreRefund

_GOES_ON = frozenset({Event.APPROVED, Event.PAYOUT_CHOSEN, Event.BENEFICIARY_ASKED})


async def decide_refund(ports: Ports, refund: Refund) -> State | None:
    """Move a received refund to where the policy sends it; answers that state.

    Raises:
        PefError: the facts can't be had, or a setting can't be used; nothing was decided.
    """
    asked = await _ask(ports, refund)
    if asked is None:
        await withdraw(ports, refund.id)
        return None
    async with ports.book.begin() as ledger:
        locked = await ledger.lock_refund(refund.id)
        if locked is None or locked.state is not State.RECEIVED:
            return None
        return (await _decide(ports, ledger, locked, asked)).state


async def _ask(ports: Ports, refund: Refund) -> Asked | None:
    wanted = await still_wanted(ports, refund)
    if wanted is None:
        return None
    async with ports.book.begin() as ledger:
        store = await ledger.store(refund.store_id)
        account = await ledger.account(refund.account_id)
    if store is None or account is None:
        return None
    return Asked(store, account, wanted, await _payment_at_rail(ports, store, account, wanted))


async def _payment_at_rail(
    ports: Ports, store: Store, account: Account, wanted: StoreRefund
) -> RailPayment | None:
    # Mixed keys are the policy's to explain; asking would already mix them.
    if wanted.transaction_id is None or store.mode is not account.mode:
        return None
    return await ports.rails.of(account).find_payment(wanted.transaction_id)


async def _decide(ports: Ports, ledger: Ledger, refund: Refund, asked: Asked) -> Refund:
    now = ports.clock.now()
    policy = await policy_of(ledger, asked.store)
    # The rail's own spelling: two spellings of one CIP must not become two payments.
    known_as = asked.payment.transaction_id if asked.payment else asked.wanted.transaction_id
    # Whom the store named later pressed it none the less: he can't approve, and is counted.
    pressed_by = refund.requested_by or asked.wanted.requested_by
    refund = replace(refund, transaction_id=known_as, requested_by=pressed_by)
    payment = await _known_payment(ledger, refund, asked.payment)
    facts = await gather(ledger, refund, asked, payment, now)
    facts = replace(facts, paid_out=await _paid_out(ledger, refund, facts))
    facts = await with_limits(ledger, facts, policy, refund.id)
    decision = decide(facts, policy)
    await _keep(ledger, refund, facts, decision, now)
    if asked.wanted.amount != refund.amount:
        return await _held_for_another_amount(ledger, refund, decision, now)
    return await _follow(ledger, refund, facts=facts, decision=decision, policy=policy, now=now)


async def _follow(
    ledger: Ledger,
    refund: Refund,
    *,
    facts: Facts,
    decision: Decision,
    policy: Policy,
    now: datetime,
) -> Refund:
    event = _event(decision, facts)
    moved = await move(
        ledger,
        refund,
        event,
        now,
        decision=decision.as_record(),
        # The buyer is asked at once, not at the next daily look.
        next_action_at=now if event is Event.BENEFICIARY_ASKED else None,
        detail=_detail(decision),
        lane=decision.route or Route.ORIGINAL,
        counted_at=now if event in _GOES_ON else None,
        deadline_at=refund.deadline_at or decision.answer_by,
    )
    if event is Event.HELD and decision.approvers:
        await open_review(
            ledger, moved, facts=facts, decision=decision, terms=policy.approvals, now=now
        )
    return moved


def _event(decision: Decision, facts: Facts) -> Event:
    """A payout without bank details begins by asking for them."""
    if decision.outcome is Outcome.PAYOUT and facts.beneficiary is None:
        return Event.BENEFICIARY_ASKED
    return decision.outcome.event


async def _held_for_another_amount(
    ledger: Ledger, refund: Refund, decision: Decision, now: datetime
) -> Refund:
    return await move(
        ledger,
        refund,
        Event.HELD,
        now,
        attention="code.AMOUNT_CHANGED_AT_STORE",
        decision=decision.as_record(),
        detail=_detail(decision),
    )


async def _keep(
    ledger: Ledger, refund: Refund, facts: Facts, decision: Decision, now: datetime
) -> None:
    """The decision with its facts: to be explained, and to be decided again in a back-test."""
    await ledger.add_decided(
        Decided(
            refund_id=refund.id,
            store_id=refund.store_id,
            at=now,
            facts=facts_record(_without_numbers(facts)),
            decision=decision.as_record(),
        )
    )


async def _paid_out(ledger: Ledger, refund: Refund, facts: Facts) -> Money | None:
    """What people approve, once there are bank details; without a rate nothing yet."""
    if facts.beneficiary is None:
        return None
    try:
        return (await paid_out_for(ledger, refund, facts.now))[0]
    except RateMissing:
        return None


def _without_numbers(facts: Facts) -> Facts:
    """People type bank accounts into reasons; the ledger has that once already."""
    return replace(facts, reason=facts.reason and without_long_numbers(facts.reason))


def _detail(decision: Decision) -> dict[str, Any]:
    return {"code": decision.code, "policy": decision.policy_version}


async def _known_payment(
    ledger: Ledger, refund: Refund, at_rail: RailPayment | None
) -> Payment | None:
    """The payment's row, made from what the rail says; locked, for its rest to hold."""
    if at_rail is not None and at_rail.paid_at is not None:
        zero = Money.zero(at_rail.amount.currency)
        await ledger.add_payment(
            Payment(
                account_id=refund.account_id,
                transaction_id=at_rail.transaction_id,
                paid=at_rail.amount,
                reserved=zero,
                refunded=zero,
                paid_at=at_rail.paid_at,
            )
        )
    if refund.transaction_id is None:
        return None
    return await ledger.lock_payment(refund.account_id, refund.transaction_id)
