"""The fake payments platform asks an app for payments and refunds, and keeps its first word."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvicorn

from shopify_bench import (
    DOMAIN,
    PAYMENTS_ID,
    PAYMENTS_TOKEN,
    PaymentsListener,
    RemoteShop,
    free_port,
    payments_app,
    shop_running,
)

STATE = """state { ... on PaymentSessionStatePending { code reason }
  ... on PaymentSessionStateResolved { code } }"""
PENDING = f"""mutation ($id: ID!, $at: DateTime!) {{
  paymentSessionPending(id: $id, pendingExpiresAt: $at, reason: BUYER_ACTION_REQUIRED) {{
    paymentSession {{ id {STATE} nextAction {{ action context {{
      ... on PaymentSessionActionsRedirect {{ redirectUrl }} }} }} }}
    userErrors {{ code field message }} }} }}"""
PAY = f"""mutation ($id: ID!) {{ paymentSessionResolve(id: $id) {{
  paymentSession {{ {STATE} }} userErrors {{ message }} }} }}"""
FAIL_PAYMENT = """mutation ($id: ID!) {
  paymentSessionReject(id: $id, reason: {code: CANCELLED_PAYMENT}) { userErrors { message } } }"""
RESOLVE = """mutation ($id: ID!) { refundSessionResolve(id: $id) {
  refundSession { id state { __typename ... on RefundSessionStateResolved { code } } }
  userErrors { code field message } } }"""
REJECT = """mutation ($id: ID!) {
  refundSessionReject(id: $id, reason: {code: PROCESSING_ERROR, merchantMessage: "No pudo ser."}) {
    refundSession { state { ... on RefundSessionStateRejected { code merchantMessage } } }
    userErrors { code field message } } }"""
CONFIGURE = """mutation { paymentsAppConfigure(ready: false, externalHandle: "tienda") {
  paymentsAppConfiguration { ready externalHandle } userErrors { message } } }"""


@pytest.fixture(scope="module")
def taker() -> Iterator[PaymentsListener]:
    """The payments app of all these tests."""
    with PaymentsListener().listening() as listening:
        yield listening


@pytest.fixture
def app(taker: PaymentsListener) -> PaymentsListener:
    """The same, emptied and well."""
    taker.sessions.clear()
    taker.status, taker.answer = 201, b"{}"
    return taker


@pytest.fixture
def shop(app: PaymentsListener) -> Iterator[RemoteShop]:
    """A shop with that app installed and ready."""
    with shop_running(apps=(payments_app(app.url),)) as remote:
        yield remote


def ask(shop: RemoteShop, document: str, **variables: Any) -> Any:
    """What the one mutation of a document answers."""
    data = shop.data(document, variables, token=PAYMENTS_TOKEN, api="payments_apps")
    (answer,) = data.values()
    return answer


def in_days(days: float) -> str:
    """A time from now, as GraphQL writes it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def paid_order(shop: RemoteShop, amount: str = "119.80") -> str:
    """An order that the payments app was paid for."""
    session = shop.start_payment(amount)
    ask(shop, PAY, id=session["gid"])
    return str(shop.sessions()["payments"][session["id"]]["order_id"])


def refund_asked(shop: RemoteShop, app: PaymentsListener, order_id: str, amount: str) -> Any:
    """Press refund; the session as the app got it."""
    shop.press(order_id, amount)
    shop.flush()
    return app.bodies("refund")[-1]


def test_a_payment_is_asked_for(shop: RemoteShop, app: PaymentsListener) -> None:
    """The session names amount, currency and buyer, and the buyer goes where the app says."""
    kept = shop.start_payment("119.8", email="ana@example.test", test=True)
    (body,) = app.bodies("payment")
    assert (body["id"], body["gid"]) == (kept["id"], kept["gid"])
    assert (body["amount"], body["currency"], body["test"]) == ("119.80", "PEN", True)
    assert (body["kind"], body["customer"]["email"]) == ("sale", "ana@example.test")
    assert body["payment_method"]["data"]["cancel_url"].startswith(shop.home)
    assert datetime.fromisoformat(body["proposed_at"]).tzinfo == UTC
    headers = app.sessions[0][1].headers
    assert headers["shopify-shop-domain"] == DOMAIN
    assert headers["shopify-api-version"] == "2026-10"
    assert headers["shopify-request-id"]
    assert kept["redirect_url"] == "https://pef.example/pay"


