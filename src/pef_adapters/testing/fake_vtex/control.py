"""The remote control under `/_vtex/`: what a test or the demo does to the account.

No real VTEX has it. It buys, presses buttons, moves the clock, changes moods and shows
what happened; it answers plain JSON, amounts as text in the currency's units, no secrets.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_vtex.auth import ApiError
from pef_adapters.testing.fake_vtex.control_views import (
    shown_ask,
    shown_order,
    shown_payment,
)
from pef_adapters.testing.fake_vtex.rest import Account
from pef_adapters.testing.fake_vtex.shop import Refused
from pef_adapters.testing.fake_vtex.state import Moods, Payment
from pef_adapters.testing.fake_vtex.suite import Suite, SuiteOrder
from pef_adapters.testing.fake_vtex.wire_json import in_cents, in_text

_MOST_AT_ONCE = 100


class Purchase(BaseModel):
    """What a buyer puts in the cart: articles, or a voucher of each of `totals`.

    More than one total makes more than one order in the same purchase. `times` calls the
    provider that often in the same moment.
    """

    items: dict[str, int] = Field(default_factory=dict)
    totals: tuple[Decimal, ...] = ()
    currency: str = "PEN"
    email: str = "cliente@example.test"
    times: int = Field(default=1, ge=1, le=_MOST_AT_ONCE)


class Press(BaseModel):
    """A button on an order. `amount` is for `return` and `invoice`: all, where it is None.

    `times` returns of the same amount are pressed in the same moment.
    """

    action: Literal["cancel", "return", "invoice", "settle"]
    amount: Decimal | None = None
    reason: str = ""
    times: int = Field(default=1, ge=1, le=_MOST_AT_ONCE)


class RefundCalls(BaseModel):
    """Refunds that VTEX's own books would not allow, or that it sends all at once.

    `same` sends one request `times` times in the same moment; otherwise they are `times`
    requests, each with an id of its own unless `request_id` gives them one.
    """

    amount: Decimal
    times: int = Field(default=1, ge=1, le=_MOST_AT_ONCE)
    same: bool = False
    request_id: str = ""


class Repeat(BaseModel):
    """Send the last body of an operation again, `times` times in the same moment."""

    operation: Literal["payments", "settlements", "cancellations", "refunds"]
    times: int = Field(default=1, ge=1, le=_MOST_AT_ONCE)


class Inbound(BaseModel):
    """Somebody's call that the gateway passes on; `older` writes the path as it once was."""

    action: str
    body: str = ""
    older: bool = False


async def buy(account: Account, request: Request) -> Any:
    """Place a purchase and ask the provider for its payment."""
    wanted = Purchase.model_validate_json(await request.body())
    orders = account.shop.place(
        [wanted.items] if wanted.items else [],
        [in_cents(total) for total in wanted.totals],
        currency=wanted.currency,
        email=wanted.email,
    )
    payment = account.shop.open_payment(orders, account.settings.payment_method)
    await account.gateway.authorize(payment, wanted.times)
    return {**_payment(account, payment), "order_ids": [order.id for order in orders]}


async def list_orders(account: Account, _: Request) -> Any:
    """Every order, oldest first."""
    return [shown_order(order) for order in account.state.orders.values()]


async def show_order(account: Account, request: Request) -> Any:
    """One order with its history, and its payment with VTEX's books."""
    order = account.order(request)
    payment = account.state.payment_of(order.group)
    return {**shown_order(order), "payment": _payment(account, payment)}


async def press(account: Account, request: Request) -> Any:
    """Press a button on an order; answers the order."""
    order = account.order(request)
    pressed = Press.model_validate_json(await request.body())
    amount = None if pressed.amount is None else in_cents(pressed.amount)
    if pressed.action == "cancel":
        await account.oms.cancel(order, pressed.reason)
    elif pressed.action == "invoice":
        await account.oms.invoice(order, amount)
    elif pressed.action == "settle":
        await account.gateway.settle(account.state.payment_of(order.group))
    else:
        left = order.value - order.returned
        await account.oms.give_back(order, left if amount is None else amount, times=pressed.times)
    return await show_order(account, request)


async def show_payment(account: Account, request: Request) -> Any:
    """One payment with VTEX's books."""
    return _payment(account, _payment_in(account, request))


async def call_refunds(account: Account, request: Request) -> Any:
    """Send refunds past VTEX's books; answers the statuses and bodies, in no order."""
    payment = _payment_in(account, request)
    wanted = RefundCalls.model_validate_json(await request.body())
    value, gateway = in_cents(wanted.amount), account.gateway
    if wanted.same:
        ask = gateway.refunding.written(payment, value, request_id=wanted.request_id)
        replies = await gateway.at_once(ask, wanted.times)
    else:
        asks = [
            gateway.refunding.written(payment, value, request_id=wanted.request_id)
            for _ in range(wanted.times)
        ]
        replies = await gateway.each_once(asks)
    return [reply.record.model_dump(mode="json") for reply in replies]


