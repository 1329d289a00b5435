"""The remote control under `/_shop/`: orders, refunds, moods and webhooks, for tests and demo.

No real shop has it. It presses buttons, changes moods and shows what the merchant would
see; it answers plain JSON, amounts as text.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.testing.fake_shopify import wire
from pef_adapters.testing.fake_shopify.catalog import GATEWAY
from pef_adapters.testing.fake_shopify.payments import NoPaymentsApp
from pef_adapters.testing.fake_shopify.rendering import entries_of
from pef_adapters.testing.fake_shopify.settings import Subscription
from pef_adapters.testing.fake_shopify.shop import (
    NewOrder,
    RefundForm,
    RefundRefused,
    financial_status,
)
from pef_adapters.testing.fake_shopify.site import NotThere, Site
from pef_adapters.testing.fake_shopify.state import Moods, Order, Status, Transaction, Webhook

Handler = Callable[[Site, Request], Awaitable[Any]]


class OrderWanted(BaseModel):
    """An order to place; see `shop.NewOrder`."""

    items: dict[str, int] = Field(default_factory=dict)
    total: Decimal | None = None
    gateway: str = GATEWAY
    manual: bool = True
    paid: bool = True
    currency: str = "PEN"
    payment_id: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    note: str = ""
    email: str = "cliente@example.test"
    test: bool = False
    days_old: int = 0


class Press(BaseModel):
    """The refund button. Without amounts all that is left; `amounts` make one transaction each.

    `items` are quantities by line id. `restock_only` moves no money. `status`, `gateway` and
    `message` are what another provider says, such as of a refund made in its own dashboard.
    """

    amount: Decimal | None = None
    amounts: tuple[Decimal, ...] = ()
    note: str = ""
    items: dict[int, int] = Field(default_factory=dict)
    gateway: str | None = None
    status: Status | None = None
    message: str = ""
    restock_only: bool = False


class OrderChange(BaseModel):
    """Something done to an order in the admin."""

    action: Literal["cancel", "erase", "save"]


class Settled(BaseModel):
    """A transaction's new status."""

    status: Status


class Repeat(BaseModel):
    """Send the last delivery (of this topic) again, with the same ids."""

    times: int = Field(default=1, ge=1, le=100)
    topic: str | None = None
    older_by_seconds: float = 0.0


class Throttle(BaseModel):
    """For how long every bucket is empty."""

    seconds: float = Field(ge=0)


async def add_order(site: Site, request: Request) -> Any:
    """Place an order; answers it as the merchant would see it."""
    wanted = OrderWanted.model_validate_json(await request.body())
    return shown(site.shop.place_order(NewOrder(**dict(wanted))))


async def list_orders(site: Site, _: Request) -> Any:
    """Every order, oldest first."""
    return [shown(order) for order in site.state.orders.values()]


async def show_order(site: Site, request: Request) -> Any:
    """One order with its transactions, refunds, tags and metafields."""
    return shown(site.order(request))


async def change_order(site: Site, request: Request) -> Any:
    """Cancel, erase or save an order."""
    order = site.order(request)
    action = OrderChange.model_validate_json(await request.body()).action
    if action == "erase":
        site.shop.erase(order)
        return {}
    if action == "cancel":
        site.shop.cancel(order)
    else:
        site.shop.touch(order)
    return shown(order)


async def press_refund(site: Site, request: Request) -> Any:
    """Press the refund button; answers the new refund's id and its transactions'."""
    order = site.order(request)
    press = Press.model_validate_json(await request.body())
    amounts = press.amounts or (order.rest if press.amount is None else press.amount,)
    form = RefundForm(
        amounts=() if press.restock_only else amounts,
        note=press.note,
        quantities=press.items,
        gateway=press.gateway,
        status=press.status,
        message=press.message,
    )
    refund = site.shop.press_refund(order, form)
    return {"refund_id": refund.id, "transactions": [t.id for t in order.of_refund(refund.id)]}


async def settle(site: Site, request: Request) -> Any:
    """A pending transaction succeeds or fails."""
    order = site.order(request)
    transaction = order.transaction(int(request.path_params["transaction"]))
    if transaction is None:
        raise NotThere("There is no such transaction.")
    status = Settled.model_validate_json(await request.body()).status
    site.shop.settle(order, transaction, status)
    return shown(order)


async def set_moods(site: Site, request: Request) -> Any:
    """Change the named moods, leave the others; answers all of them."""
    moods = site.state.moods
    changed = Moods.model_validate(moods.model_dump() | await request.json())
    for name in Moods.model_fields:
        setattr(moods, name, getattr(changed, name))
    site.shop.keep()
    return moods.model_dump()


