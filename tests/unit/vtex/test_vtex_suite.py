"""VTEX's test suite: each case answers by its card, in the protocol's own shape."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.platforms.asked import (
    AskedPayment,
    AskedRefund,
    AskedSettlement,
    Checkout,
    CheckoutState,
)
from pef_adapters.platforms.provider import Plain
from pef_vtex import suite
from vtex_samples import (
    NOW,
    PAYMENT,
    REQUEST,
    STORE,
    SUITE,
    call,
    checkout,
    connection,
    payment_body,
    provider,
    refund_body,
    said,
    suite_store,
)


def asks(path: str, body: dict[str, Any]) -> Any:
    """What the adapter understands of the suite's call."""
    return provider().read(call(f"/{STORE}{path}", body, headers=SUITE), suite_store())


def pays_by(number: str | None) -> Any:
    """A payment by this card."""
    return asks("/payments", payment_body(card={"number": number}))


@pytest.mark.parametrize(
    ("card", "status"), [("4444333322221111", "approved"), ("4444 3333 2222 1112", "denied")]
)
def test_a_card_is_approved_or_denied_at_once(card: str, status: str) -> None:
    """The first two cases need nobody but us."""
    found = pays_by(card)
    assert isinstance(found, Plain)
    body = said(found.answer, "/payments")
    assert body["status"] == status
    assert bool(body["authorizationId"]) is (status == "approved")


def test_the_approved_case_runs_through_to_its_refund() -> None:
    """Authorise, settle, refund: the suite wants a refundId in its first answer."""
    tid = said(pays_by("4444333322221111").answer, "/payments")["tid"]
    paths = "/payments/{paymentId}/settlements", "/payments/{paymentId}/refunds"
    settled, refunded = (
        asks(path.replace("{paymentId}", PAYMENT), refund_body(tid=tid)) for path in paths
    )
    assert said(settled.answer, paths[0])["settleId"] == f"suite-{REQUEST}"
    body = said(refunded.answer, paths[1])
    assert (body["refundId"], body["value"]) == (f"suite-{REQUEST}", Decimal("20.00"))


def test_the_cancel_case_is_cancelled_at_once() -> None:
    """It names its authorisation, by which we know it as the suite's."""
    authorization = said(pays_by("4444333322221111").answer, "/payments")["authorizationId"]
    path = "/payments/{paymentId}/cancellations"
    body = {"paymentId": PAYMENT, "requestId": REQUEST, "authorizationId": authorization}
    found = asks(path.replace("{paymentId}", PAYMENT), body)
    assert said(found.answer, path)["cancellationId"] == f"suite-{REQUEST}"


def later(card: str | None) -> Checkout:
    """A payment of an asynchronous case, as the engine keeps it."""
    found = pays_by(card)
    assert isinstance(found, AskedPayment)
    return checkout(CheckoutState.WAITING, private=found.private)


@pytest.mark.parametrize(
    ("card", "status"),
    [
        ("4222222222222224", "approved"),
        ("4222222222222225", "denied"),
        (None, "approved"),
        ("4111111111111111", "approved"),
    ],
)
def test_the_other_cases_end_by_callback(card: str | None, status: str) -> None:
    """First `undefined` with an address, then what the case names; a redirect is approved."""
    kept = later(card)
    first = said(provider().answer(pays_by(card), kept, suite_store()), "/payments")
    assert (first["status"], first["paymentUrl"]) == ("undefined", kept.pay_url)
    end = suite.end(kept, suite_store(), NOW + suite.CALLBACK_AFTER)
    assert end is not None
    assert end.status == status
    assert end.tid == first["tid"]


async def test_a_callback_is_held_back_until_the_call_was_answered() -> None:
    """The gateway would overwrite what it heard while it was still being served."""
    early = provider(NOW + timedelta(seconds=1))
    with pytest.raises(PlatformUnreachable):
        await early.tell_payment(later("4222222222222224"), suite_store())


def test_an_ordinary_payment_of_the_sandbox_is_none_of_the_suites() -> None:
    """Whatever was asked without a card's case ends as PagoEfectivo says."""
    assert suite.end(checkout(CheckoutState.WAITING), suite_store(), NOW) is None
    assert suite.standing(checkout(CheckoutState.PAID), suite_store()) is None


@pytest.mark.parametrize("path", ["settlements", "refunds", "cancellations"])
def test_a_live_store_knows_no_suite(path: str) -> None:
    """The header and the suite's names mean nothing where money is real."""
    headers = SUITE | {"x-vtex-api-appkey": STORE, "x-vtex-api-apptoken": "made-up-provider-token"}
    body = refund_body(tid="suite-1", authorizationId="suite-1", settleId="suite-1")
    found = provider().read(
        call(f"/payments/{PAYMENT}/{path}", body, headers=headers), connection()
    )
    assert isinstance(found, AskedRefund | AskedSettlement)
