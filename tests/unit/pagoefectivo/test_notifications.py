"""Deliveries from PagoEfectivo, read."""

from decimal import Decimal

import pytest

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SignatureInvalid,
    WebhookRejected,
)
from pef_adapters.pagoefectivo import Notification, read_notification
from pef_adapters.pagoefectivo.signature import sign

SECRET = "test-secret-key"


def delivered(body: bytes) -> Notification:
    """Read a body that was signed as it is."""
    return read_notification(body, {"PE-Signature": sign(body, SECRET)}, SECRET)


def test_a_payment_is_read_exactly() -> None:
    """Amounts are decimals, ids are text."""
    seen = delivered(
        b'{"eventType":"cip.paid","operationNumber":"1253",'
        b'"data":{"cip":"11546901","currency":"PEN","amount":22.05}}'
    )
    assert (seen.event_type, seen.operation_number, seen.cip) == ("cip.paid", "1253", "11546901")
    assert (seen.amount, seen.currency) == (Decimal("22.05"), "PEN")


def test_numbers_in_place_of_text_are_accepted() -> None:
    """Some senders write operationNumber and cip as numbers."""
    seen = delivered(b'{"eventType":"cip.paid","operationNumber":1253,"data":{"cip":11546901}}')
    assert seen.identity == ("cip.paid", "11546901", "1253")


def test_a_refund_event_names_our_id() -> None:
    """The merchant's refund id and the state come through."""
    seen = delivered(
        b'{"eventType":"refund.refunded","operationNumber":"9001","data":{"refundId":'
        b'"RFD-0000000001","merchantRefundId":"RF-1","cip":"1","status":"REFUNDED"}}'
    )
    assert (seen.merchant_refund_id, seen.refund_id) == ("RF-1", "RFD-0000000001")
    assert seen.status == "REFUNDED"


def test_an_extorno_is_recognised() -> None:
    """cip.refunded is the bank's reversal, not a refund of ours."""
    assert delivered(b'{"eventType":"cip.refunded","data":{"cip":"1"}}').is_extorno
    assert not delivered(b'{"eventType":"refund.refunded","data":{}}').is_extorno


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"eventType":"cip.paid"}',
        b'{"eventType":"","data":{}}',
        b'{"eventType":"cip.paid","data":{"amount":NaN}}',
        b'{"eventType":"cip.paid","data":{"amount":1e999999999}}',
        b'{"eventType":"cip.paid","eventType":"cip.refunded","data":{}}',
        b"[" * 60_000,
        b"\xff\xfe",
        b"eventType=cip.paid&data=1",
    ],
)
def test_a_signed_body_that_is_no_notification_is_refused(body: bytes) -> None:
    """A signature does not make nonsense readable."""
    with pytest.raises(BodyUnreadable):
        delivered(body)


def test_a_body_over_the_bound_is_refused_before_it_is_hashed() -> None:
    """64 KiB is far more than any notification has."""
    with pytest.raises(BodyTooLarge):
        read_notification(b" " * (64 * 1024 + 1), {}, SECRET)


def test_another_accounts_secret_is_refused() -> None:
    """A delivery signed for somebody else changes nothing here."""
    body = b'{"eventType":"cip.paid","data":{}}'
    with pytest.raises(SignatureInvalid) as refused:
        read_notification(body, {"pe-signature": sign(body, "another-secret")}, SECRET)
    assert isinstance(refused.value, WebhookRejected)