async def throttle(site: Site, request: Request) -> Any:
    """Refuse every query as throttled for so many seconds."""
    wanted = Throttle.model_validate_json(await request.body())
    site.buckets.throttle(wanted.seconds)
    return {}


async def show_webhooks(site: Site, _: Request) -> Any:
    """Every webhook made by API or by the merchant; `client_id` is None for his."""
    return [hook.model_dump(mode="json") for hook in site.state.webhooks.values()]


async def add_webhook(site: Site, request: Request) -> Any:
    """The merchant makes a webhook in Settings, Notifications; the shop's own secret signs it."""
    wanted = Subscription.model_validate_json(await request.body())
    return {"id": merchant_webhook(site, wanted).id}


async def switch_webhooks_off(site: Site, _: Request) -> Any:
    """Delete every webhook, as eight failures would; those of an app's TOML stay."""
    for hook in tuple(site.state.webhooks.values()):
        site.hooks.remove(hook)
    site.shop.keep()
    return {}


async def show_deliveries(site: Site, _: Request) -> Any:
    """Every delivery so far, as it goes out, with its tries."""
    return [delivery.model_dump(mode="json") for delivery in site.state.deliveries]


async def repeat(site: Site, request: Request) -> Any:
    """Send the last delivery again; `older_by_seconds` makes it look late."""
    wanted = Repeat.model_validate_json(await request.body())
    sent = await site.hooks.repeat(wanted.topic, wanted.times, wanted.older_by_seconds)
    return {"sent": sent}


async def flush(site: Site, _: Request) -> Any:
    """Make one try with everything that waits, webhooks and refund sessions, and wait for it."""
    await site.hooks.courier.flush()
    await site.payments.courier.flush()
    return {}


def merchant_webhook(site: Site, wanted: Subscription) -> Webhook:
    """A new webhook of the merchant's own."""
    now = site.shop.now()
    hook = Webhook(
        id=site.state.next_id(),
        client_id=None,
        topic=wanted.topic,
        uri=wanted.uri,
        created=now,
        updated=now,
    )
    site.state.webhooks[hook.id] = hook
    site.shop.keep()
    return hook


def control_routes(site: Site) -> list[Route]:
    """All of them, for this shop."""
    order = "/orders/{order:int}"
    return [
        control_route(site, "/orders", "POST", add_order),
        control_route(site, "/orders", "GET", list_orders),
        control_route(site, order, "GET", show_order),
        control_route(site, order, "POST", change_order),
        control_route(site, f"{order}/refunds", "POST", press_refund),
        control_route(site, f"{order}/transactions/{{transaction:int}}", "POST", settle),
        control_route(site, "/moods", "POST", set_moods),
        control_route(site, "/throttle", "POST", throttle),
        control_route(site, "/webhooks", "GET", show_webhooks),
        control_route(site, "/webhooks", "POST", add_webhook),
        control_route(site, "/webhooks/off", "POST", switch_webhooks_off),
        control_route(site, "/deliveries", "GET", show_deliveries),
        control_route(site, "/deliveries/repeat", "POST", repeat),
        control_route(site, "/deliveries/flush", "POST", flush),
    ]


def control_route(site: Site, path: str, method: str, handler: Handler) -> Route:
    """A route of the remote control."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(site, request))
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except RefundRefused as refusal:
            return JSONResponse({"error": str(refusal)}, HTTPStatus.CONFLICT)
        except (NotThere, NoPaymentsApp) as missing:
            return JSONResponse({"error": str(missing)}, HTTPStatus.NOT_FOUND)

    return Route(f"/_shop{path}", endpoint, methods=[method])


def shown(order: Order) -> dict[str, Any]:
    """An order as the remote control tells it; `record` is what our app wrote of its refunds."""
    return {
        "id": order.id,
        "gid": wire.gid("Order", order.id),
        "name": f"#{order.number}",
        "status": financial_status(order),
        "cancelled": order.cancelled is not None,
        "currency": order.currency,
        "total": str(order.total),
        "refunded": str(order.refunded),
        "rest": str(order.rest),
        "gateway": order.gateway,
        "note": order.note,
        "tags": list(order.tags),
        "attributes": dict(order.attributes),
        "metafields": {f"{m.namespace}.{m.key}": m.value for m in order.metafields},
        "record": dict(entries_of(order)),
        "lines": [{"id": i.id, "sku": i.sku, "quantity": i.quantity} for i in order.items],
        "transactions": [_transaction(t) for t in order.transactions],
        "refunds": [r.id for r in order.refunds],
    }


def _transaction(kept: Transaction) -> dict[str, Any]:
    chosen = {"id", "kind", "status", "gateway", "refund_id", "session_id", "message"}
    return kept.model_dump(mode="json", include=chosen) | {"amount": str(kept.amount)}
