"""What Shopify's answers say to a second reader, and whether the adapter says the same."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from fuzz_answers import STUMBLES, Answers, Unreadable, differing, good, number, truth
from pef_adapters.platforms.contract import Changes, StoreRefund
from vtex_samples import NOW

SINCE: Final = NOW - timedelta(hours=1)
REFUND, ORDER = "9007199254740993", "6318000000000011"


def _good(answers: Answers, name: str) -> Any:
    """The data of an answer, where it is a whole success.

    Raises:
        Unreadable: it is none.
    """
    said = good(answers, name)
    if not isinstance(said, dict) or said.get("errors"):
        raise Unreadable("an error")
    return said["data"]


def refunds(answers: Answers, came: tuple[StoreRefund, ...]) -> str | None:
    """Each refund as Shopify told it, and about what was asked."""
    if not came:
        return None
    try:
        refund, order = _good(answers, "Refund")["refund"], _good(answers, "Order")["order"]
        faults = [_same(each, refund, order) for each in came]
    except (*STUMBLES, AttributeError) as error:
        return f"a refund made of nothing readable ({type(error).__name__}: {error})"
    return "; ".join(filter(None, faults)) or None


def _same(came: StoreRefund, refund: Any, order: Any) -> str | None:
    counted = _counted(refund["transactions"]["nodes"])
    sides = [_side(each["amountSet"]) for each in counted]
    return differing(
        {
            "refund": (came.refund_id, REFUND),
            "the refund told": (came.refund_id, _digits(refund["id"])),
            "order": (came.order_id, ORDER),
            "the order told": (came.order_id, _digits(order["id"])),
            "the refund's order": (_digits(refund["order"]["id"]), ORDER),
            "amount": (came.amount.decimal, sum((amount for amount, _ in sides), Decimal(0))),
            "currency": ({came.amount.currency}, {currency for _, currency in sides}),
            "reason": (came.reason, refund.get("note") or ""),
            "number": (came.order_number, order["name"]),
        }
    )


def _counted(nodes: list[Any]) -> list[Any]:
    """The transactions whose money this refund is: ours where any is, by hand where any is."""
    meant = [n for n in nodes if n["kind"] == "REFUND" and n["status"] in {"SUCCESS", "PENDING"}]
    real = [n for n in meant if not truth(n["test"])]
    ours = [n for n in real if _named(n).casefold() == "pagoefectivo"]
    by_hand = [n for n in ours if truth(n["manualPaymentGateway"])]
    return by_hand or ours or meant


def _named(node: Any) -> str:
    """The method's name: its own, its payment's, or that of an order paid in one way."""
    parent = node.get("parentTransaction") or {}
    names = [node.get("gateway") or "", parent.get("gateway") or "", "PagoEfectivo"]
    return next(name.strip() for name in names if name.strip().casefold() not in {"", "manual"})


def _side(bag: Any) -> tuple[Decimal, str]:
    sides = [bag["presentmentMoney"], bag["shopMoney"]]
    side = next((each for each in sides if each["currencyCode"] == "PEN"), sides[0])
    amount = number(side["amount"])
    if amount is None:
        raise Unreadable("no amount")
    return amount, side["currencyCode"]


def _digits(identity: Any) -> str:
    return str(identity).rpartition("/")[2].partition("?")[0]


def changes(answers: Answers, came: Changes) -> str | None:
    """Each hint as Shopify gave it."""
    try:
        nodes = _good(answers, "ChangedOrders")["orders"]["nodes"]
        told_of = {
            _digits(node["id"]): {_digits(r["id"]) for r in node["refunds"]} for node in nodes
        }
    except (Unreadable, LookupError, TypeError, AttributeError) as error:
        return f"changes made of nothing readable ({type(error).__name__}: {error})"
    for hint in came.hints:
        if hint.order_id not in told_of or (hint.refund_ids or set()) - told_of[hint.order_id]:
            return f"a hint that nobody gave: {hint}"
    return "the cursor goes back" if came.cursor < SINCE else None


def written(answers: Answers, _: None) -> str | None:
    """Written, where Shopify said so; an order that is not there has nothing to be told."""
    try:
        standing = _good(answers, "OrderRecord")["order"]
        written = standing is None or _good(answers, "RecordSet")["written"]["userErrors"] == []
    except (Unreadable, LookupError, TypeError) as error:
        return f"written on nothing readable ({type(error).__name__}: {error})"
    return None if written else "taken for written, although Shopify refused"


def tokens(answers: Answers, came: Mapping[str, str]) -> str | None:
    """The pair that is kept is the pair that was told."""
    try:
        said = good(answers, "token")
        lasts = said.get("expires_in")
        until = "" if lasts is None else (NOW + timedelta(seconds=int(lasts))).isoformat()
    except (Unreadable, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        return f"a token made of nothing readable ({type(error).__name__}: {error})"
    if until:
        datetime.fromisoformat(came["expires_at"])
    return differing(
        {
            "token": (came["access_token"], said["access_token"]),
            "refresh": (came["refresh_token"], said.get("refresh_token") or ""),
            "until": (came["expires_at"], until),
        }
    )


def resolved(answers: Answers, _: None) -> str | None:
    """Told as paid, where the session stands so."""
    try:
        code = _good(answers, "PaymentResolve")["told"]["session"]["state"]["code"]
    except (Unreadable, LookupError, TypeError) as error:
        return f"resolved on nothing readable ({type(error).__name__}: {error})"
    return None if code == "RESOLVED" else f"resolved, although the session is {code}"
