"""What the suite for payment providers needs of a platform's tests, and its way of asking.

`ProviderHarness` is what an adapter's tests provide: a gateway under the suite's hands.
`KeptInMemory` stands for what the engine keeps. Nothing here knows a platform, nor pytest.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import (
    AskedPayment,
    AskedRefund,
    Checkout,
    CheckoutState,
    KeptRefund,
)
from pef_adapters.platforms.contract import (
    OrderReport,
    Outcome,
    Platform,
    RefundLine,
    StoreConnection,
)
from pef_adapters.platforms.provider import Asked, Call, Provider
from pef_adapters.platforms.stores import Secrets
from pef_adapters.testing.harness import require

TOTAL: Final = "119.80"
PART: Final = "59.90"
PAY_URL: Final = "https://pagoefectivo.example/cip/AB803C1C.html"
CIP: Final = "11546901"
OVER: Final = frozenset({CheckoutState.EXPIRED, CheckoutState.CANCELLED})
LATER: Final = timedelta(seconds=90)


@dataclass(slots=True)
class KeptInMemory:
    """Implements `platforms.stores.StoreRecords` for one store, as the engine would keep it."""

    secrets: Secrets = field(default_factory=dict)
    refunds: dict[str, KeptRefund] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)

    def keep_refund(self, asked: AskedRefund, payment: Checkout, at: datetime) -> KeptRefund:
        """A refund as it was asked for; the same id again is the same refund."""
        if asked.amount is None:
            raise InvalidInput("the suite asks for amounts only, never for all that is left")
        kept = KeptRefund(
            store_id=payment.store_id,
            refund_id=asked.refund_id,
            operation=asked.operation,
            payment_id=asked.payment_id,
            order_id=payment.order_id,
            order_number=payment.order_number,
            amount=Money.parse(asked.amount, asked.currency or payment.amount.currency),
            reason=asked.reason,
            requested_by=asked.requested_by,
            payment_method=asked.payment_method,
            transaction_id=payment.transaction_id,
            paid=payment.amount,
            paid_at=payment.paid_at,
            asked_at=at,
            private=asked.private,
        )
        return self.refunds.setdefault(asked.refund_id, kept)

    async def refund(self, refund_id: str) -> KeptRefund | None:
        return self.refunds.get(refund_id)

    async def refunds_of_order(self, order_id: str) -> tuple[KeptRefund, ...]:
        return tuple(each for each in self.refunds.values() if each.order_id == order_id)

    async def refunds_since(self, since: datetime) -> tuple[KeptRefund, ...]:
        return tuple(each for each in self.refunds.values() if each.asked_at >= since)

    async def checkout(self, payment_id: str) -> Checkout | None:
        return self.checkouts.get(payment_id)

    async def paid_back(self, payment_id: str) -> Money | None:
        found = self.checkouts.get(payment_id)
        return Money.zero(found.amount.currency) if found else None

    async def renew_secrets(
        self, still_good: Callable[[Secrets], bool], renew: Callable[[Secrets], Awaitable[Secrets]]
    ) -> Secrets:
        if not still_good(self.secrets):
            self.secrets = {**self.secrets, **await renew(self.secrets)}
        return self.secrets


class ProviderHarness(Protocol):
    """A gateway under the suite's hands, and the adapter that serves it.

    `store` is a connected sandbox store whose `records` are `records`. `tells_outcomes`
    says whether `write_back` tells the gateway how a refund ended; where it does not, the
    gateway asks again, and hears it as an answer.
    """

    platform: Platform
    store: StoreConnection
    records: KeptInMemory
    tells_outcomes: bool

    async def ask_payment(self, amount: str) -> Call:
        """The call by which the gateway asks for a new payment in soles."""
        ...

    async def ask_refund(self, payment: Checkout, amount: str) -> Call:
        """The call by which it asks for a new refund of a payment that it was told as paid."""
        ...

    def strangers(self, call: Call) -> Mapping[str, Call]:
        """The same call by others than this store's gateway, by what is wrong with each."""
        ...

    async def payment_at_gateway(self, payment_id: str) -> CheckoutState | None:
        """What the gateway was told of a payment; None where nothing so far."""
        ...

    async def refund_at_gateway(self, refund_id: str) -> Outcome | None:
        """How a refund ended as the gateway has it; never asked unless `tells_outcomes`."""
        ...

    async def lose_next_answer(self) -> None:
        """The gateway takes in what it is told next, and its answer is lost on the way."""
        ...

    def unreachable(self) -> StoreConnection:
        """A connection to a place where nobody listens; the last thing a check asks for."""
        ...

    def with_wrong_keys(self) -> StoreConnection: ...


