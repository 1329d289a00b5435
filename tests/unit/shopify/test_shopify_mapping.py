"""What a refund read back becomes: the money of its transactions, and nothing else's."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pef_adapters.core.errors import PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import StoreRefund
from pef_adapters.platforms.payout_bars import payout_bar_of
from pef_shopify import Shopify
from pef_shopify.mapping import changed_hint, may_be_ours, store_refund
from pef_shopify.settings import settings_of
from pef_shopify.wire import ChangedOrder, MoneyBag, Order, Transaction
from shopify_samples import (
    CIP,
    ORDER_ID,
    REFUND_ID,
    bag,
    connection,
    order,
    refund,
    sale,
    transaction,
    view,
)

NAMELESS = {"gateway": None, "parentTransaction": None}


def mapped(
    *transactions: Transaction, of: Order | None = None, **changes: Any
) -> StoreRefund | None:
    """What the store's refund becomes."""
    given: Sequence[Transaction] = transactions or (transaction(),)
    return store_refund(refund(), given, of or order(), view(**changes))


def read(*transactions: Transaction, of: Order | None = None, **changes: Any) -> StoreRefund:
    """As `mapped`, where there must be one."""
    found = mapped(*transactions, of=of, **changes)
    assert found is not None
    return found


def test_a_refund_becomes_a_canonical_record() -> None:
    """Ids are whole, times aware, the amount exact, and the CIP that of the payment."""
    assert read() == StoreRefund(
        refund_id=str(REFUND_ID),
        order_id=str(ORDER_ID),
        order_number="#1001",
        amount=Money(5990, "PEN"),
        reason="",
        requested_at=datetime(2026, 11, 23, 15, 0, 27, tzinfo=UTC),
        requested_by=None,
        paid_by_gateway=False,
        order_currency="PEN",
        order_total=Money(11980, "PEN"),
        order_paid_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        payment_method="PagoEfectivo",
        transaction_id=CIP,
        ours=True,
    )


# --- how much ---


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("20", "PEN", 2000), ("20.0", "PEN", 2000), ("20.00", "PEN", 2000), ("20", "CLP", 20)],
)
def test_one_amount_is_one_however_it_is_written(amount: str, currency: str, minor: int) -> None:
    """REST's "10.00", GraphQL's "10.0" and a currency without decimals are read exactly."""
    of = order(totalPriceSet=bag("100", currency))
    found = read(transaction(amountSet=bag(amount, currency)), of=of)
    assert found.amount == Money(minor, currency)


def test_several_transactions_of_one_refund_are_added() -> None:
    """A refund that is spread over two payments is their sum."""
    found = read(transaction("75.00"), transaction("10.0"))
    assert found.amount == Money(8500, "PEN")


def test_a_pending_refund_is_told_by_its_transaction() -> None:
    """While a refund is pending Shopify counts nothing as refunded; its transaction says it."""
    money = bag("1012.70", "USD", shop=("1356.20", "CAD"))
    of = order(totalPriceSet=bag("1012.70", "USD", shop=("2606.73", "CAD")))
    found = read(transaction(status="PENDING", amountSet=money), of=of)
    assert found.amount == Money(101270, "USD")
    assert found.order_total == Money(101270, "USD")


def test_the_buyers_currency_is_taken() -> None:
    """The buyer was charged soles, though the shop keeps its books in dollars."""
    money = bag("59.9", "PEN", shop=("16.00", "USD"))
    assert read(transaction(amountSet=money)).amount == Money(5990, "PEN")


def test_soles_are_taken_where_only_the_shop_has_them() -> None:
    """A method of the shop's own charges in the shop's soles, whatever prices were shown in."""
    money = bag("16.00", "USD", shop=("59.9", "PEN"))
    of = order(totalPriceSet=bag("32.00", "USD", shop=("119.8", "PEN")))
    found = read(transaction(amountSet=money), of=of)
    assert (found.amount, found.order_total) == (Money(5990, "PEN"), Money(11980, "PEN"))


def test_a_restock_gives_no_money_back() -> None:
    """A refund without transactions puts articles on the shelf and is no refund of ours."""
    assert store_refund(refund(), (), order(), view()) is None


@pytest.mark.parametrize("status", ["FAILURE", "ERROR", "UNKNOWN", "AWAITING_RESPONSE"])
def test_a_refund_that_did_not_come_about_is_none(status: str) -> None:
    """A transaction that failed, or that nobody has decided, gives nothing back."""
    assert mapped(transaction(status=status)) is None


