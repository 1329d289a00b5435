"""WooCommerce's answers, spoiled: what comes out says exactly what the store told."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

import httpx

from fuzz_answers import (
    STUMBLES,
    Answers,
    Target,
    Unreadable,
    all_checks,
    differing,
    good,
    number,
    question,
    truth,
    unheard,
    whole,
)
from fuzz_mutations import told
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import (
    Changes,
    Hint,
    HintKind,
    OrderReport,
    RefundLine,
    StoreRefund,
)
from pef_woocommerce import platform
from vtex_samples import NOW
from woocommerce_bench import CIP, connection

STORE: Final = connection("https://tienda.example", settings={"allow_http": False})
ADAPTER: Final = platform()
SINCE: Final = NOW - timedelta(hours=1)
_DATE: Final = {"Date": "Sun, 22 Nov 2026 15:00:00 GMT", "X_WP_TotalPages": "1"}

_ORDER: Final[Mapping[str, Any]] = {
    "id": 14,
    "number": "14",
    "status": "processing",
    "currency": "PEN",
    "total": "119.80",
    "payment_method": "pagoefectivo",
    "transaction_id": CIP,
    "date_paid_gmt": "2026-11-20T12:00:00",
    "date_modified_gmt": "2026-11-22T14:30:00",
    "customer_id": 7,
    "billing": {"email": "Ana@Example.com", "first_name": "Ana"},
    "line_items": [{"id": 1, "product_id": 11, "quantity": 1}],
    "meta_data": [{"id": 5, "key": "_x", "value": {"a": [1, "2"]}}],
    "refunds": [{"id": 15, "reason": "", "total": "-59.90"}],
}
_REFUND: Final[Mapping[str, Any]] = {
    "id": 15,
    "parent_id": 14,
    "date_created_gmt": "2026-11-22T14:29:00",
    "amount": "59.90",
    "reason": "Talla equivocada",
    "refunded_by": 1,
    "refunded_payment": False,
    "line_items": [{"id": 9, "product_id": 11, "total": "-59.90"}],
}
_PRODUCT: Final = {
    "id": 11,
    "categories": [{"id": 3, "name": "Ropa &amp; accesorios", "slug": "ropa-accesorios"}],
    "tags": [{"id": 4, "name": "Hecho a mano", "slug": "hecho-a-mano"}],
}
_NOTES: Final = [{"id": 1, "note": "Pedido recibido", "customer_note": False}]
_HOOK: Final = {
    "id": 2,
    "name": "PagoEfectivo refunds (x)",
    "status": "active",
    "topic": "order.updated",
    "delivery_url": STORE.callback_url,
}
_SITE: Final = {"home": "https://tienda.example", "namespaces": ["wp/v2", "wc/v3"]}
_STATUS: Final = {"environment": {"version": "11.0.1"}}
_INVALID: Final = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."}
_GATEWAYS: Final = [{"id": "pagoefectivo"}, {"id": "cod"}]

_ORDER_TOLD: Final = told(_ORDER, **_DATE)
_READ: Final[Answers] = {
    "order": _ORDER_TOLD,
    "order refunds": told([_REFUND, {**_REFUND, "id": 16, "amount": "10.00"}], **_DATE),
    "products": told([_PRODUCT], **_DATE),
    "refunds": told([_REFUND], **_DATE),
}
_LISTS: Final[Answers] = {
    "refunds": told([_REFUND, {**_REFUND, "id": 16}], **_DATE),
    "orders": told([_ORDER, {**_ORDER, "id": 17, "refunds": []}], **_DATE),
}
_WRITTEN: Final[Answers] = {
    "order": _ORDER_TOLD,
    "notes": told(_NOTES, **_DATE),
    "put order": _ORDER_TOLD,
    "post note": told(_NOTES[0], 201, **_DATE),
}
_CHECKED: Final[Answers] = {
    "site": told(_SITE, **_DATE),
    "put order": told(_INVALID, 404, **_DATE),
    "orders": told([_ORDER], **_DATE),
    "products": told([_PRODUCT], **_DATE),
    "status": told(_STATUS, **_DATE),
    "webhooks": told([_HOOK], **_DATE),
    "gateways": told(_GATEWAYS, **_DATE),
}
_HOOKS: Final[Answers] = {
    "webhooks": told([_HOOK, {**_HOOK, "id": 3, "status": "disabled"}], **_DATE),
    "post webhook": told(_HOOK, 201, **_DATE),
    "delete webhook": told(_HOOK, **_DATE),
}
_BY_PATH: Final = {
    "": "site",
    "orders": "orders",
    "refunds": "refunds",
    "products": "products",
    "system_status": "status",
    "webhooks": "webhooks",
    "payment_gateways": "gateways",
}


def _route(request: httpx.Request) -> str:
    path = request.url.path.partition("/wp-json/")[2].removeprefix("wc/v3/")
    method = request.method.lower()
    if path.endswith("/refunds"):
        return "order refunds"
    if path.endswith("/notes"):
        return "notes" if method == "get" else "post note"
    if path.startswith("webhooks"):
        return "webhooks" if method == "get" else f"{method} webhook"
    if path.startswith("orders/"):
        return "order" if method == "get" else "put order"
    return _BY_PATH.get(path, path)


def targets() -> list[Target]:
    """Every question that is put to a WooCommerce store."""
    by_order = Hint(kind=HintKind.ORDER_CHANGED, order_id="14")
    by_refund = Hint(kind=HintKind.REFUND_CREATED, refund_id="15")
    return [
        _target("read by order", _READ, lambda: ADAPTER.read(by_order, STORE), _refunds),
        _target("read by refund", _READ, lambda: ADAPTER.read(by_refund, STORE), _one_refund),
        _target("find_changes", _LISTS, lambda: ADAPTER.find_changes(SINCE, STORE), _changes),
        _target("write_back", _WRITTEN, lambda: ADAPTER.write_back(report(), STORE), _written),
        _target("tell_buyer", _WRITTEN, _tell, _told),
        _target("check", _CHECKED, lambda: ADAPTER.check(STORE), all_checks, ()),
        _target("connect", _HOOKS, lambda: ADAPTER.connect(STORE), all_checks),
    ]


_target = partial(question, platform="woocommerce", route=_route)


async def _tell() -> None:
    await ADAPTER.buyer_messages.tell_buyer("14", "Hola", "RF4K2M", STORE)


def report() -> OrderReport:
    """Something to tell the order."""
    line = RefundLine(
        refund_id="15",
        our_id="RF4K2M",
        state=State.PENDING,
        amount=Money(5990, "PEN"),
        revision=1,
        expected_on=None,
        updated_at=NOW,
        note="El reembolso fue pedido.",
        marker="RF4K2M/1",
    )
    return OrderReport("14", (line,))


# --- what is true ------------------------------------------------------------------------


def _refunds(answers: Answers, came: tuple[StoreRefund, ...]) -> str | None:
    if not came:
        return None
    try:
        order, told_of = good(answers, "order"), good(answers, "order refunds")
        faults = [_same(refund, order, told_of) for refund in came]
    except (*STUMBLES, StopIteration) as error:
        return f"a refund made of nothing readable ({type(error).__name__}: {error})"
    # A list that moves between two pages shows one refund twice; but never as two.
    twice = len(set(came)) != len({refund.refund_id for refund in came})
    return "; ".join(filter(None, faults)) or ("two refunds under one id" if twice else None)


def _one_refund(answers: Answers, came: tuple[StoreRefund, ...]) -> str | None:
    if any(refund.refund_id != "15" for refund in came):
        return f"another refund than was asked for: {came}"
    return _refunds(answers, came)


def _same(came: StoreRefund, order: Any, told_of: Any) -> str | None:
    about = [each for each in told_of if str(whole(each["id"])) == came.refund_id]
    refund = next(each for each in about if number(each["amount"]) == came.amount.decimal)
    return differing(
        {
            "order": (came.order_id, "14"),
            "the order told": (came.order_id, str(whole(order["id"]))),
            "amount": (came.amount.decimal, _money(refund["amount"])),
            "currency": (came.amount.currency, order["currency"]),
            "total": (came.order_total.decimal, _money(order["total"])),
            "order currency": (came.order_currency, order["currency"]),
            "transaction": (came.transaction_id, _reference(order.get("transaction_id", ""))),
            "ours": (came.ours, order.get("payment_method") == "pagoefectivo"),
            "by gateway": (came.paid_by_gateway, truth(refund.get("refunded_payment", False))),
            "reason": (came.reason, refund.get("reason", "")),
        }
    )


def _money(value: Any) -> Decimal | None:
    """As the store writes money: text or a whole number; a fraction went through a float."""
    return None if isinstance(value, Decimal) else number(value)


def _reference(value: Any) -> str | None:
    return str(value).strip() or None


def _changes(answers: Answers, came: Changes) -> str | None:
    try:
        refunds = [] if answers["refunds"].status == 404 else good(answers, "refunds")
        orders = good(answers, "orders")
        named = {str(whole(r["id"])) for r in refunds}, {str(whole(o["id"])) for o in orders}
    except (Unreadable, LookupError, TypeError, ValueError, ArithmeticError) as error:
        return f"changes made of nothing readable ({type(error).__name__}: {error})"
    hinted = (
        {hint.refund_id for hint in came.hints if hint.refund_id},
        {hint.order_id for hint in came.hints if not hint.refund_id},
    )
    if hinted != named:
        return f"hints {hinted} of {named}"
    return "the cursor goes back" if came.cursor < SINCE else None


def _written(answers: Answers, _: Any) -> str | None:
    """Written, where the store took it; whatever else was told, these are asked each time."""
    return unheard(answers, "post note", "put order")


def _told(answers: Answers, _: Any) -> str | None:
    return unheard(answers, "post note")
