"""The routes of webhooks, payment methods and the site itself."""

import re
from typing import Final

from starlette.requests import Request

from pef_adapters.testing.fake_woocommerce.auth import RestError
from pef_adapters.testing.fake_woocommerce.rest import (
    Handler,
    Result,
    Site,
    body_of,
    created,
    invalid,
    no_route,
    paged,
)
from pef_adapters.testing.fake_woocommerce.state import Webhook

# There is no refund topic: `order.refunded` and `refund.created` are refused (section 3).
_TOPIC: Final = re.compile(r"(order\.(created|updated|deleted|restored)|action\.woocommerce_\w+)\Z")
_STATUSES: Final = {"active", "paused", "disabled"}


async def index(site: Site, _: Request) -> Result:
    """What `/wp-json/` tells anybody."""
    return Result(
        {
            "name": site.settings.title,
            "description": "",
            "url": site.settings.home,
            "home": site.settings.home,
            "gmt_offset": "-5",
            "timezone_string": "America/Lima",
            "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wp/v2"],
        }
    )


async def list_webhooks(site: Site, request: Request) -> Result:
    """`webhooks`, newest first; secrets are never shown."""
    wanted = request.query_params.get("status", "all")
    hooks = [w for w in site.shop.state.webhooks.values() if wanted in ("all", w.status)]
    page, headers = paged(hooks[::-1], request)
    return Result([site.wire.webhook(w) for w in page], headers=headers)


async def post_webhook(site: Site, request: Request) -> Result:
    """Duplicates are taken; it starts active even where "disabled" was asked."""
    body, now = await body_of(request), site.shop.now()
    if not _TOPIC.match(str(body.get("topic"))):
        message = "Webhook topic is required and must be valid."
        raise RestError("woocommerce_rest_invalid_webhook_topic", message, 400)
    webhook = Webhook(
        id=site.shop.state.next_id(),
        name=body.get("name", "Webhook"),
        topic=body["topic"],
        delivery_url=body["delivery_url"],
        secret=body.get("secret") or "a random one that nobody is shown",
        created=now,
        modified=now,
    )
    site.shop.state.webhooks[webhook.id] = webhook
    site.shop.keep()
    await site.hookshot.ping(webhook)
    return created(site.wire.webhook(webhook))


async def put_webhook(site: Site, request: Request) -> Result:
    """Re-activation does not forget the failures (section 3)."""
    webhook, body = _webhook(site, request), await body_of(request)
    if body.get("status", webhook.status) not in _STATUSES:
        raise invalid("status")
    for name in ("name", "status", "delivery_url", "secret"):
        setattr(webhook, name, body.get(name, getattr(webhook, name)))
    webhook.modified = site.shop.now()
    site.shop.keep()
    return Result(site.wire.webhook(webhook))


async def get_webhook(site: Site, request: Request) -> Result:
    """One webhook."""
    return Result(site.wire.webhook(_webhook(site, request)))


async def delete_webhook(site: Site, request: Request) -> Result:
    """Delete for good."""
    webhook = _webhook(site, request)
    if request.query_params.get("force") != "true":
        message = "Webhooks do not support trashing."
        raise RestError("woocommerce_rest_trash_not_supported", message, 501)
    del site.shop.state.webhooks[webhook.id]
    site.shop.keep()
    return Result(site.wire.webhook(webhook))


async def list_gateways(site: Site, _: Request) -> Result:
    """The payment methods of the store."""
    names = site.shop.gateways.items()
    return Result([{"id": i, "title": title, "enabled": True} for i, title in names])


async def system_status(site: Site, _: Request) -> Result:
    """The versions of what runs here."""
    settings = site.settings
    versions = {
        "version": settings.woocommerce_version,
        "wp_version": settings.wordpress_version,
        "php_version": "8.2.29",
    }
    return Result(
        {"environment": {"home_url": settings.home, "site_url": settings.home} | versions}
    )


async def unknown(_: Site, __: Request) -> Result:
    """Whatever else is asked under `/wp-json/`."""
    raise no_route()


def _webhook(site: Site, request: Request) -> Webhook:
    webhook = site.shop.state.webhooks.get(int(request.path_params["webhook"]))
    if webhook is None:
        raise RestError("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404)
    return webhook


_WEBHOOK: Final = "/wc/v3/webhooks/{webhook:int}"

ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("/wc/v3/webhooks", "GET", list_webhooks),
    ("/wc/v3/webhooks", "POST", post_webhook),
    (_WEBHOOK, "GET", get_webhook),
    (_WEBHOOK, "PUT", put_webhook),
    (_WEBHOOK, "DELETE", delete_webhook),
    ("/wc/v3/payment_gateways", "GET", list_gateways),
    ("/wc/v3/system_status", "GET", system_status),
)
