"""Decide one received refund: gather the facts, ask the policy, keep its answer.

The store is read again here, because hours can lie between a press and its
decision; the payment is read at the rail, because only the rail knows whether
money came in and whether a bank took it back.
"""

from dataclasses import dataclass, replace

from pef_adapters.core.money import Money
from pef_adapters.core.policy import DEFAULT_RAIL, Facts, Policy, decide, policy_from_settings
from pef_adapters.core.states import Event, State
from pef_adapters.engine.ports import Ledger, Ports, RailPayment
from pef_adapters.engine.records import Account, Payment, Refund, Store
from pef_adapters.engine.transition import move
from pef_adapters.engine.withdraw import still_wanted, withdraw
from pef_adapters.platforms.contract import StoreRefund


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the outside said about one refund, read a moment ago."""

    store: Store
    account: Account
    wanted: StoreRefund
    payment: RailPayment | None
    policy: Policy


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


async def _ask(ports: Ports, refund: Refund) -> _Asked | None:
    wanted = await still_wanted(ports, refund)
    if wanted is None:
        return None
    async with ports.book.begin() as ledger:
        store = await ledger.store(refund.store_id)
        account = await ledger.account(refund.account_id)
    if store is None or account is None:
        return None
    policy = policy_from_settings(store.settings.get("policy", {}))
    payment = await _payment_at_rail(ports, store, account, wanted)
    return _Asked(store, account, wanted, payment, policy)


async def _payment_at_rail(
    ports: Ports, store: Store, account: Account, wanted: StoreRefund
) -> RailPayment | None:
    # Mixed keys are the policy's to explain; asking would already mix them.
    if wanted.transaction_id is None or store.mode is not account.mode:
        return None
    return await ports.rails.of(account).find_payment(wanted.transaction_id)


async def _decide(ports: Ports, ledger: Ledger, refund: Refund, asked: _Asked) -> Refund:
    # The rail's own spelling: two spellings of one CIP must not become two payments.
    known_as = asked.payment.transaction_id if asked.payment else asked.wanted.transaction_id
    refund = replace(refund, transaction_id=known_as)
    payment = await _known_payment(ledger, refund, asked.payment)
    decision = decide(_facts(ports, asked, payment), asked.policy)
    amount_same = asked.wanted.amount == refund.amount
    return await move(
        ledger,
        refund,
        decision.outcome.event if amount_same else Event.HELD,
        ports.clock.now(),
        attention=None if amount_same else "code.AMOUNT_CHANGED_AT_STORE",
        decision=decision.as_record(),
        detail={"code": decision.code, "policy": decision.policy_version},
    )


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


def _facts(ports: Ports, asked: _Asked, payment: Payment | None) -> Facts:
    wanted, at_rail = asked.wanted, asked.payment
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
        now=ports.clock.now(),
        rail=str(asked.account.settings.get("rail", DEFAULT_RAIL)),
        payment_method=wanted.payment_method,
        platform=asked.store.platform,
        reason=wanted.reason,
        pressed_by=wanted.requested_by,
    )
