"""What the rail's client takes for a payment, a CIP or a delivery, to the letter."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from checkout_samples import EMAIL, checkout
from pagoefectivo_bench import sandbox_account
from pef_adapters.core.errors import AnsweredNonsense, BodyUnreadable
from pef_adapters.core.money import Money
from pef_adapters.pagoefectivo.keys import HostKind, host_kind
from pef_adapters.pagoefectivo.notifications import Notification, read_notification
from pef_adapters.pagoefectivo.settings import AccountSettings
from pef_adapters.pagoefectivo.signature import sign
from pef_adapters.pagoefectivo.wire import (
    Amount,
    Beneficiary,
    CipRecord,
    CipState,
    Envelope,
    NewCip,
    TextOrNumber,
    TokenData,
)
from rail_bodies import NEW, TOKEN, WHO
from rail_line import CIP, URL, lined

# shapes


def test_the_states_of_a_cip_have_the_numbers_of_the_fact_sheet() -> None:
    """In this API "Cancelado", 23, means paid."""
    assert {state.name: state.value for state in CipState} == {
        "EXPIRED": 21,
        "GENERATED": 22,
        "PAID": 23,
        "DELETED": 25,
    }


@pytest.mark.parametrize("odd", [True, ["100"], {"a": 1}, Decimal("1.5"), None, "x" * 201])
def test_a_code_is_a_text_or_a_whole_number(odd: object) -> None:
    """Anything else is not made into text."""
    with pytest.raises(ValidationError):
        TypeAdapter(TextOrNumber).validate_python(odd)
    assert TypeAdapter(TextOrNumber).validate_python("x" * 200) == "x" * 200
    assert Envelope.model_validate({"code": 7}) == Envelope(
        code="7", message="", data=None, response_id=None, timestamp=None
    )


@pytest.mark.parametrize(
    ("amount", "good"), [("0", True), ("-0.01", False), ("9" * 18, True), ("9" * 19, False)]
)
def test_an_amount_is_not_below_nothing_nor_beyond_eighteen_digits(
    amount: str, *, good: bool
) -> None:
    """As money is kept."""
    shape: TypeAdapter[Decimal] = TypeAdapter(Amount)
    if good:
        assert shape.validate_python(Decimal(amount)) == Decimal(amount)
    else:
        with pytest.raises(ValidationError):
            shape.validate_python(Decimal(amount))


def test_only_dates_of_1900_mean_never() -> None:
    """The year after is a year."""
    read = CipRecord.model_validate({"dateExpiry": "1901-01-01T00:00:00-05:00"})
    assert read.date_expiry == datetime(1901, 1, 1, 5, tzinfo=UTC)
    assert CipRecord.model_validate({"dateExpiry": "1900-12-31T00:00:00-05:00"}).date_expiry is None


@pytest.mark.parametrize(("length", "good"), [(0, False), (1, True), (4096, True), (4097, False)])
def test_a_token_has_at_most_4096_letters(length: int, *, good: bool) -> None:
    """And at least one."""
    given = {**TOKEN, "token": "x" * length}
    if good:
        assert TokenData.model_validate(given).token.get_secret_value() == "x" * length
    else:
        with pytest.raises(ValidationError):
            TokenData.model_validate(given)


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("transaction_code", 36),
        ("user_email", 100),
        ("user_phone", 15),
        ("user_code_country", 5),
        ("payment_concept", 50),
        ("additional_data", 200),
        ("admin_email", 100),
        ("user_name", 30),
        ("user_last_name", 30),
        ("user_country", 20),
        ("user_document_number", 14),
    ],
)
def test_a_text_of_a_new_cip_has_the_fact_sheets_length(field: str, most: int) -> None:
    """Its own names and the rail's are both read; one letter more is refused here."""
    assert getattr(NewCip.model_validate({**NEW, field: "x" * most}), field) == "x" * most
    with pytest.raises(ValidationError):
        NewCip.model_validate({**NEW, field: "x" * (most + 1)})


@pytest.mark.parametrize(
    ("kind", "given", "field", "good", "odd"),
    [
        (NewCip, NEW, "transaction_code", "1", ""),
        (NewCip, NEW, "user_email", "a@b", "ab"),
        (NewCip, NEW, "user_ubigeo", "150101", "15010"),
        (NewCip, NEW, "user_document_type", "CE", "RUC"),
        (Beneficiary, WHO, "first_name", "x" * 60, "x" * 61),
        (Beneficiary, WHO, "last_name", "x" * 60, "x" * 61),
        (Beneficiary, WHO, "first_name", "x", ""),
        (Beneficiary, WHO, "last_name", "x", ""),
        (Beneficiary, WHO, "document_number", "A" * 20, "A" * 21),
        (Beneficiary, WHO, "document_number", "1234567", "123456"),
        (Beneficiary, WHO, "cci", "1" * 20, "1" * 21),
        (Beneficiary, WHO, "email", "x" * 100, "x" * 101),
        (Beneficiary, WHO, "account_type", "MAESTRA", "SUELDO"),
        (Beneficiary, WHO, "document_type", "RUC", "PAR"),
    ],
)
def test_a_field_is_taken_up_to_its_bound(
    kind: type[Any], given: dict[str, str], field: str, good: str, odd: str
) -> None:
    """What the rail would refuse does not leave."""
    assert getattr(kind.model_validate({**given, field: good}), field) == good
    with pytest.raises(ValidationError):
        kind.model_validate({**given, field: odd})


