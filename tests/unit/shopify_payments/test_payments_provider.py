"""Sessions in, answers out: what Shopify asks is read exactly, and never taken too lightly."""

import dataclasses
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from checkout_samples import checkout
from pef_adapters.core.errors import (
    BodyUnreadable,
    KeysMixed,
    NotThere,
    PefError,
    SourceMismatch,
    WebhookRejected,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.core.states import State
from pef_adapters.engine.onboarding import store_id
from pef_adapters.platforms.asked import AskedPayment, AskedRefund, CheckoutState, Operation
from pef_adapters.platforms.provider import Answer, RefundStanding
from pef_adapters.testing.provider_harness import PAY_URL
from pef_shopify.payments.provider import ShopifyProvider
from shopify_payments_bench import (
    NOW,
    REFUND,
    SESSION,
    STORE,
    call,
    connection,
    payment_body,
    refund_body,
)

PROVIDER = ShopifyProvider()
GID = f"gid://shopify/PaymentSession/{SESSION}"


def read_payment(**changes: Any) -> AskedPayment:
    """What is read in a payment session."""
    asked = PROVIDER.read(call("/payment", payment_body(**changes)), connection())
    assert isinstance(asked, AskedPayment)
    return asked


def read_refund(**changes: Any) -> AskedRefund:
    """What is read in a refund session."""
    asked = PROVIDER.read(call("/refund", refund_body(**changes)), connection())
    assert isinstance(asked, AskedRefund)
    return asked


def said(answer: Answer) -> Any:
    """The code of an error answer."""
    return json.loads(answer.body)["error"]["code"]


# --- who calls ---------------------------------------------------------------------


def test_the_store_is_named_as_it_was_connected() -> None:
    """The header names the store by the id that connecting gave it."""
    assert PROVIDER.caller(call("/payment", shop="Tienda.myshopify.com")) == STORE
    assert store_id("https://tienda.myshopify.com") == STORE


def test_a_call_without_a_shop_names_no_store() -> None:
    """Where the header is missing there is no store to look for."""
    assert PROVIDER.caller(call("/payment", headers={})) is None


@pytest.mark.parametrize("shop", ["", "tienda", "evil.example", "a/../b.myshopify.com", "ñ.com"])
def test_what_is_no_shop_is_refused(shop: str) -> None:
    """A header that names anything but a shop of Shopify is refused before a look-up."""
    with pytest.raises(SourceMismatch):
        PROVIDER.caller(call("/payment", shop=shop))


def test_it_is_served_by_certificate_only() -> None:
    """Sessions are not signed, so nobody is served without a certificate."""
    assert PROVIDER.by_certificate


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/payment", "POST", None),
        ("/refund", "POST", None),
        ("/payment", "GET", 405),
        ("/capture", "POST", 422),
        ("/void", "POST", 422),
        ("/", "POST", 404),
        ("/payment/", "POST", 404),
    ],
)
def test_only_sales_and_refunds_are_served(path: str, method: str, status: int | None) -> None:
    """Captures and voids of authorizations, and whatever else, get a clear error."""
    answer = PROVIDER.greet(call(path, method=method))
    assert (answer.status if answer else None) == status


# --- payments ------------------------------------------------------------------------


def test_a_payment_is_read_whole() -> None:
    """Id, amount, mode, where the buyer turns back, and the gid that mutations need."""
    asked = read_payment()
    assert (asked.payment_id, asked.order_id, asked.order_number) == (SESSION,) * 3
    assert asked.amount == Money(11980, "PEN")
    assert asked.test
    assert asked.email == "ana@example.com"
    assert asked.return_url == "https://tienda.example/checkouts/4c94d6"
    assert asked.private == {"gid": GID, "cancel_url": asked.return_url}


def test_a_cip_ends_before_shopify_stops_waiting() -> None:
    """The buyer may pay for almost three days, so that the last payment is still told in time."""
    expires_at = read_payment().expires_at
    assert expires_at is not None
    assert timedelta(days=2.5) < expires_at - NOW < timedelta(days=3)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("20", "PEN", 2000), ("10.0", "USD", 1000), ("0.01", "PEN", 1), ("1500", "CLP", 1500)],
)
def test_amounts_of_every_spelling_are_exact(amount: str, currency: str, minor: int) -> None:
    """Shopify writes amounts with two decimals, one, or none."""
    assert read_payment(amount=amount, currency=currency).amount == Money(minor, currency)


def test_a_bare_number_stays_exact() -> None:
    """An amount that comes as a number of JSON passes through no float."""
    body = json.dumps(payment_body(amount="@")).replace('"@"', "90071992547409.93")
    asked = PROVIDER.read(call("/payment", body.encode()), connection())
    assert isinstance(asked, AskedPayment)
    assert asked.amount == Money(9007199254740993, "PEN")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "0"},
        {"amount": "-1.00"},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "1.005"},
        {"amount": "12,50"},
        {"amount": None},
        {"amount": True},
        {"currency": "pen"},
        {"currency": "XXZ"},
        {"id": ""},
        {"id": "a b"},
        {"id": 17},
        {"gid": None},
        {"test": "maybe"},
        {"customer": "Ana"},
        {"payment_method": []},
    ],
)
def test_a_payment_that_makes_no_sense_is_unreadable(changes: dict[str, Any]) -> None:
    """No amount is guessed, rounded or made positive, and no name is made up."""
    with pytest.raises(BodyUnreadable):
        read_payment(**changes)