def test_a_pending_payment_makes_an_unpaid_order(shop: RemoteShop) -> None:
    """Pending gives the address for the buyer's return and an order that waits for money."""
    session = shop.start_payment()
    answer = ask(shop, PENDING, id=session["gid"], at=in_days(3))
    assert answer["userErrors"] == []
    state = answer["paymentSession"]["state"]
    assert state == {"code": "PENDING", "reason": "BUYER_ACTION_REQUIRED"}
    back = answer["paymentSession"]["nextAction"]["context"]["redirectUrl"]
    assert "pendiente de pago" in shop.open(back.removeprefix(shop.home)).text
    order_id = shop.sessions()["payments"][session["id"]]["order_id"]
    assert shop.order(order_id)["status"] == "PENDING"
    assert ask(shop, PAY, id=session["gid"])["paymentSession"]["state"] == {"code": "RESOLVED"}
    assert shop.order(order_id)["status"] == "PAID"


@pytest.mark.parametrize(
    ("days", "code"),
    [(-1, "EXPIRED_PENDING_EXPIRES_AT"), (400, "OUT_OF_RANGE_PENDING_EXPIRES_AT")],
)
def test_a_payment_can_not_be_pending_for_just_any_time(
    shop: RemoteShop, days: int, code: str
) -> None:
    """A time that is past or too far away is a user error, and nothing changes."""
    session = shop.start_payment()
    answer = ask(shop, PENDING, id=session["gid"], at=in_days(days))
    assert answer["userErrors"][0]["code"] == code
    assert shop.sessions()["payments"][session["id"]]["state"] == "open"


def test_of_a_payments_outcomes_the_first_wins(shop: RemoteShop) -> None:
    """A repeat succeeds, the other outcome and pending fail, an unknown session is not found."""
    session = shop.start_payment()
    at = in_days(1)
    for _ in range(2):
        assert ask(shop, PAY, id=session["gid"])["userErrors"] == []
    assert ask(shop, FAIL_PAYMENT, id=session["gid"])["userErrors"]
    late = ask(shop, PENDING, id=session["gid"], at=at)
    assert late["userErrors"][0]["code"] == "PENDING_INVALID_STATE"
    unknown = ask(shop, PENDING, id="gid://shopify/PaymentSession/x", at=at)
    assert unknown["userErrors"][0]["code"] == "NOT_FOUND"
    assert len(shop.do("GET", "/orders")) == 1


def test_a_failed_payment_leaves_no_paid_order(shop: RemoteShop) -> None:
    """Rejecting a pending payment voids its order; before that there is none."""
    early, late = shop.start_payment(), shop.start_payment()
    ask(shop, FAIL_PAYMENT, id=early["gid"])
    ask(shop, PENDING, id=late["gid"], at=in_days(1))
    ask(shop, FAIL_PAYMENT, id=late["gid"])
    (order,) = shop.do("GET", "/orders")
    assert (order["status"], order["rest"]) == ("VOIDED", "0.00")


def test_a_refund_is_asked_for_and_waits(shop: RemoteShop, app: PaymentsListener) -> None:
    """The session names the payment and no order; the transaction is pending until it ends."""
    order_id = paid_order(shop)
    body = refund_asked(shop, app, order_id, "20.00")
    assert set(body) == {
        "id",
        "gid",
        "payment_id",
        "amount",
        "currency",
        "test",
        "merchant_locale",
        "proposed_at",
    }
    assert body["payment_id"] == app.bodies("payment")[0]["id"]
    assert body["amount"] == "20.00"
    assert shop.sessions()["refunds"][body["id"]]["sent"] == "sent"
    assert shop.refund_transaction(order_id)["status"] == "pending"
    assert shop.order(order_id)["refunded"] == "0.00"


def test_a_resolved_refund_is_one_for_good(shop: RemoteShop, app: PaymentsListener) -> None:
    """A repeat succeeds; a rejection after it is in an invalid state."""
    order_id = paid_order(shop)
    session = refund_asked(shop, app, order_id, "20.00")["gid"]
    for _ in range(2):
        answer = ask(shop, RESOLVE, id=session)
        assert answer["userErrors"] == []
        assert answer["refundSession"]["state"]["code"] == "RESOLVED"
    refused = ask(shop, REJECT, id=session)
    assert refused["refundSession"] is None
    assert refused["userErrors"][0]["code"] == "REFUND_SESSION_INVALID_STATE"
    assert shop.order(order_id)["refunded"] == "20.00"


