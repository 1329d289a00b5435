"""Facts and policies that several policy tests start from."""

from dataclasses import replace
from datetime import datetime, timedelta

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, Policy, read_policy

# A Monday, which is a business day in Peru.
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=LIMA)
GOOD = Facts(
    amount=Money(10000, "PEN"),
    order_currency="PEN",
    transaction_id="11546901",
    payment=Money(100000, "PEN"),
    rest=Money(100000, "PEN"),
    paid_at=NOON - timedelta(days=3),
    reversed_by_bank=False,
    paid_by_gateway=False,
    paid_through_us=True,
    store_mode=Mode.LIVE,
    account_mode=Mode.LIVE,
    now=NOON,
)


def facts(**changes: object) -> Facts:
    """S/ 100 of S/ 1000, paid three days ago, but for `changes`."""
    return replace(GOOD, **changes)  # type: ignore[arg-type]


def paying(amount: str, currency: str = "PEN") -> dict[str, object]:
    """The changes for another amount in a payment of this currency."""
    paid = Money.parse("1000.00", currency)
    asked = Money.parse(amount, currency)
    return {"amount": asked, "order_currency": currency, "payment": paid, "rest": paid}


def one_rule(when: str, then: str = "reject") -> Policy:
    """A policy that approves all but what its one rule matches."""
    rule = f"rules: [{{id: only, when: {when}, then: {then}}}]"
    return read_policy(f"name: one\n{rule}\notherwise: approve\n")
