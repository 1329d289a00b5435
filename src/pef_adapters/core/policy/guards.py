"""The hard guards: what has to be true of a refund before any policy is asked.

The order is the order of blame: a refund that breaks several guards is explained
by the one its owner has to mend first. A guard never raises and never looks
anywhere but at the facts; no policy can name, move or switch one off.
"""

from collections.abc import Callable
from functools import cache

from pef_adapters.core.calendar import lima_date
from pef_adapters.core.policy.decision import Outcome, Verdict
from pef_adapters.core.policy.facts import Facts

Guard = Callable[[Facts], Verdict]


def keys_apart(facts: Facts) -> Verdict:
    """The store and the merchant account belong to the same world, live or sandbox (spec S15)."""
    if facts.store_mode is facts.account_mode:
        return _passes("keys_apart", "KEYS_MATCH")
    figures = {"store": facts.store_mode.value, "account": facts.account_mode.value}
    return Verdict("keys_apart", "KEYS_MIXED", Outcome.HOLD, figures)


def paid_through_us(facts: Facts) -> Verdict:
    """Only an order of a configured payment method is ours to refund (store facts, 10)."""
    if facts.paid_through_us:
        return _passes("paid_through_us", "METHOD_OURS")
    return Verdict("paid_through_us", "METHOD_NOT_OURS", Outcome.HOLD)


def not_paid_by_gateway(facts: Facts) -> Verdict:
    """No other gateway has paid this money back already."""
    if facts.paid_by_gateway:
        return Verdict("not_paid_by_gateway", "ALREADY_PAID_BY_GATEWAY", Outcome.REJECT)
    return _passes("not_paid_by_gateway", "NOT_PAID_BY_GATEWAY")


def amount_above_zero(facts: Facts) -> Verdict:
    """There is something to pay."""
    if facts.amount.minor > 0:
        return _passes("amount_above_zero", "AMOUNT_ABOVE_ZERO")
    return Verdict("amount_above_zero", "NOTHING_TO_PAY", Outcome.REJECT)


def transaction_known(facts: Facts) -> Verdict:
    """The order names a transaction and the rail knows it (spec S1)."""
    if facts.transaction_id is None:
        return Verdict("transaction_known", "TRANSACTION_MISSING", Outcome.HOLD)
    figures = {"transaction": facts.transaction_id}
    if facts.payment is None:
        return Verdict("transaction_known", "TRANSACTION_UNKNOWN", Outcome.HOLD, figures)
    return Verdict("transaction_known", "TRANSACTION_KNOWN", Outcome.APPROVE, figures)


def not_reversed(facts: Facts) -> Verdict:
    """The bank has not taken the original payment back."""
    if facts.reversed_by_bank:
        return Verdict("not_reversed", "REVERSED_BY_BANK", Outcome.HOLD)
    return _passes("not_reversed", "NOT_REVERSED")


def paid_only(facts: Facts) -> Verdict:
    """Only a paid transaction can be refunded (spec S1)."""
    if facts.paid_at is None:
        return Verdict("paid_only", "NOT_PAID", Outcome.REJECT)
    return Verdict("paid_only", "PAID", Outcome.APPROVE, {"day": str(lima_date(facts.paid_at))})


def currency_equal(facts: Facts) -> Verdict:
    """Refund, order and payment share one currency (spec S1)."""
    paid = facts.payment.currency if facts.payment else facts.order_currency
    if {facts.amount.currency, facts.order_currency, paid} == {facts.amount.currency}:
        return _passes("currency_equal", "CURRENCY_EQUAL")
    figures = {"asked": facts.amount.currency, "order": facts.order_currency, "paid": paid}
    return Verdict("currency_equal", "CURRENCY_MISMATCH", Outcome.REJECT, figures)


def amount_within_rest(facts: Facts) -> Verdict:
    """Never more than what is left of the payment (spec S2)."""
    rest = facts.rest
    if rest is None or rest.currency != facts.amount.currency:
        # Without a payment in this currency the guards above have decided already.
        return _passes("amount_within_rest", "REST_NOT_COMPARED")
    figures = {"amount": str(facts.amount), "rest": str(rest)}
    if facts.amount > rest:
        return Verdict("amount_within_rest", "AMOUNT_EXCEEDS_REST", Outcome.HOLD, figures)
    return Verdict("amount_within_rest", "AMOUNT_WITHIN_REST", Outcome.APPROVE, figures)


def documents_valid(facts: Facts) -> Verdict:
    """The merchant's documents (KYC) have not expired (spec S16)."""
    if facts.kyc_until is None:
        return _passes("documents_valid", "DOCUMENTS_NOT_RECORDED")
    figures = {"day": str(facts.kyc_until)}
    if lima_date(facts.now) > facts.kyc_until:
        return Verdict("documents_valid", "DOCUMENTS_EXPIRED", Outcome.HOLD, figures)
    return Verdict("documents_valid", "DOCUMENTS_VALID", Outcome.APPROVE, figures)


def keys_valid(facts: Facts) -> Verdict:
    """The merchant's keys at the rail have not expired."""
    if facts.keys_until is None:
        return _passes("keys_valid", "KEYS_EXPIRY_NOT_RECORDED")
    figures = {"day": str(facts.keys_until)}
    if lima_date(facts.now) > facts.keys_until:
        return Verdict("keys_valid", "KEYS_EXPIRED", Outcome.HOLD, figures)
    return Verdict("keys_valid", "KEYS_VALID", Outcome.APPROVE, figures)


@cache
def _passes(rule: str, code: str) -> Verdict:
    return Verdict(rule, code, Outcome.APPROVE)


GUARDS: tuple[Guard, ...] = (
    keys_apart,
    paid_through_us,
    not_paid_by_gateway,
    amount_above_zero,
    not_reversed,
    paid_only,
    transaction_known,
    currency_equal,
    amount_within_rest,
    documents_valid,
    keys_valid,
)
