"""One address for all stores' webhooks: who a delivery names, and whom it may speak for."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from pef_adapters.engine.records import Store
from shopify_samples import SECRET, SHOP, privacy_body, refund_body, signed
from web_service import Service

_STORE, _OTHER_STORE, _OTHER_SHOP = (
    "tienda-myshopify-com",
    "otra-myshopify-com",
    "otra.myshopify.com",
)
_INBOX = "/webhooks/shopify"


@pytest.fixture
async def inbox(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service with two shops of one app."""
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_ID", "hecha_para_pruebas")
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", SECRET)
    await _connect(service, _STORE, SHOP)
    await _connect(service, _OTHER_STORE, _OTHER_SHOP)
    return service


async def _connect(service: Service, name: str, shop: str, platform: str = "shopify") -> None:
    template = await _stored(service, "tienda-pe")
    store = replace(
        template,
        id=name,
        platform=platform,
        identity=f"https://{shop}",
        settings={"platform": {"gateways": ["PagoEfectivo"]}},
        secrets={"webhook_secret": "unused", "access_token": "shpat_made_up"},
    )
    async with service.ports.book.begin() as ledger:
        await ledger.add_store(store)


async def _stored(service: Service, name: str) -> Store:
    async with service.ports.book.begin() as ledger:
        found = await ledger.store(name)
    assert found is not None
    return found


async def _post(
    service: Service, body: Any, topic: str, *, secret: str = SECRET, at: str = _INBOX, **more: str
) -> httpx.Response:
    delivery = signed(body, topic, secret, **more)
    return await service.client.post(at, content=delivery.body, headers=dict(delivery.headers))


async def _owners(service: Service) -> list[str]:
    """Under whose name each delivery was kept."""
    later = service.world.clock.advance(seconds=1)
    async with service.ports.book.begin() as ledger:
        kept = [await ledger.received(each) for each in await ledger.open_received(later, 1000)]
    return [each.owner_id for each in kept if each is not None]


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert SECRET not in answer.text
    return answer.status_code, answer.json()["code"]


async def test_each_delivery_is_kept_under_the_shop_it_names(inbox: Service) -> None:
    """Two shops of one app share the address and nothing else."""
    first = await _post(inbox, refund_body(), "refunds/create", webhook_id="w-1")
    second = await _post(
        inbox, refund_body(), "refunds/create", shop_domain=_OTHER_SHOP, webhook_id="w-2"
    )
    assert [each.status_code for each in (first, second)] == [200, 200]
    assert await _owners(inbox) == [_STORE, _OTHER_STORE]


async def test_a_delivery_that_comes_again_is_kept_once(inbox: Service) -> None:
    """Shopify tries for hours, under one name of the delivery."""
    answers = [await _post(inbox, refund_body(), "refunds/create") for _ in range(3)]
    assert len({each.json()["received"] for each in answers}) == 1
    assert await _owners(inbox) == [_STORE]


async def test_a_forged_delivery_is_refused(inbox: Service) -> None:
    """Without the app's secret nothing is kept, for whichever shop."""
    unsigned = await _post(inbox, refund_body(), "refunds/create", hmac_sha256="")
    forged = await _post(inbox, refund_body(), "refunds/create", secret="another app's")
    assert _refusal(unsigned) == (401, "SIGNATURE_MISSING")
    assert _refusal(forged) == (401, "SIGNATURE_INVALID")
    assert await _owners(inbox) == []


async def test_an_unknown_shop_looks_like_a_wrong_signature(inbox: Service) -> None:
    """Rightly signed or not, nobody learns by asking which shops are ours."""
    unknown = await _post(inbox, refund_body(), "refunds/create", shop_domain="nadie.myshopify.com")
    wrong = await _post(inbox, refund_body(), "refunds/create", secret="another app's")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json() == wrong.json()
    assert await _owners(inbox) == []


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("app/uninstalled", {"myshopify_domain": SHOP}),
        ("shop/redact", {"shop_id": 954889, "shop_domain": SHOP}),
        ("customers/redact", privacy_body()),
        ("customers/data_request", privacy_body()),
    ],
)
async def test_a_swapped_shop_is_refused(inbox: Service, topic: str, body: Any) -> None:
    """The signature covers the body alone: what one shop was sent can't be turned on another."""
    swapped = await _post(inbox, body, topic, shop_domain=_OTHER_SHOP)
    assert _refusal(swapped) == (403, "SOURCE_MISMATCH")
    assert await _owners(inbox) == []
    assert (await _post(inbox, body, topic)).status_code == 200
    assert await _owners(inbox) == [_STORE]


@pytest.mark.parametrize(
    "shop", ["", "-", "tienda.pe", "tienda.myshopify.com.evil.example", "a/../b.myshopify.com"]
)
async def test_a_delivery_must_name_a_shop(inbox: Service, shop: str) -> None:
    """What is no shop's name leads to no store, whatever else is right."""
    answer = await _post(inbox, refund_body(), "refunds/create", shop_domain=shop)
    assert _refusal(answer) == (403, "SOURCE_MISMATCH")
    assert await _owners(inbox) == []


async def test_a_shop_of_another_way_is_not_reached(inbox: Service) -> None:
    """A shop that is connected by the payments app hears nothing for the other app."""
    await _connect(inbox, "tercera-myshopify-com", "tercera.myshopify.com", "shopify_payments")
    answer = await _post(
        inbox, refund_body(), "refunds/create", shop_domain="tercera.myshopify.com"
    )
    assert _refusal(answer) == (401, "SIGNATURE_INVALID")


@pytest.mark.parametrize("platform", ["woocommerce", "vtex", "nobody", "%00"])
async def test_only_platforms_with_one_address_have_it(inbox: Service, platform: str) -> None:
    """Other platforms deliver to each store's own address; this one is not there for them."""
    answer = await _post(inbox, refund_body(), "refunds/create", at=f"/webhooks/{platform}")
    assert _refusal(answer) == (404, "NOT_THERE")
    assert await _owners(inbox) == []


async def test_a_flood_is_cut_off(inbox: Service) -> None:
    """More than the platform ever sends is not read to its end."""
    answer = await _post(inbox, b" " * (5 * 1024 * 1024 + 1), "refunds/create")
    assert _refusal(answer) == (413, "BODY_TOO_LARGE")
    assert await _owners(inbox) == []