def test_a_buyer_without_an_address_can_pay() -> None:
    """E-mail and the way back may be missing; neither is needed to take a payment."""
    asked = read_payment(customer={}, payment_method={"type": "offsite"})
    assert (asked.email, asked.return_url) == ("", "")


def test_authorizations_are_refused() -> None:
    """A CIP is a sale: there is nothing to capture later."""
    with pytest.raises(WebhookRejected, match="only sales"):
        read_payment(kind="authorization")


# --- refunds -------------------------------------------------------------------------


def test_a_refund_is_read_whole() -> None:
    """Id, payment, amount as it came, and the gid that mutations need."""
    asked = read_refund()
    assert (asked.refund_id, asked.payment_id) == (REFUND, SESSION)
    assert asked.operation is Operation.REFUND
    assert (asked.amount, asked.currency) == (Decimal("59.90"), "PEN")
    assert asked.private == {"gid": f"gid://shopify/RefundSession/{REFUND}"}


def test_a_refund_of_the_old_form_is_what_its_store_is() -> None:
    """The form of 2020 does not say whether it is a test."""
    body = {name: value for name, value in refund_body().items() if name != "test"}
    for mode in Mode:
        asked = PROVIDER.read(call("/refund", body), connection(mode=mode))
        assert isinstance(asked, AskedRefund)
        assert asked.test is (mode is Mode.SANDBOX)


@pytest.mark.parametrize("changes", [{"amount": "0.00"}, {"payment_id": ""}, {"amount": "-5"}])
def test_a_refund_that_makes_no_sense_is_unreadable(changes: dict[str, Any]) -> None:
    """A refund has a payment and more than nothing to give back."""
    with pytest.raises(BodyUnreadable):
        read_refund(**changes)


# --- test mode -------------------------------------------------------------------------


@pytest.mark.parametrize(("test", "mode"), [(True, Mode.LIVE), (False, Mode.SANDBOX)])
@pytest.mark.parametrize("path", ["/payment", "/refund"])
def test_test_and_live_never_meet(path: str, mode: Mode, *, test: bool) -> None:
    """Shopify's test mode moves no real money, and a live payment is no play."""
    body = payment_body(test=test) if path == "/payment" else refund_body(test=test)
    with pytest.raises(KeysMixed, match="test mode"):
        PROVIDER.read(call(path, body), connection(mode=mode))


def test_a_live_payment_reaches_a_live_store() -> None:
    """With both live there is nothing to refuse."""
    asked = PROVIDER.read(call("/payment", payment_body(test=False)), connection(mode=Mode.LIVE))
    assert isinstance(asked, AskedPayment)
    assert not asked.test


# --- answers -----------------------------------------------------------------------------


def test_the_buyer_is_sent_to_the_cip() -> None:
    """Shopify gets the address of the CIP's page, and nothing else."""
    kept = checkout(state=CheckoutState.WAITING, pay_url=PAY_URL)
    answer = PROVIDER.answer(read_payment(), kept, connection())
    assert (answer.status, json.loads(answer.body)) == (200, {"redirect_url": PAY_URL})


def test_without_a_cip_shopify_asks_again() -> None:
    """Kept but without a CIP is no success: there is nowhere to send the buyer."""
    answer = PROVIDER.answer(read_payment(), checkout(), connection())
    assert (answer.status, said(answer)) == (503, "NO_CIP_YET")


@pytest.mark.parametrize("state", [None, State.RECEIVED, State.PENDING, State.REJECTED])
def test_a_kept_refund_is_created(state: State | None) -> None:
    """201 says that it is kept, whatever becomes of it: the end is told later."""
    standing = RefundStanding(our_id="RF1", amount=Money(5990, "PEN"), state=state)
    answer = PROVIDER.answer(read_refund(), standing, connection())
    assert (answer.status, answer.body) == (201, b"")


@pytest.mark.parametrize("fault", [NotThere, KeysMixed, BodyUnreadable, SourceMismatch])
def test_faults_keep_their_status_and_code(fault: type[PefError]) -> None:
    """Whoever looks into Shopify's log of requests finds what was wrong."""
    answer = PROVIDER.refused(call("/refund", refund_body()), fault())
    assert (answer.status, said(answer)) == (fault.http_status, fault.code)


def test_payouts_are_never_left_to_the_store() -> None:
    """Shopify has no way to say that a person pays by hand."""
    assert not PROVIDER.leaves_payouts_to_store(connection())


def test_a_call_of_another_shop_is_not_this_stores() -> None:
    """The header must fit the store that the call is served for."""
    other = call("/payment", payment_body(), shop="otra.myshopify.com")
    with pytest.raises(SourceMismatch):
        PROVIDER.read(other, connection())
    own = dataclasses.replace(other, headers={"shopify-shop-domain": "otra.myshopify.com"})
    assert PROVIDER.read(own, connection(address="https://otra.myshopify.com"))