@pytest.mark.parametrize("kind", ["SUGGESTED_REFUND", "VOID", "SALE", "CHANGE"])
def test_only_refunds_give_back(kind: str) -> None:
    """A transaction of another kind beside the refund is not part of it."""
    assert read(transaction("10"), transaction("75", kind=kind)).amount == Money(1000, "PEN")


def test_two_currencies_in_one_refund_are_nonsense() -> None:
    """Amounts of two currencies are never added."""
    other = transaction(amountSet=bag("10", "EUR"))
    with pytest.raises(PlatformNonsense):
        mapped(transaction(), other)


def test_an_amount_that_money_cannot_hold_is_nonsense() -> None:
    """A tenth of a céntimo is refused, never rounded."""
    with pytest.raises(PlatformNonsense):
        mapped(transaction("10.001"))


def test_an_amount_never_was_a_float() -> None:
    """A float is refused where it comes in; a Decimal keeps its digits."""
    side = {"amount": Decimal("10.10"), "currencyCode": "PEN"}
    assert MoneyBag.model_validate({"presentmentMoney": side, "shopMoney": side})
    with pytest.raises(ValueError, match="float"):
        MoneyBag.model_validate({"presentmentMoney": {**side, "amount": 10.1}, "shopMoney": side})


# --- whose ---


def test_a_gateway_is_known_however_it_is_typed() -> None:
    """The merchant types the method's name, so case and blanks do not matter."""
    assert read(transaction(gateway=" pagoEFECTIVO ")).ours


def test_manual_alone_is_not_ours() -> None:
    """Every manual method can be called "manual": an order paid in the admin is not ours."""
    manual = {"gateway": "manual", "parentTransaction": {"gateway": "manual"}}
    of = order(sale(gateway="manual"), paymentGatewayNames=["manual"])
    found = read(transaction(**manual), of=of)
    assert (found.ours, found.transaction_id) == (False, None)


def test_a_nameless_transaction_is_known_by_its_payment() -> None:
    """A blank gateway is that of the payment which is given back."""
    parent = {"gateway": "PagoEfectivo", "paymentId": CIP}
    of = order(paymentGatewayNames=["PagoEfectivo", "gift_card"])
    assert read(transaction(gateway=None, parentTransaction=parent), of=of).ours


def test_a_nameless_payment_is_known_by_the_only_method_of_its_order() -> None:
    """Without a parent too, the one method that the order names is the one."""
    assert read(transaction(**NAMELESS)).ours
    several = order(paymentGatewayNames=["PagoEfectivo", "Yape"])
    assert not read(transaction(**NAMELESS), of=several).ours


def test_an_order_that_was_marked_as_paid_keeps_its_method() -> None:
    """Marked as paid in the admin, transactions say "manual"; the order names its one method."""
    of = order(sale(gateway="manual"), paymentGatewayNames=["PagoEfectivo", "manual"])
    found = read(transaction(gateway="manual", parentTransaction=None), of=of)
    assert (found.ours, found.payment_method) == (True, "PagoEfectivo")
    others = order(paymentGatewayNames=["Yape", "manual"])
    assert not read(transaction(gateway="manual", parentTransaction=None), of=others).ours


def test_cash_beside_our_payment_stays_cash() -> None:
    """Paid in part by hand and in part by our method: what was paid by hand is not ours to pay."""
    payments = (sale(amountSet=bag("79.8")), sale(gateway="manual", amountSet=bag("40.0")))
    of = order(*payments, paymentGatewayNames=["PagoEfectivo", "manual"])
    cash = {"gateway": "manual", "parentTransaction": {"gateway": "manual"}}
    assert not read(transaction("40.0", **cash), of=of).ours
    both = read(transaction("40.0", **cash), transaction("59.9"), of=of)
    assert (both.ours, both.amount) == (True, Money(5990, "PEN"))


def test_each_transaction_is_matched_for_itself() -> None:
    """Of an order paid by two methods only the part of ours is ours to give back."""
    card = transaction("40", gateway="gift_card", manualPaymentGateway=False)
    of = order(paymentGatewayNames=["PagoEfectivo", "gift_card"])
    found = read(card, transaction("19.9"), of=of)
    assert (found.amount, found.ours) == (Money(1990, "PEN"), True)


def test_what_others_paid_back_is_told_as_theirs() -> None:
    """A refund of another method is read, so that it is not taken for deleted, as not ours."""
    found = read(transaction(gateway="paypal", manualPaymentGateway=False))
    assert (found.ours, found.paid_by_gateway, found.transaction_id) == (False, False, None)


def test_others_money_that_cannot_be_read_is_passed_over() -> None:
    """A currency that nobody knows stops nothing where the refund is not ours."""
    assert mapped(transaction(gateway="paypal", amountSet=bag("1", "XYZ"))) is None


