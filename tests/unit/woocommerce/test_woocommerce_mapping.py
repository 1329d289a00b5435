"""Recorded REST answers become canonical refunds, exact to the céntimo."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pef_adapters.core.errors import PlatformNonsense
from pef_adapters.core.money import Money
from pef_adapters.testing.fake_woocommerce.php_json import php_json
from pef_adapters.testing.fake_woocommerce.wire import amount as shown_amount
from pef_woocommerce import mapping
from pef_woocommerce.settings import Settings
from pef_woocommerce.wire import Order, Refund
from woocommerce_bench import recording, rest_answer

SETTINGS = Settings(payment_methods=("cheque",))
ORDER: dict[str, Any] = json.loads(rest_answer("get_order"))
REFUND: dict[str, Any] = json.loads(rest_answer("get_order_refunds"))[0]


def mapped(refund: dict[str, Any], order: dict[str, Any] = ORDER) -> Any:
    """The canonical record of a refund's JSON with its order's."""
    return mapping.store_refund(
        Refund.model_validate(refund), Order.model_validate(order), SETTINGS, {}
    )


def test_a_recorded_refund_is_read_exactly() -> None:
    """Amount, total, times, person and CIP of the recorded refund come out right."""
    refund = mapped(REFUND)
    assert (refund.refund_id, refund.order_id, refund.order_number) == ("15", "14", "14")
    assert refund.amount == Money(5990, "PEN")
    assert refund.order_total == Money(12980, "PEN")
    assert refund.requested_at.isoformat() == "2026-11-23T01:28:17+00:00"
    assert refund.order_paid_at.isoformat() == "2026-11-23T01:28:16+00:00"
    assert (refund.requested_by, refund.reason) == ("1", "Producto agotado")
    assert (refund.transaction_id, refund.ours, refund.paid_by_gateway) == ("11546901", True, False)


@pytest.mark.parametrize(("scenario", "minor"), [("amount_only_partial", 4950), ("zero_amount", 0)])
def test_recorded_refunds_of_the_scenarios(scenario: str, minor: int) -> None:
    """What the store answered after each scenario gives the amount that was pressed."""
    (refund,) = recording(scenario)["store_state_after"]["refunds"]
    assert mapped(refund).amount == Money(minor, "PEN")


def test_the_refund_made_by_rest_is_read_exactly() -> None:
    """The answer to a refund made by REST gives its amount."""
    _, refund = recording("rest_refund_api_refund_false")["store_state_after"]["answer"]
    assert mapped(refund).amount == Money(700, "PEN")


def test_an_unpaid_order_has_no_payment_time() -> None:
    """An order that nobody paid says so, and one of another method is not ours."""
    refund = mapped(REFUND, ORDER | {"date_paid_gmt": None, "payment_method": "bacs"})
    assert refund.order_paid_at is None
    assert not refund.ours


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("transaction_id", "11546901"),
        ("meta:_pagoefectivo_cip", "77"),
        ("meta:_number", "78"),
        ("meta:_nested", None),
        ("meta:_flag", None),
        ("meta:_blank", None),
        ("meta:_absent", None),
    ],
)
def test_the_transaction_id_stands_where_the_settings_say(source: str, found: str | None) -> None:
    """The CIP comes from the named field, as text or number; anything else is missing."""
    fields = {"_pagoefectivo_cip": " 77 ", "_number": 78, "_nested": {"a": 1}, "_flag": True}
    metas = [{"id": 1, "key": k, "value": v} for k, v in {**fields, "_blank": ""}.items()]
    order = Order.model_validate(ORDER | {"meta_data": metas})
    settings = Settings(payment_methods=("cheque",), transaction_id_from=source)
    assert mapping.transaction_id(order, settings) == found


@pytest.mark.parametrize("amount", ["-59.90", "NaN", "Infinity", "", "59,90", None, "1e400000"])
def test_amounts_that_are_none_are_never_read(amount: str | None) -> None:
    """A refund whose amount is no plain, positive number is nonsense."""
    with pytest.raises((ValidationError, PlatformNonsense)):
        mapped(REFUND | {"amount": amount})


@pytest.mark.parametrize("changed", [{"currency": "XXQ"}, {"total": "10.005"}])
def test_orders_without_exact_money_are_nonsense(changed: dict[str, str]) -> None:
    """An unknown currency or a fraction of a céntimo is told as nonsense, never rounded."""
    with pytest.raises(PlatformNonsense):
        mapped(REFUND, ORDER | changed)


@given(st.integers(min_value=0, max_value=10**12))
def test_any_amount_survives_the_wire(minor: int) -> None:
    """What the store writes with two decimals is read back to the céntimo."""
    text = shown_amount(Decimal(minor).scaleb(-2), 2)
    wire = php_json(REFUND | {"amount": text})
    refund = mapping.store_refund(
        Refund.model_validate_json(wire), Order.model_validate(ORDER), SETTINGS, {}
    )
    assert refund.amount == Money(minor, "PEN")


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_prices_are_written_as_numbers_without_floats(price: Decimal) -> None:
    """The fake store writes a price as a JSON number that reads back exactly."""
    (read,) = json.loads(php_json([price]), parse_float=Decimal, parse_int=Decimal)
    assert read == price


def test_json_is_written_as_php_writes_it() -> None:
    """Slashes and non-ASCII are escaped, and nothing is spaced."""
    assert php_json({"a": "ñ/", "price": Decimal("59.90")}) == b'{"a":"\\u00f1\\/","price":59.9}'