def provider_of(harness: ProviderHarness) -> Provider:
    """The provider, which every platform of this suite has."""
    provider = harness.platform.provider
    if provider is None:
        raise AssertionError("a platform whose gateway calls us offers no provider")
    return provider


def read(harness: ProviderHarness, call: Call) -> Asked:
    """What the adapter reads in a call."""
    return provider_of(harness).read(call, harness.store)


def read_payment(harness: ProviderHarness, call: Call) -> AskedPayment:
    """The payment that a call must ask for."""
    asked = read(harness, call)
    require(isinstance(asked, AskedPayment), f"{type(asked).__name__} was read, no payment")
    assert isinstance(asked, AskedPayment)  # noqa: S101 -- for the type checker
    return asked


def read_refund(harness: ProviderHarness, call: Call) -> AskedRefund:
    """The refund that a call must ask for."""
    asked = read(harness, call)
    require(isinstance(asked, AskedRefund), f"{type(asked).__name__} was read, no refund")
    assert isinstance(asked, AskedRefund)  # noqa: S101 -- for the type checker
    return asked


def kept_payment(harness: ProviderHarness, asked: AskedPayment, at: datetime) -> Checkout:
    """A payment as it is kept, waiting for its buyer."""
    checkout = Checkout(
        id="CK7Q2M4X9B",
        store_id=harness.store.store_id,
        account_id="main",
        payment_id=asked.payment_id,
        order_id=asked.order_id,
        order_number=asked.order_number,
        amount=asked.amount,
        test=asked.test,
        state=CheckoutState.WAITING,
        return_url=asked.return_url,
        private=asked.private,
        created_at=at,
        updated_at=at,
        transaction_id=CIP,
        pay_url=PAY_URL,
        expires_at=asked.expires_at or at + timedelta(days=2),
    )
    harness.records.checkouts[checkout.payment_id] = checkout
    return checkout


def moved(harness: ProviderHarness, checkout: Checkout, state: CheckoutState) -> Checkout:
    """The same payment in another state, kept so."""
    paid_at = checkout.created_at if state is CheckoutState.PAID else None
    after = replace(checkout, state=state, paid_at=paid_at)
    harness.records.checkouts[checkout.payment_id] = after
    return after


async def asked_payment(harness: ProviderHarness) -> Checkout:
    """A payment that the gateway asked for, waiting for its buyer."""
    call = await harness.ask_payment(TOTAL)
    return kept_payment(harness, read_payment(harness, call), call.at)


async def tell(harness: ProviderHarness, checkout: Checkout, state: CheckoutState) -> Checkout:
    """Tell the gateway that the payment has come to this state."""
    after = moved(harness, checkout, state)
    await provider_of(harness).tell_payment(after, harness.store)
    return after


async def paid_payment(harness: ProviderHarness) -> Checkout:
    """A payment that the gateway asked for, and was told as waiting and as paid."""
    waiting = await tell(harness, await asked_payment(harness), CheckoutState.WAITING)
    return await tell(harness, waiting, CheckoutState.PAID)


async def asked_refund(harness: ProviderHarness) -> KeptRefund:
    """A part of a paid payment that the gateway asked back, as it is kept."""
    payment = await paid_payment(harness)
    call = await harness.ask_refund(payment, PART)
    return harness.records.keep_refund(read_refund(harness, call), payment, call.at)


def report_of(refund: KeptRefund, outcome: Outcome | None, **changes: Any) -> OrderReport:
    """A report about one refund, as the engine makes it: in words, and by its outcome."""
    line = RefundLine(
        refund_id=refund.refund_id,
        our_id="RF7Q2M4X9B",
        state=State.REFUNDED if outcome is Outcome.REFUNDED else State.REJECTED,
        amount=refund.amount,
        revision=2,
        expected_on=None,
        updated_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
        note="PagoEfectivo rechazó el reembolso.",
        marker="suite-2",
        outcome=outcome,
    )
    return OrderReport(refund.order_id, (replace(line, **changes),))
