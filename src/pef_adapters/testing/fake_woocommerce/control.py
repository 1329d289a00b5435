"""The remote control under `/_store/`: what a test or the demo does to the store.

No real store has it. It presses buttons, changes moods and shows what the owner
would see; it answers plain JSON, amounts as text.
"""

from decimal import Decimal
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_woocommerce.auth import RestError
from pef_adapters.testing.fake_woocommerce.rest import Site
from pef_adapters.testing.fake_woocommerce.shop import RefundRefused, record_of
from pef_adapters.testing.fake_woocommerce.state import Moods, Order, Refund


class NewOrder(BaseModel):
    """An order to seed: products by id, or one voucher worth `total`."""

    items: dict[int, int] = Field(default_factory=dict)
    total: Decimal | None = None
    payment_method: str = "pagoefectivo"
    transaction_id: str = ""
    paid: bool = True
    currency: str = "PEN"
    meta: dict[str, JsonValue] = Field(default_factory=dict)
    email: str = "cliente@example.test"
    customer_id: int = 0


class Press(BaseModel):
    """The refund button; `times` presses in the same instant see the same page.

    All of them then pass the check that WooCommerce makes without a lock. `items` are
    the quantities typed in, by product; without them it is an amount alone.
    """

    amount: Decimal | None = None
    reason: str = ""
    times: int = Field(default=1, ge=1, le=20)
    by_gateway: bool = False
    items: dict[int, int] = Field(default_factory=dict)


class Repeat(BaseModel):
    """Send the last delivery (of this topic) again."""

    times: int = Field(default=1, ge=1, le=100)
    topic: str | None = None


class OrderChange(BaseModel):
    """Something done to an order in the admin."""

    action: Literal["trash", "erase", "save", "pay"]


async def add_order(site: Site, request: Request) -> Any:
    """Seed an order; answers it as the owner would see it."""
    wanted = NewOrder.model_validate_json(await request.body())
    order = site.shop.place_order(
        wanted.items,
        total=wanted.total,
        payment_method=wanted.payment_method,
        transaction_id=wanted.transaction_id,
        paid=wanted.paid,
        currency=wanted.currency,
        meta=wanted.meta,
        email=wanted.email,
        customer_id=wanted.customer_id,
    )
    return _shown(order)


async def list_orders(site: Site, _: Request) -> Any:
    """Every order, oldest first."""
    return [_shown(order) for order in site.shop.state.orders.values()]


async def show_order(site: Site, request: Request) -> Any:
    """One order with its refunds, private notes, messages to its buyer and hidden record."""
    return _shown(site.order(request))


async def press_refund(site: Site, request: Request) -> Any:
    """Press the refund button; answers the new refund ids."""
    order = site.order(request)
    press = Press.model_validate_json(await request.body())
    amount = order.rest if press.amount is None else press.amount
    if press.times == 1:
        refund = site.shop.press_refund(
            order,
            amount,
            press.reason,
            by_gateway=press.by_gateway,
            quantities=press.items,
        )
        return {"refund_ids": [refund.id]}
    if amount > order.rest:
        raise RefundRefused("Invalid refund amount")
    refunds = [site.shop.record_refund(order, amount, press.reason) for _ in range(press.times)]
    return {"refund_ids": [refund.id for refund in refunds]}


async def delete_refund(site: Site, request: Request) -> Any:
    """As the owner does in the admin; `?silently=true` as another program does by REST."""
    order = site.order(request)
    refund = order.refund(int(request.path_params["refund"]))
    if refund is None:
        raise RestError("no_refund", "There is no such refund.", HTTPStatus.NOT_FOUND)
    silently = request.query_params.get("silently") == "true"
    site.shop.delete_refund(order, refund, silently=silently)
    return _shown(order)


async def change_order(site: Site, request: Request) -> Any:
    """Trash, erase, save or pay an order."""
    order = site.order(request)
    action = OrderChange.model_validate_json(await request.body()).action
    if action == "erase":
        site.shop.erase(order)
        return {}
    if action == "trash":
        order.status = "trash"
    if action == "pay":
        order.paid, order.status = site.shop.now(), "processing"
    site.shop.touch(order)
    return _shown(order)


async def set_moods(site: Site, request: Request) -> Any:
    """Change the named moods, leave the others; answers all of them."""
    moods = site.shop.state.moods
    changed = Moods.model_validate(moods.model_dump() | await request.json())
    for name in Moods.model_fields:
        setattr(moods, name, getattr(changed, name))
    return moods.model_dump()


async def show_webhooks(site: Site, _: Request) -> Any:
    """Every webhook, without its secret."""
    hooks = site.shop.state.webhooks.values()
    return [hook.model_dump(mode="json", exclude={"secret"}) for hook in hooks]


async def switch_webhooks_off(site: Site, _: Request) -> Any:
    """Switch every webhook off, as seven failures would."""
    for webhook in site.shop.state.webhooks.values():
        webhook.status = "disabled"
    return {}


async def show_deliveries(site: Site, _: Request) -> Any:
    """Every delivery so far, as it went out."""
    return [delivery.model_dump(mode="json") for delivery in site.shop.state.deliveries]


async def repeat(site: Site, request: Request) -> Any:
    """Send the last delivery again."""
    wanted = Repeat.model_validate_json(await request.body())
    return {"sent": await site.hookshot.repeat(wanted.times, wanted.topic)}


async def flush(site: Site, _: Request) -> Any:
    """Deliver what waits in the queue, and wait for it."""
    await site.hookshot.flush()
    return {}


def control_routes(site: Site) -> list[Route]:
    """All of them, for this store."""

    def route(path: str, method: str, handler: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return JSONResponse(await handler(site, request))
            except ValidationError as error:
                return JSONResponse({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
            except RefundRefused as refusal:
                return JSONResponse({"error": str(refusal)}, HTTPStatus.CONFLICT)
            except RestError as error:
                return JSONResponse({"error": error.message}, error.status)

        return Route(f"/_store{path}", endpoint, methods=[method])

    order = "/orders/{order:int}"
    return [
        route("/orders", "POST", add_order),
        route("/orders", "GET", list_orders),
        route(order, "GET", show_order),
        route(order, "POST", change_order),
        route(f"{order}/refunds", "POST", press_refund),
        route(f"{order}/refunds/{{refund:int}}", "DELETE", delete_refund),
        route("/moods", "POST", set_moods),
        route("/webhooks", "GET", show_webhooks),
        route("/webhooks/off", "POST", switch_webhooks_off),
        route("/deliveries", "GET", show_deliveries),
        route("/deliveries/repeat", "POST", repeat),
        route("/deliveries/flush", "POST", flush),
    ]


def _shown(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": order.status,
        "total": str(order.total),
        "refunded": str(order.refunded),
        "currency": order.currency,
        "payment_method": order.payment_method,
        "transaction_id": order.transaction_id,
        "refunds": [_shown_refund(refund) for refund in order.refunds],
        "notes": [note.text for note in order.notes if not note.customer],
        "messages": [note.text for note in order.notes if note.customer],
        "mails": list(order.mails),
        "record": record_of(order),
    }


def _shown_refund(refund: Refund) -> dict[str, Any]:
    return {"id": refund.id, "amount": str(refund.amount), "reason": refund.reason}
