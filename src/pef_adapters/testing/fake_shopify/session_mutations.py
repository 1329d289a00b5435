"""How a payments app answers for its sessions: pending, resolved or rejected, for good.

The first outcome wins. A repeat of it succeeds and its arguments are ignored; the other
one is a user error (section 1).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from pef_adapters.testing.fake_shopify.admin_queries import read_versions
from pef_adapters.testing.fake_shopify.app_records import PaymentSession, RefundSession
from pef_adapters.testing.fake_shopify.graphql_api import Asking, Info, Resolver
from pef_adapters.testing.fake_shopify.graphql_values import Shape, zulu
from pef_adapters.testing.fake_shopify.payments import SessionOutcome
from pef_adapters.testing.fake_shopify.wire import gid

_PAYMENT_STATES: Final = {
    "pending": "PaymentSessionStatePending",
    "resolved": "PaymentSessionStateResolved",
    "rejected": "PaymentSessionStateRejected",
}
_REFUND_STATES: Final = {
    "resolved": "RefundSessionStateResolved",
    "rejected": "RefundSessionStateRejected",
}


def pend_payment(_: object, info: Info, **given: Any) -> Shape:
    """`paymentSessionPending`."""
    asking = info.context
    session, now = _payment(asking, given["id"]), asking.site.shop.now()
    expires, limit = given["pendingExpiresAt"], asking.site.settings.pending_limit_days
    fault = None
    if session is None:
        return _unpaid("NOT_FOUND", "Payment session not found")
    if session.state in {"resolved", "rejected"}:
        fault = "PENDING_INVALID_STATE"
    elif expires <= now:
        fault = "EXPIRED_PENDING_EXPIRES_AT"
    elif expires > now + timedelta(days=limit):
        fault = "OUT_OF_RANGE_PENDING_EXPIRES_AT"
    if fault:
        return _unpaid(fault, "The payment session can't be pending like this")
    if session.state == "open":
        asking.site.payments.pend_payment(session, expires, given["reason"])
    return {"paymentSession": _payment_shape(asking, session), "userErrors": []}


def resolve_payment(_: object, info: Info, **given: Any) -> Shape:
    """`paymentSessionResolve`."""
    return _end_payment(info.context, given["id"], "resolved", {})


def reject_payment(_: object, info: Info, **given: Any) -> Shape:
    """`paymentSessionReject`."""
    return _end_payment(info.context, given["id"], "rejected", given["reason"])


def resolve_refund(_: object, info: Info, **given: Any) -> Shape:
    """`refundSessionResolve`."""
    return _end_refund(info.context, given["id"], "resolved", None)


def reject_refund(_: object, info: Info, **given: Any) -> Shape:
    """`refundSessionReject`."""
    message = given["reason"].get("merchantMessage")
    return _end_refund(info.context, given["id"], "rejected", message)


def configure(_: object, info: Info, **given: Any) -> Shape:
    """`paymentsAppConfigure`: from now on the shop offers the app at its checkout, or not."""
    asking = info.context
    install = asking.site.state.installs[asking.caller.app.client_id]
    install.ready = given["ready"]
    install.external_handle = given.get("externalHandle", install.external_handle)
    asking.site.shop.keep()
    shown = {"ready": install.ready, "externalHandle": install.external_handle}
    return {"paymentsAppConfiguration": shown, "userErrors": []}


QUERIES: Final[Mapping[str, Resolver]] = {"publicApiVersions": read_versions}
MUTATIONS: Final[Mapping[str, Resolver]] = {
    "paymentSessionPending": pend_payment,
    "paymentSessionResolve": resolve_payment,
    "paymentSessionReject": reject_payment,
    "refundSessionResolve": resolve_refund,
    "refundSessionReject": reject_refund,
    "paymentsAppConfigure": configure,
}


def _payment(asking: Asking, name: str) -> PaymentSession | None:
    found = asking.site.state.payments.get(name.removeprefix(gid("PaymentSession", "")))
    return found if found and _mine(asking, found, "PaymentSession", name) else None


def _refund(asking: Asking, name: str) -> RefundSession | None:
    found = asking.site.state.refund_sessions.get(name.removeprefix(gid("RefundSession", "")))
    return found if found and _mine(asking, found, "RefundSession", name) else None


def _mine(asking: Asking, found: PaymentSession | RefundSession, kind: str, name: str) -> bool:
    """Whether a session is the caller's and was named by its gid, not by its bare id."""
    return found.client_id == asking.caller.app.client_id and name == gid(kind, found.id)


def _end_payment(asking: Asking, name: str, outcome: SessionOutcome, reason: Shape) -> Shape:
    session = _payment(asking, name)
    if session is None:
        return _plain_fault("Payment session not found")
    if session.state not in {"open", "pending", outcome}:
        return _plain_fault(f"Payment session has already been {session.state}")
    if session.state != outcome:
        session.reason = reason.get("code", session.reason)
        session.merchant_message = reason.get("merchantMessage")
        asking.site.payments.end_payment(session, outcome)
    return {"paymentSession": _payment_shape(asking, session), "userErrors": []}


def _end_refund(asking: Asking, name: str, outcome: SessionOutcome, message: str | None) -> Shape:
    session = _refund(asking, name)
    if session is None:
        return _unrefunded("REFUND_SESSION_NOT_FOUND", "Refund session not found")
    if session.state not in {"open", outcome}:
        text = f"Refund session has already been {session.state}"
        return _unrefunded("REFUND_SESSION_INVALID_STATE", text)
    if session.state == "open":
        asking.site.payments.end_refund(session, outcome, message)
    return {"refundSession": _refund_shape(session), "userErrors": []}


def _payment_shape(asking: Asking, session: PaymentSession) -> Shape:
    kind: Literal["PaymentSessionActionsRedirect"] = "PaymentSessionActionsRedirect"
    url = asking.site.payments.return_url(session)
    action = {"action": "REDIRECT", "context": {"__typename": kind, "redirectUrl": url}}
    state = {
        "__typename": _PAYMENT_STATES[session.state],
        "code": session.state.upper(),
        "reason": session.reason,
        "merchantMessage": session.merchant_message,
        "source": None,
    }
    return {
        "id": gid("PaymentSession", session.id),
        "state": state,
        "nextAction": action,
        "pendingExpiresAt": zulu(session.pending_expires),
        "authorizationExpiresAt": None,
    }


def _refund_shape(session: RefundSession) -> Shape:
    state = {
        "__typename": _REFUND_STATES[session.state],
        "code": session.state.upper(),
        "reason": "PROCESSING_ERROR",
        "merchantMessage": session.merchant_message,
    }
    return {"id": gid("RefundSession", session.id), "state": state}


def _unpaid(code: str, message: str) -> Shape:
    error = {"field": ["id"], "code": code, "message": message}
    return {"paymentSession": None, "userErrors": [error]}


def _plain_fault(message: str) -> Shape:
    return {"paymentSession": None, "userErrors": [{"field": ["id"], "message": message}]}


def _unrefunded(code: str, message: str) -> Shape:
    error = {"field": ["id"], "code": code, "message": message}
    return {"refundSession": None, "userErrors": [error]}