async def repeat(account: Account, request: Request) -> Any:
    """Send the last request of an operation again, as it was."""
    payment = _payment_in(account, request)
    wanted = Repeat.model_validate_json(await request.body())
    sent = [ask for ask in account.state.asks_of(payment, wanted.operation) if ask.body]
    if not sent:
        raise Refused(f"no {wanted.operation} were sent for this payment")
    replies = await account.gateway.at_once(sent[-1], wanted.times)
    return [reply.record.model_dump(mode="json") for reply in replies]


async def pass_on(account: Account, request: Request) -> Any:
    """Pass somebody's call on to the provider."""
    payment = _payment_in(account, request)
    wanted = Inbound.model_validate_json(await request.body())
    place = "inbound-request" if wanted.older else "inbound"
    reply = await account.gateway.inbound(payment, f"{place}/{wanted.action}", wanted.body)
    return reply.record.model_dump(mode="json")


async def run_suite(account: Account, request: Request) -> Any:
    """Run the homologation suite; answers its report."""
    wanted = SuiteOrder.model_validate_json(await request.body() or b"{}")
    report = await Suite(account.gateway, account.callbacks, wanted).run()
    account.shop.keep()
    return report


async def set_moods(account: Account, request: Request) -> Any:
    """Change the named moods, leave the others; answers all of them."""
    moods = account.state.moods
    changed = Moods.model_validate(moods.model_dump() | await request.json())
    for name in Moods.model_fields:
        setattr(moods, name, getattr(changed, name))
    account.shop.keep()
    return moods.model_dump()


async def advance(account: Account, request: Request) -> Any:
    """Move the clock on by `seconds`; answers what was done on the way."""
    seconds = int((await request.json())["seconds"])
    done = await account.timetable.advance(timedelta(seconds=seconds))
    return {"done": done, "now": account.shop.now().isoformat()}


async def retry(account: Account, _: Request) -> Any:
    """Send now what was sent before and waits to be sent again."""
    return {"sent": await account.timetable.retry_now()}


async def flush(account: Account, _: Request) -> Any:
    """Deliver the hook's waiting events now."""
    return {"sent": await account.timetable.flush_hooks()}


async def seen(account: Account, _: Request) -> Any:
    """All that happened: calls, callbacks, deliveries, mails, tasks, and what must not be."""
    state = account.state
    return {
        "calls": [call.model_dump(mode="json") for call in state.calls],
        "callbacks": [callback.model_dump(mode="json") for callback in state.callbacks],
        "deliveries": [delivery.model_dump(mode="json") for delivery in state.hook_deliveries],
        "hooks": [{"key": hook.key, "url": hook.url} for hook in state.hooks.values()],
        "mails": [mail.model_dump(mode="json") for mail in state.mails],
        "tasks": [task.model_dump(mode="json") for task in state.tasks],
        "refunding_requests": state.refunding_requests,
        "early_writes": state.early_writes,
    }


def control_routes(account: Account) -> list[Route]:
    """All of them, for this account."""

    def route(path: str, method: str, handler: _Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(handler, account, request)

        return Route(f"/_vtex{path}", endpoint, methods=[method])

    return [
        route("/orders", "POST", buy),
        route("/orders", "GET", list_orders),
        route("/orders/{order}", "GET", show_order),
        route("/orders/{order}", "POST", press),
        route("/payments/{payment}", "GET", show_payment),
        route("/payments/{payment}/refunds", "POST", call_refunds),
        route("/payments/{payment}/repeat", "POST", repeat),
        route("/payments/{payment}/inbound", "POST", pass_on),
        route("/suite", "POST", run_suite),
        route("/moods", "POST", set_moods),
        route("/clock", "POST", advance),
        route("/retry", "POST", retry),
        route("/hooks/flush", "POST", flush),
        route("/seen", "GET", seen),
    ]


_Handler = Callable[[Account, Request], Awaitable[Any]]


async def _answered(handler: _Handler, account: Account, request: Request) -> Response:
    try:
        return JSONResponse(await handler(account, request))
    except ApiError as error:
        return JSONResponse(error.body, error.status)
    except Refused as refusal:
        return JSONResponse({"error": str(refusal)}, HTTPStatus.CONFLICT)
    except (ValidationError, ValueError, KeyError) as error:
        return JSONResponse({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)


def _payment(account: Account, payment: Payment) -> dict[str, Any]:
    asks = [ask for ask in account.state.asks if ask.payment_id == payment.id]
    actions = [each for each in account.state.actions if each.payment_id == payment.id]
    return {
        **shown_payment(payment, actions),
        "asks": [shown_ask(ask) for ask in asks],
        "left": in_text(account.gateway.refunding.left(payment)),
    }


def _payment_in(account: Account, request: Request) -> Payment:
    payment = account.state.payments.get(request.path_params["payment"])
    if payment is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "1404", "Payment was not found")
    return payment