@pytest.mark.parametrize("status", ["SUCCESS", "PENDING"])
def test_what_the_provider_moves_itself_is_not_paid_again(status: str) -> None:
    """A gateway that is no manual one has paid the refund back, or is doing so."""
    found = read(transaction(manualPaymentGateway=False, status=status))
    assert (found.ours, found.paid_by_gateway, found.amount) == (True, True, Money(5990, "PEN"))


def test_only_what_is_left_to_us_is_counted() -> None:
    """Of one refund a gateway moves its own part, and we are left the part of the manual method."""
    moved = transaction("40", manualPaymentGateway=False)
    found = read(moved, transaction("19.9"))
    assert (found.amount, found.paid_by_gateway) == (Money(1990, "PEN"), False)


def test_a_test_moves_no_real_money() -> None:
    """At a live store a test is nobody's; in the sandbox it is what there is to try."""
    assert not read(transaction(test=True)).ours
    assert not read(of=order(test=True)).ours
    assert read(transaction(test=True), mode=Mode.SANDBOX).ours


# --- which payment ---


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("payment_id", CIP),
        ("order_id", str(ORDER_ID)),
        ("order_name", "#1001"),
        ("order_number", "1"),
        ("attribute:CIP", "11546902"),
        ("attribute:cip", None),
        ("metafield:pago.cip", "11546903"),
    ],
)
def test_the_reference_stands_where_the_settings_say(place: str, found: str | None) -> None:
    """The CIP or transaction code is read from the one place that the store was told of."""
    of = order(reference={"value": "11546903\n"})
    assert read(of=of, settings={"transaction_reference": place}).transaction_id == found


def test_a_missing_reference_is_none() -> None:
    """Where the place is empty, nothing is guessed."""
    bare = order(sale(paymentId=None))
    parent = {"gateway": "PagoEfectivo", "paymentId": ""}
    assert read(transaction(parentTransaction=parent), of=bare).transaction_id is None


def test_two_payments_without_a_parent_are_not_guessed_between() -> None:
    """Where it can't be told which payment is given back, no reference is better than one."""
    of = order(sale(), sale(paymentId="11546999"))
    assert read(transaction(parentTransaction=None), of=of).transaction_id is None
    assert read(transaction(), of=of).transaction_id == CIP


def test_an_unpaid_order_has_no_time_of_payment() -> None:
    """A sale that is still pending is no payment."""
    assert read(of=order(sale(status="PENDING"))).order_paid_at is None


# --- may it be paid out ---


def test_an_app_store_app_pays_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shopify lets App Store apps refund by the original payment only, whatever is set."""
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", "app_store")
    shared = {"secrets": {"client_id": "", "client_secret": ""}}
    assert read(**shared).payout_barred == "code.PAYOUT_BARRED_BY_APP_STORE"
    assert payout_bar_of(Shopify(), connection(**shared)) == "code.PAYOUT_BARRED_BY_APP_STORE"


def test_a_custom_app_pays_out_where_the_store_lets_it() -> None:
    """With a custom app the store decides."""
    assert read().payout_barred is None
    barred = read(settings={"payouts": "barred"})
    assert barred.payout_barred == "code.PAYOUT_BARRED_BY_STORE"
    store = connection(settings={"payouts": "barred"})
    assert payout_bar_of(Shopify(), store) == "code.PAYOUT_BARRED_BY_STORE"
    assert payout_bar_of(Shopify(), connection()) is None


# --- the poll ---


def changed(refunds: int, *gateways: str) -> ChangedOrder:
    """An order as the poll lists it."""
    node = {
        "id": "gid://shopify/Order/5",
        "updatedAt": "2026-11-23T15:00:27Z",
        "paymentGatewayNames": list(gateways),
        "refunds": [{"id": f"gid://shopify/Refund/{n}"} for n in range(refunds)],
    }
    return ChangedOrder.model_validate(node)


def test_a_changed_order_names_what_it_lists() -> None:
    """All refunds are named; where the list was cut off, none is, and the order is read."""
    assert changed_hint(changed(2), 10).refund_ids == {"0", "1"}
    assert changed_hint(changed(10), 10).refund_ids is None


@pytest.mark.parametrize(
    ("gateways", "maybe"),
    [(["PagoEfectivo"], True), ([], True), (["manual"], True), (["paypal"], False)],
)
def test_orders_of_others_are_not_looked_at(gateways: list[str], *, maybe: bool) -> None:
    """Only an order whose methods say that it is another's is passed over."""
    assert may_be_ours(changed(1, *gateways), settings_of(connection())) is maybe
