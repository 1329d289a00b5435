"""Records for tests of the storage: whole, valid, each with a way to vary it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import (
    Account,
    Attempt,
    Checkout,
    Exchange,
    KeptRefund,
    Payment,
    PrivacyCase,
    Received,
    Refund,
    Source,
    Store,
    TimelineEntry,
)
from pef_adapters.platforms.asked import CheckoutState, Operation
from pef_adapters.platforms.coming_in import PrivacyKind

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CANARY = "canary-Xk29-never-in-the-clear"


def soles(minor: int) -> Money:
    """An amount in céntimos."""
    return Money(minor, "PEN")


def account(**changes: Any) -> Account:
    """A merchant account."""
    sample = Account(
        id="acc",
        mode=Mode.SANDBOX,
        base_url="https://rail.example",
        service_id="77",
        settings={"prefix": "R"},
        secrets={"access_key": "ak", "secret_key": CANARY},
        created_at=NOON,
    )
    return replace(sample, **changes)


def store(**changes: Any) -> Store:
    """A store that uses the account."""
    sample = Store(
        id="shop",
        platform="woocommerce",
        identity="https://shop.example",
        account_id="acc",
        mode=Mode.SANDBOX,
        language="es_PE",
        callback_url="https://us.example/hooks/shop",
        settings={"payment_methods": ["pagoefectivo"]},
        secrets={"consumer_key": "ck", "consumer_secret": CANARY},
        poll_cursor=NOON,
        created_at=NOON,
    )
    return replace(sample, **changes)


def received(**changes: Any) -> Received:
    """A delivery from the store."""
    sample = Received(
        id=0,
        source=Source.STORE,
        owner_id="shop",
        topic="action.woocommerce_refund_created",
        body_sha256="ab" * 32,
        hints=({"kind": "refund_created", "refund_id": "501"}, {"kind": "order_changed"}),
        received_at=NOON,
    )
    return replace(sample, **changes)


def payment(**changes: Any) -> Payment:
    """A payment of 100 soles of which nothing was given back."""
    sample = Payment(
        account_id="acc",
        transaction_id="T1",
        paid=soles(10_000),
        reserved=soles(0),
        refunded=soles(0),
        paid_at=NOON - timedelta(days=3),
    )
    return replace(sample, **changes)


def refund(number: int = 1, **changes: Any) -> Refund:
    """The store's refund number `number`, just received."""
    sample = Refund(
        id=f"rf-{number}",
        store_id="shop",
        platform="woocommerce",
        platform_refund_id=str(500 + number),
        order_id="31",
        order_number="#31",
        amount=soles(5_990),
        reason="No le quedó",
        requested_by=None,
        requested_at=NOON,
        account_id="acc",
        transaction_id="T1",
        state=State.RECEIVED,
        generation=1,
        revision=1,
        written_revision=0,
        tries=0,
        next_action_at=NOON,
        write_back_at=None,
        write_back_tries=0,
        decision=None,
        attention=None,
        expected_on=None,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(sample, **changes)


def attempt(number: int = 1, **changes: Any) -> Attempt:
    """The first intent to pay refund `number`."""
    sample = Attempt(
        merchant_refund_id=f"M{number}",
        refund_id=f"rf-{number}",
        generation=1,
        transaction_id="T1",
        amount=soles(5_990),
        reason="No le quedó",
        intended_at=NOON,
    )
    return replace(sample, **changes)


def exchange(**changes: Any) -> Exchange:
    """One request to the rail and its answer."""
    sample = Exchange(
        account_id="acc",
        merchant_refund_id="M1",
        purpose="send",
        request="POST /api/v1/refunds",
        request_body="{}",
        status=200,
        answer_body="{}",
        answer_sha256="cd" * 32,
        response_id="r-1",
        rail_timestamp="2026-11-23T07:00:00-05:00",
        fault=None,
        started_at=NOON,
        ended_at=NOON + timedelta(seconds=1),
    )
    return replace(sample, **changes)


def entry(**changes: Any) -> TimelineEntry:
    """Something that happened to refund 1."""
    sample = TimelineEntry(
        refund_id="rf-1",
        at=NOON,
        what="decided",
        from_state=State.RECEIVED,
        to_state=State.READY,
        actor="policy",
        detail={"rules": ["paid_only"]},
    )
    return replace(sample, **changes)


def checkout(number: int = 1, **changes: Any) -> Checkout:
    """The store's payment `number` of 100 soles, just asked for."""
    sample = Checkout(
        id=f"co-{number}",
        store_id="shop",
        account_id="acc",
        payment_id=f"pay-{number}",
        order_id="31",
        order_number="#31",
        amount=soles(10_000),
        test=False,
        state=CheckoutState.ASKED,
        return_url="https://shop.example/back",
        private={"callback": f"https://gateway.example/{CANARY}"},
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(sample, **changes)


def kept_refund(number: int = 1, **changes: Any) -> KeptRefund:
    """The store's refund `number`, as its gateway asked for it."""
    sample = KeptRefund(
        store_id="shop",
        refund_id=str(500 + number),
        operation=Operation.REFUND,
        payment_id="pay-1",
        order_id="31",
        order_number="#31",
        amount=soles(5_990),
        reason="No le quedó",
        requested_by="rosa",
        payment_method="pagoefectivo",
        transaction_id="T1",
        paid=soles(10_000),
        paid_at=NOON - timedelta(days=3),
        asked_at=NOON,
        private={"answer_to": CANARY},
    )
    return replace(sample, **changes)


def privacy_case(number: int = 1, **changes: Any) -> PrivacyCase:
    """The store's privacy request `number`, just received."""
    sample = PrivacyCase(
        id=f"pr-{number}",
        store_id="shop",
        kind=PrivacyKind.ERASE_BUYER,
        buyers=("hash-ana", "hash-17"),
        order_ids=("31",),
        received_at=NOON,
    )
    return replace(sample, **changes)


async def settle_in(ledger: Ledger) -> None:
    """Write the account, the store and the payment that the other samples refer to."""
    await ledger.add_account(account())
    await ledger.add_store(store())
    await ledger.add_payment(payment())
