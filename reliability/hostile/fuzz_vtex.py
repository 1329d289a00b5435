"""VTEX's answers, spoiled, and its gateway's calls: cents here, major units there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import httpx

import vtex_samples
from fuzz_answers import (
    STUMBLES,
    Answers,
    Target,
    Unreadable,
    all_checks,
    differing,
    exactly,
    good,
    number,
    question,
    unheard,
    whole,
)
from fuzz_mutations import Raw, told
from fuzz_woocommerce import report
from pef_adapters.core.errors import WebhookRejected
from pef_adapters.core.money import Money
from pef_adapters.platforms.asked import (
    AskedPayment,
    AskedRefund,
    AskedSettlement,
    Checkout,
    CheckoutState,
)
from pef_adapters.platforms.contract import Changes
from pef_vtex import Vtex
from shopify_connected import Records
from vtex_samples import NOW, PARTNER, PAYMENT, STORE_KEYS, call, payment_body, refund_body

ADAPTER: Final = Vtex(lambda: NOW)
SINCE: Final = NOW - timedelta(hours=1)
PAID: Final = vtex_samples.checkout(CheckoutState.PAID)


@dataclass(slots=True)
class Kept(Records):
    """One paid checkout, for which no refund was asked and nothing was paid back."""

    async def checkout(self, payment_id: str) -> Checkout | None:
        return PAID if payment_id == PAYMENT else None

    async def paid_back(self, payment_id: str) -> Money | None:
        return Money.zero("PEN") if payment_id == PAYMENT else None


_STORE: Final = vtex_samples.connection(secrets=STORE_KEYS | PARTNER, records=Kept())
_NOTING: Final = replace(_STORE, settings={**_STORE.settings, "order_writing": "notes"})
_GROUP: Final = PAID.order_id
_ORDER: Final = {
    "orderId": f"{_GROUP}-01",
    "status": "invoiced",
    "value": 12980,
    "lastChange": "2026-11-20T10:00:00.0000000+00:00",
    "packageAttachment": {
        "packages": [
            {"type": "Output", "restitutions": {}},
            {"type": "Input", "restitutions": {"Refund": {"value": 5990}}},
        ]
    },
    "paymentData": {
        "transactions": [
            {
                "transactionId": "D3AA1FC8",
                "payments": [{"id": PAYMENT, "value": 10980}, {"id": "OTHER", "value": 2000}],
            }
        ]
    },
}
_LISTED: Final = {"orderId": f"{_GROUP}-01", "lastChange": "2026-11-22T14:30:00.0000000+00:00"}
_LIST: Final = {"list": [_LISTED], "paging": {"total": 1, "pages": 1, "currentPage": 1}}
_HOOK: Final = {
    "filter": {"type": "FromOrders", "expression": None},
    "hook": {"url": _STORE.callback_url, "headers": {}},
}
_DONE: Final = {
    "actions": [{"paymentId": PAYMENT, "type": "online", "value": 5990, "requestId": "1"}]
}
_NOTES: Final = {"items": [{"id": "1", "description": "una nota"}], "paging": {"total": 1}}
_COMPARED: Final[Answers] = {
    "orders": told(_LIST),
    "group": told([_ORDER]),
    "refunds": told(_DONE),
}
_WRITTEN: Final[Answers] = {
    "group": told([_ORDER]),
    "notes": told(_NOTES),
    "post notes": told({"id": "2"}, 201),
    "post interactions": told(b"", 201),
}
_CHECKED: Final[Answers] = {"orders": told(_LIST), "hook": told(_HOOK)}
_HOOKS: Final[Answers] = {"hook": told(_HOOK), "post hook": told(b"", 200)}


def _route(request: httpx.Request) -> str:
    path = request.url.path
    post = "post " if request.method == "POST" else ""
    for part, name in _PLACES.items():
        if part in path:
            return f"{post}{name}"
    return path


_PLACES: Final = {
    "/order-group/": "group",
    "/interactions": "interactions",
    "/hook/config": "hook",
    "/do/notes": "notes",
    "/callback": "callback",
    "/refunds": "refunds",
    "/pvt/orders": "orders",
}


def targets() -> list[Target]:
    """Every question that is put to VTEX, and every call of its gateway."""
    ours = replace(report(), order_id=_GROUP)
    callback: Answers = {"post callback": told(b"", 200)}
    return [
        _target("find_changes", _COMPARED, lambda: ADAPTER.find_changes(SINCE, _STORE), _changes),
        _target("write_back", _WRITTEN, lambda: ADAPTER.write_back(ours, _STORE), _written),
        _target("notes", _WRITTEN, lambda: ADAPTER.write_back(ours, _NOTING), _noted),
        _target("check", _CHECKED, lambda: ADAPTER.check(_STORE), all_checks, ()),
        _target("connect", _HOOKS, lambda: ADAPTER.connect(_STORE), all_checks),
        _target("callback", callback, lambda: ADAPTER.provider.tell_payment(PAID, _STORE), _told),
        *(_called(name, body) for name, body in _CALLS.items()),
    ]


_target = partial(question, platform="vtex", route=_route)


def _written(answers: Answers, _: None) -> str | None:
    return unheard(answers, "post interactions")


def _noted(answers: Answers, _: None) -> str | None:
    return unheard(answers, "post notes")


def _told(answers: Answers, _: None) -> str | None:
    return unheard(answers, "post callback")


# --- what is found by comparing ------------------------------------------------------------


def _changes(answers: Answers, came: Changes) -> str | None:
    if came.cursor < SINCE:
        return "the cursor goes back"
    if not came.findings:
        return None
    try:
        orders = good(answers, "group")
        wanted = _wanted(orders)
    except (*STUMBLES, AttributeError) as error:
        return f"findings made of nothing readable ({type(error).__name__}: {error})"
    told_of = [f.figures["wanted"] for f in came.findings if f.code.endswith("REFUND_NOT_ASKED")]
    return differing({"wanted": (told_of, [str(Money.parse(wanted, "PEN"))] * len(told_of))})


def _wanted(orders: list[Any]) -> Decimal:
    """What must go back by our payment, at least: in cents, and never more than was paid."""
    back = sum(map(_given_back, orders))
    payments = next(
        transaction["payments"]
        for order in orders
        for transaction in ((order.get("paymentData") or {}).get("transactions") or ())
        if any(payment["id"] == PAYMENT for payment in transaction.get("payments") or ())
    )
    others = sum(
        _cents(payment.get("value", 0)) for payment in payments if payment["id"] != PAYMENT
    )
    return min(Decimal(max(back - others, 0)) / 100, PAID.amount.decimal).quantize(Decimal("0.01"))


def _given_back(order: Any) -> int:
    if order.get("status", "") == "canceled":
        return _cents(order.get("value", 0))
    packages = (order.get("packageAttachment") or {}).get("packages") or ()
    return sum(map(_restituted, packages))


def _restituted(package: Any) -> int:
    told_of = package.get("restitutions") or {}
    refund = told_of["Refund"] if "Refund" in told_of else told_of.get("refund")
    is_back = package.get("type", "") == "Input"
    return _cents((refund or {}).get("value", 0)) if is_back else 0


def _cents(value: Any) -> int:
    return whole(value)


# --- what the gateway calls ------------------------------------------------------------------

_CALLS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "payment": ("/payments", payment_body(value=Raw("129.8"))),
    "refund": (f"/payments/{PAYMENT}/refunds", refund_body(value=Raw("20.0"))),
    "settlement": (f"/payments/{PAYMENT}/settlements", refund_body(value=Raw("129.8"))),
    "cancellation": (f"/payments/{PAYMENT}/cancellations", refund_body(value=None)),
}


def _called(name: str, given: tuple[str, Mapping[str, Any]]) -> Target:
    path, body = given

    async def ask(answers: Answers) -> Any:
        return ADAPTER.provider.read(call(path, answers["body"].body), _STORE)

    return Target(f"vtex.called for {name}", {"body": told(body)}, ask, _asked, (WebhookRejected,))


def _asked(answers: Answers, came: Any) -> str | None:
    try:
        body = exactly(answers["body"].body)
        return _same(body, came)
    except (Unreadable, LookupError, TypeError, AttributeError) as error:
        return f"asked by nothing readable ({type(error).__name__}: {error})"


def _same(body: Mapping[str, Any], came: Any) -> str | None:
    match came:
        case AskedPayment():
            return differing(
                {
                    "payment": (came.payment_id, str(body["paymentId"])),
                    "order": (came.order_id, str(body["orderId"])),
                    "amount": (came.amount.decimal, number(body["value"])),
                    "currency": (came.amount.currency, body["currency"]),
                    "callback": (came.private["callback_url"], body["callbackUrl"]),
                }
            )
        case AskedRefund(amount=None):
            return differing({"payment": (str(body.get("paymentId") or PAYMENT), PAYMENT)})
        case AskedRefund() | AskedSettlement():
            told_of = body.get("paymentId")
            return differing(
                {
                    "payment": (came.payment_id, PAYMENT),
                    "the payment told": (PAYMENT if told_of is None else str(told_of), PAYMENT),
                    "amount": (came.amount, number(body["value"])),
                    "request": (str(body["requestId"]) in _names(came), True),
                }
            )
        case _:
            return f"an answer of its own: {type(came).__name__}"


def _names(came: AskedRefund | AskedSettlement) -> str:
    return came.refund_id if isinstance(came, AskedRefund) else came.request_id