def test_an_account_without_settings_takes_the_published_ones() -> None:
    """Paths, patience in seconds, and the words of the headers."""
    assert AccountSettings.of(sandbox_account(URL)).model_dump(mode="json") == {
        "paths": {
            "authorizations": "/v1/authorizations",
            "cips": "/v1/cips",
            "refunds": "/api/v1/refunds",
            "transactions": "/api/v1/transactions",
        },
        "timeouts": {"connect": 5, "read": 15, "write": 10, "pool": 5, "whole": 20},
        "origin": "web",
        "accept_language": "es-PE",
        "transaction_reference": "cip",
        "cip_defaults": {"user_email": None, "user_phone": None, "user_code_country": None},
    }


# payments, CIPs and deliveries


async def test_a_cip_without_an_order_number_names_the_order() -> None:
    """The buyer has to recognise the order; one in dollars is asked for as well."""
    answer = {
        "cip": "~0",
        "currency": "USD",
        "amount": 5,
        "transactionCode": "CK7Q2M4X9B",
        "dateExpiry": "2999-01-01T12:00:00-05:00",
        "cipUrl": "https://pay.example/x",
    }
    made, line, _ = lined(answer)
    with pytest.raises(AnsweredNonsense, match="the new CIP's cip is not"):
        await made.rail.create_payment(checkout("5.00", "USD", order_number=""), EMAIL)
    assert line.last()[2]["paymentConcept"] == "Pedido 1014-01"
    assert line.last()[2]["currency"] == "USD"


@pytest.mark.parametrize(
    ("states", "counts"),
    [
        (("EXPIRED", "PAID", "GENERATED"), 2),
        (("DELETED", "GENERATED", "GENERATED"), 2),
        (("DELETED", "EXPIRED"), 1),
    ],
)
async def test_of_several_cips_of_one_code_one_counts(states: tuple[str, ...], counts: int) -> None:
    """The paid one, else the first that waits, else the first; each has its own amount here."""
    found = [
        {**CIP, "transactionCode": "C", "amount": place, "status": CipState[state]}
        for place, state in enumerate(states, start=1)
    ]
    made, _, _ = lined(found, transaction_reference="transaction_code")
    payment = await made.rail.find_payment("C")
    assert payment is not None
    assert payment.amount == Money(100 * counts, "PEN")


async def test_a_cip_of_nothing_is_a_payment_of_nothing() -> None:
    """Zero is an amount that was told, and no other is put in its place."""
    made, _, _ = lined([{**CIP, "amount": 0}])
    payment = await made.rail.find_payment("10000001")
    assert payment is not None
    assert payment.amount == Money(0, "PEN")


async def test_a_cip_that_waits_was_not_paid_whatever_its_dates_say() -> None:
    """The state alone says that money came."""
    made, _, _ = lined([{**CIP, "status": CipState.GENERATED}])
    payment = await made.rail.find_payment("10000001")
    assert payment is not None
    assert (payment.paid_at, payment.over) == (None, False)


def test_a_delivery_is_read_whole() -> None:
    """Every field by its own name; what is not told is not known."""
    body = json.dumps(
        {
            "eventType": "e" * 60,
            "operationNumber": 9,
            "data": {
                "cip": 1,
                "transactionCode": "TC",
                "refundId": "RFD",
                "merchantRefundId": "RF",
                "currency": "PEN",
                "amount": 5,
                "status": "REFUNDED",
            },
        }
    ).encode()
    assert read_notification(body, {"PE-Signature": sign(body, "s")}, "s") == Notification(
        event_type="e" * 60,
        operation_number="9",
        cip="1",
        transaction_code="TC",
        refund_id="RFD",
        merchant_refund_id="RF",
        currency="PEN",
        amount=Decimal(5),
        status="REFUNDED",
    )
    bare = b'{"eventType":"x","data":{}}'
    read = read_notification(bare, {"PE-Signature": sign(bare, "s")}, "s")
    assert read.identity == ("x", "", "")
    assert (read.refund_id, read.merchant_refund_id, read.amount) == (None, None, None)
    long = b'{"eventType":"' + b"e" * 61 + b'","data":{}}'
    with pytest.raises(BodyUnreadable):
        read_notification(long, {"PE-Signature": sign(long, "s")}, "s")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://rail.test~", HostKind.LIVE),
        ("http://sandbox.:1", HostKind.SANDBOX),
        ("https://pre.x.pagoefectivo.pe:1", HostKind.PRE_PRODUCTION),
        ("https://x.pre.pagoefectivo.pe", HostKind.LIVE),
        ("https://a.sandbox.pe", HostKind.LIVE),
    ],
)
def test_a_name_that_only_looks_like_one_of_ours_is_live(url: str, kind: HostKind) -> None:
    """The first part, the last part or the dot at the end decide; any port will do."""
    assert host_kind(url) is kind