def test_a_rejected_refund_gives_the_amount_free(shop: RemoteShop, app: PaymentsListener) -> None:
    """Its transaction fails with the app's message, and the whole amount can be refunded again."""
    order_id = paid_order(shop)
    session = refund_asked(shop, app, order_id, "119.80")["gid"]
    for _ in range(2):
        state = ask(shop, REJECT, id=session)["refundSession"]["state"]
        assert state == {"code": "REJECTED", "merchantMessage": "No pudo ser."}
    invalid = ask(shop, RESOLVE, id=session)["userErrors"][0]
    assert invalid["code"] == "REFUND_SESSION_INVALID_STATE"
    transaction = shop.refund_transaction(order_id)
    assert (transaction["status"], transaction["message"]) == ("failure", "No pudo ser.")
    assert shop.order(order_id)["rest"] == "119.80"


@pytest.mark.parametrize("document", [RESOLVE, REJECT])
def test_an_unknown_refund_is_not_found(shop: RemoteShop, document: str) -> None:
    """Neither outcome can be told of a session that there is not."""
    error = ask(shop, document, id="gid://shopify/RefundSession/none")["userErrors"][0]
    assert error["code"] == "REFUND_SESSION_NOT_FOUND"


@pytest.mark.parametrize(
    ("status", "answer"), [(200, b"{}"), (201, b'{"id": 1}'), (500, b""), (302, b"")]
)
def test_only_201_with_nothing_in_it_will_do(
    shop: RemoteShop, app: PaymentsListener, status: int, answer: bytes
) -> None:
    """Any other answer is tried again, then shown as failed; the merchant can send it by hand."""
    app.status, app.answer = status, answer
    order_id = paid_order(shop)
    shop.press(order_id, "5.00")
    for _ in range(4):
        shop.flush()
    (session,) = shop.sessions()["refunds"].values()
    assert (session["sent"], session["tries"]) == ("failed", [status] * 3)
    assert len({body["id"] for body in app.bodies("refund")}) == 1
    app.status, app.answer = 201, b""
    again = shop.do("POST", f"/sessions/refunds/{session['id']}/send")
    assert again == {"status": 201, "sent": "sent"}


def test_a_session_can_be_sent_twice(shop: RemoteShop, app: PaymentsListener) -> None:
    """A repeat has the very same body, for a payment as for a refund."""
    payment = shop.start_payment()
    shop.do("POST", f"/sessions/payments/{payment['id']}/send")
    first, second = app.bodies("payment")
    assert first == second


def test_an_app_that_is_not_ready_is_not_offered(shop: RemoteShop) -> None:
    """`paymentsAppConfigure(ready: false)` takes it from the checkout."""
    answer = ask(shop, CONFIGURE)["paymentsAppConfiguration"]
    assert answer == {"ready": False, "externalHandle": "tienda"}
    with pytest.raises(AssertionError, match="404"):
        shop.start_payment()


def test_other_apps_may_not_speak_to_the_payments_platform(app: PaymentsListener) -> None:
    """A token without the payments scopes is denied."""
    bare = payments_app(app.url, payments=None, scopes=("read_orders",))
    with shop_running(apps=(bare,)) as shop:
        how = {"token": PAYMENTS_TOKEN, "api": "payments_apps"}
        assert shop.fault(RESOLVE, {"id": "x"}, **how)[0] == "ACCESS_DENIED"


def test_the_payments_app_is_called_under_a_client_certificate(
    app: PaymentsListener, tmp_path: Path
) -> None:
    """With a certificate in its settings the shop passes mutual TLS; without one it fails."""
    ca, keys = trustme.CA(), tmp_path / "shopify.pem"
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ca.issue_cert("shopify.example").private_key_and_cert_chain_pem.write_to_path(str(keys))
    with mutual_tls(app, ca, tmp_path) as address:
        given = {"apps": (payments_app(address),), "server_ca": tmp_path / "ca.pem"}
        with shop_running(**given, client_certificate=keys) as trusted:
            assert trusted.start_payment()["redirect_url"] == app.redirect_url
        with shop_running(**given) as nobody:
            assert nobody.start_payment()["redirect_url"] is None
    assert len(app.bodies("payment")) == 1


@contextmanager
def mutual_tls(app: PaymentsListener, ca: trustme.CA, folder: Path) -> Iterator[str]:
    """The payments app behind TLS that asks for a certificate of `ca`."""
    own = folder / "server.pem"
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
    config = uvicorn.Config(
        app.app,
        port=(port := free_port()),
        log_level="critical",
        ssl_certfile=own,
        ssl_ca_certs=str(folder / "ca.pem"),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    yield f"https://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_an_uninstalled_payments_app_is_not_asked(shop: RemoteShop) -> None:
    """After its removal nobody is there to take a payment."""
    shop.do("POST", f"/apps/{PAYMENTS_ID}/uninstall")
    with pytest.raises(AssertionError, match="404"):
        shop.start_payment()
