"""Shopify calls us: payment and refund sessions in, an answer out. Calls nobody but to tell.

Who calls is proved by mutual TLS before a byte arrives here; the shop stands in a header,
which must fit the store. There is no signature (platforms/shopify.md, section 1). A 2xx
means kept, so there is none on any error: Shopify then tries again.
"""

import json
from http import HTTPStatus
from typing import Final, TypeVar

import anyio
from pydantic import BaseModel

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    InvalidInput,
    KeysMixed,
    NotThere,
    PefError,
    SourceMismatch,
    WebhookRejected,
)
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.asked import AskedPayment, AskedRefund, Checkout, Operation
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer, Asked, Call, Standing
from pef_shopify.client import Sleep
from pef_shopify.payments.sessions import CIP_LASTS, tell_payment
from pef_shopify.payments.wire import PaymentSession, RefundSession
from pef_shopify.settings import is_shop, shop_of
from pef_shopify.wire import read_body

_Model = TypeVar("_Model", bound=BaseModel)

MAX_BODY_BYTES: Final = 256 * 1024
_SHOP_HEADER: Final = "shopify-shop-domain"
_SALE: Final = "sale"
_METHOD: Final = "pagoefectivo"
_SERVED: Final = frozenset({"/payment", "/refund"})
_FOR_AUTHORIZATIONS: Final = frozenset({"/capture", "/void"})


class ShopifyProvider:
    """See `platforms.provider.Provider`, which documents the methods.

    `sleep` waits where Shopify asks us to slow down.
    """

    def __init__(self, sleep: Sleep = anyio.sleep) -> None:
        self._sleep = sleep

    @property
    def by_certificate(self) -> bool:
        return True

    @property
    def max_body_bytes(self) -> int:
        return MAX_BODY_BYTES

    def caller(self, call: Call) -> str | None:
        shop = _shop(call)
        return shop.replace(".", "-") if shop else None

    def greet(self, call: Call) -> Answer | None:
        if call.path in _FOR_AUTHORIZATIONS:
            return _error(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "NOT_SERVED",
                "a CIP is a sale: there is nothing to capture or to void; refund it instead",
            )
        if call.path not in _SERVED:
            return _error(HTTPStatus.NOT_FOUND, NotThere.code, "there is no such session here")
        if call.method != "POST":
            return _error(
                HTTPStatus.METHOD_NOT_ALLOWED, WebhookRejected.code, "sessions are POSTed"
            )
        return None

    def read(self, call: Call, store: StoreConnection) -> Asked:
        if len(call.body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        if _shop(call) != shop_of(store):
            raise SourceMismatch
        if call.path == "/payment":
            return _payment(_session(PaymentSession, call), call, store)
        return _refund(_session(RefundSession, call), store)

    def leaves_payouts_to_store(self, store: StoreConnection) -> bool:  # noqa: ARG002 - the contract's shape
        """Never: Shopify hears the end of a refund from us, or waits."""
        return False

    def answer(self, asked: Asked, standing: Standing, store: StoreConnection) -> Answer:  # noqa: ARG002 - the contract's shape
        if not isinstance(standing, Checkout):
            # Kept; how it ends is told later. Nothing else stands in the answer (section 1).
            return Answer(HTTPStatus.CREATED)
        if standing.pay_url is None:
            return _error(
                HTTPStatus.SERVICE_UNAVAILABLE, "NO_CIP_YET", "there is no CIP yet; ask again"
            )
        return Answer(HTTPStatus.OK, json.dumps({"redirect_url": standing.pay_url}).encode())

    def refused(self, call: Call, fault: PefError) -> Answer:  # noqa: ARG002 - the contract's shape
        status = max(fault.http_status, HTTPStatus.BAD_REQUEST)
        return _error(status, fault.code, str(fault))

    async def tell_payment(self, checkout: Checkout, store: StoreConnection) -> None:
        await tell_payment(checkout, store, self._sleep)


def _shop(call: Call) -> str | None:
    """The shop that a call names.

    Raises:
        SourceMismatch: it names something that is no shop.
    """
    named = call.headers.get(_SHOP_HEADER)
    if named is None:
        return None
    shop = named.strip().lower()
    if not is_shop(shop):
        raise SourceMismatch("the header Shopify-Shop-Domain names no shop")
    return shop


def _session(model: type[_Model], call: Call) -> _Model:
    session = read_body(model, call.body)
    if session is None:
        kind = call.path.lstrip("/")
        raise BodyUnreadable(f"the body is no {kind} session, such as Shopify sends")
    return session


def _payment(session: PaymentSession, call: Call, store: StoreConnection) -> AskedPayment:
    if session.kind != _SALE:
        raise WebhookRejected("only sales are taken: set the extension up without authorization")
    _keep_modes_apart(session.test, store)
    try:
        amount = Money.parse(session.amount, session.currency)
    except InvalidInput as error:
        raise BodyUnreadable(f"the payment's amount can't be used: {error}") from None
    cancel_url = session.payment_method.cancel_url
    return AskedPayment(
        payment_id=session.id,
        # There is no order yet, and Shopify never names it to us: merchants see this id.
        order_id=session.id,
        order_number=session.id,
        amount=amount,
        test=session.test,
        return_url=cancel_url,
        expires_at=call.at + CIP_LASTS,
        email=session.customer.email or "",
        private={"gid": session.gid, "cancel_url": cancel_url},
    )


def _refund(session: RefundSession, store: StoreConnection) -> AskedRefund:
    test = store.mode is Mode.SANDBOX if session.test is None else session.test
    _keep_modes_apart(test, store)
    return AskedRefund(
        refund_id=session.id,
        operation=Operation.REFUND,
        payment_id=session.payment_id,
        amount=session.amount,
        currency=session.currency,
        test=test,
        payment_method=_METHOD,
        private={"gid": session.gid},
    )


def _keep_modes_apart(test: bool, store: StoreConnection) -> None:  # noqa: FBT001 - Shopify's own flag
    """Shopify's test mode must move no real money, nor a live payment the sandbox's.

    Raises:
        KeysMixed: it would.
    """
    if test and store.mode is not Mode.SANDBOX:
        raise KeysMixed(
            "a test payment reached a live store: switch test mode off in the shop's payment "
            "settings, or connect the shop as a sandbox store"
        )
    if not test and store.mode is Mode.SANDBOX:
        raise KeysMixed(
            "a live payment reached a sandbox store: switch test mode on in the shop's payment "
            "settings, or connect the shop as a live store"
        )


def _error(status: int, code: str, message: str) -> Answer:
    body = {"error": {"code": code, "message": message}}
    return Answer(status, json.dumps(body, ensure_ascii=False).encode())
