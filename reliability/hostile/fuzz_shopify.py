"""Shopify's answers, spoiled: errors under HTTP 200 and throttling as well as refunds."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import httpx
from pydantic import SecretStr

import fuzz_shopify_truth as truth
import shopify_samples
from fuzz_answers import Answers, Target, all_checks, exactly, question
from fuzz_mutations import Told, told
from fuzz_shopify_truth import ORDER, REFUND, SINCE
from fuzz_woocommerce import report
from pef_adapters.platforms.asked import CheckoutState
from pef_adapters.platforms.contract import Hint, HintKind
from pef_shopify import Shopify
from pef_shopify.app import read_app_settings
from pef_shopify.payments.sessions import tell_payment
from pef_shopify.settings import is_shop
from pef_shopify.tokens import access_token
from shopify_connected import Records
from shopify_samples import CIP
from vtex_samples import NOW, checkout

STORE: Final = shopify_samples.connection()
_DATE: Final = "Sun, 22 Nov 2026 15:00:00 GMT"
_COST: Final = {
    "cost": {
        "requestedQueryCost": 12,
        "throttleStatus": {
            "maximumAvailable": 2000,
            "currentlyAvailable": 1988,
            "restoreRate": 100,
        },
    }
}
_PAGE: Final = {"hasNextPage": False, "endCursor": None}


async def _no_wait(_: float) -> None:
    """A run waits for nobody."""


ADAPTER: Final = Shopify(_no_wait)


def _data(**data: Any) -> Told:
    return told({"data": data, "extensions": _COST}, Date=_DATE, X_Shopify_API_Version="2026-10")


def _refused(code: str, message: str, **more: Any) -> Told:
    error = {"message": message, "extensions": {"code": code}, "path": ["refund"]}
    return told({"errors": [error], **more}, Date=_DATE)


def _money(amount: str) -> dict[str, Any]:
    side = {"amount": amount, "currencyCode": "PEN"}
    return {"presentmentMoney": side, "shopMoney": dict(side)}


def _transaction(kind: str, amount: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "status": "SUCCESS",
        "gateway": "PagoEfectivo",
        "manualPaymentGateway": True,
        "test": False,
        "paymentId": None,
        "processedAt": "2026-11-22T14:30:00Z",
        "amountSet": _money(amount),
        "parentTransaction": {"gateway": "PagoEfectivo", "paymentId": CIP},
        **more,
    }


_REFUND: Final = {
    "id": f"gid://shopify/Refund/{REFUND}",
    "createdAt": "2026-11-22T14:30:00Z",
    "processedAt": "2026-11-22T14:30:01Z",
    "note": "Talla equivocada",
    "order": {"id": f"gid://shopify/Order/{ORDER}"},
    "transactions": {
        "nodes": [_transaction("REFUND", "59.9"), _transaction("REFUND", "10.0")],
        "pageInfo": _PAGE,
    },
}
_ORDER: Final = {
    "id": f"gid://shopify/Order/{ORDER}",
    "name": "#1001",
    "number": 1,
    "test": False,
    "paymentGatewayNames": ["PagoEfectivo"],
    "totalPriceSet": _money("119.8"),
    "customAttributes": [{"key": "CIP", "value": CIP}],
    "transactions": [_transaction("SALE", "119.8", paymentId=CIP, parentTransaction=None)],
    "refunds": [{"id": f"gid://shopify/Refund/{REFUND}"}],
}
_CHANGED: Final = {
    "id": f"gid://shopify/Order/{ORDER}",
    "updatedAt": "2026-11-22T14:40:00Z",
    "paymentGatewayNames": ["PagoEfectivo"],
    "refunds": [{"id": f"gid://shopify/Refund/{REFUND}"}],
}
_HOOK: Final = {
    "id": "gid://shopify/WebhookSubscription/7",
    "topic": "REFUNDS_CREATE",
    "uri": STORE.callback_url,
    "format": "JSON",
    "filter": "",
    "includeFields": [],
}
_SCOPES: Final = _data(
    installation={
        "accessScopes": [{"handle": h} for h in ("read_orders", "write_orders", "read_all_orders")]
    }
)
_DONE: Final = _data(written={"userErrors": []})
_STANDING: Final = {
    "id": f"gid://shopify/Order/{ORDER}",
    "tags": ["vip"],
    "record": {"value": '{"1":{"revision":1,"notes":[]}}', "compareDigest": "abc"},
}
_READ: Final[Answers] = {
    "Refund": _data(refund=_REFUND),
    "Order": _data(order=_ORDER),
    "Scopes": _SCOPES,
}
_TROUBLED: Final = (
    _refused("THROTTLED", "Throttled", extensions=_COST),
    _refused("ACCESS_DENIED", "Access denied for refund field."),
    _refused("INTERNAL_SERVER_ERROR", "Internal error."),
    _refused("GRAPHQL_VALIDATION_FAILED", "Field 'x' doesn't exist"),
    told({"errors": "Not Found"}, 404),
    told({"errors": "[API] Invalid API key or access token"}, 401),
    told({"errors": "Exceeded 2 calls per second"}, 429, Retry_After="2.0"),
)
_LISTS: Final[Answers] = {"ChangedOrders": _data(orders={"nodes": [_CHANGED], "pageInfo": _PAGE})}
_WRITTEN: Final[Answers] = {
    "OrderRecord": _data(order=_STANDING),
    "RecordSet": _DONE,
    "TagsAdd": _DONE,
    "Scopes": _SCOPES,
}
_CHECKED: Final[Answers] = {
    "Shop": _data(shop={"name": "Tienda", "myshopifyDomain": shopify_samples.SHOP}),
    "Scopes": _SCOPES,
    "Webhooks": _data(webhooks={"nodes": [_HOOK], "pageInfo": _PAGE}),
    "RecentOrders": _data(orders={"nodes": [_ORDER]}),
}
_HOOKS: Final[Answers] = {
    "Webhooks": _data(webhooks={"nodes": [_HOOK], "pageInfo": _PAGE}),
    "WebhookCreate": _DONE,
    "WebhookDelete": _DONE,
}
_SESSION: Final[Answers] = {
    "PaymentResolve": _data(told={"session": {"state": {"code": "RESOLVED"}}, "userErrors": []})
}
_TOKEN: Final[Answers] = {
    "token": told(
        {
            "access_token": "shpat_nuevo",
            "scope": "write_orders",
            "expires_in": 3600,
            "refresh_token": "shprt_nuevo",
            "refresh_token_expires_in": 7776000,
        }
    )
}


def _route(request: httpx.Request) -> str:
    if request.url.path.endswith("/access_token"):
        return "token"
    if not is_shop(request.url.host):
        return "a stranger"
    operation = exactly(request.content)["query"].partition("(")[0].partition("{")[0]
    return str(operation.split()[-1])


def targets() -> list[Target]:
    """Every question that is put to Shopify."""
    one = Hint(kind=HintKind.REFUND_CREATED, refund_id=REFUND, order_id=ORDER)
    every = Hint(kind=HintKind.ORDER_CHANGED, order_id=ORDER)
    ours = replace(report(), order_id=ORDER)
    troubled = [{**_READ, "Refund": answer} for answer in _TROUBLED]
    return [
        _target("read", _READ, lambda: ADAPTER.read(one, STORE), truth.refunds),
        _target("read by order", _READ, lambda: ADAPTER.read(every, STORE), truth.refunds),
        *(
            _target("read in trouble", t, lambda: ADAPTER.read(one, STORE), truth.refunds)
            for t in troubled
        ),
        _target("find_changes", _LISTS, lambda: ADAPTER.find_changes(SINCE, STORE), truth.changes),
        _target("write_back", _WRITTEN, lambda: ADAPTER.write_back(ours, STORE), truth.written),
        _target("check", _CHECKED, lambda: ADAPTER.check(STORE), all_checks, ()),
        _target("connect", _HOOKS, lambda: ADAPTER.connect(STORE), all_checks),
        _target("token", _TOKEN, _renewed, truth.tokens),
        _target("payment told", _SESSION, _tell, truth.resolved),
    ]


_target = partial(question, platform="shopify", route=_route)


async def _renewed() -> Mapping[str, str]:
    secrets = {
        "access_token": "old",
        "refresh_token": "r",
        "expires_at": "2020-01-01T00:00:00+00:00",
    }
    records = Records(secrets=dict(STORE.secrets) | secrets)
    store = replace(STORE, secrets=records.secrets, records=records)
    app = read_app_settings().model_copy(update={"client_id": "c", "client_secret": SecretStr("s")})
    await access_token(store, app, now=lambda: NOW)
    return dict(records.secrets)


async def _tell() -> None:
    paid = checkout(CheckoutState.PAID, private={"gid": "gid://shopify/PaymentSession/1"})
    await tell_payment(paid, replace(STORE, settings={}), _no_wait)
