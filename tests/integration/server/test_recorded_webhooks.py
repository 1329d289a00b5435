"""Requests recorded at a real WooCommerce 11.0.1 store pass the real endpoint."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pef_adapters.core.money import Money
from pef_adapters.engine.digest import digest
from recordings import FIXTURES, SIGNED, recorded, rest_body, signed
from served import served
from web_service import Service


@pytest.mark.parametrize(("name", "number"), SIGNED)
async def test_signed_recording_is_stored(service: Service, name: str, number: int) -> None:
    """Every recorded delivery verifies with its own secret, is stored and answered 200."""
    body, headers, store = recorded(name, number)
    answer = await service.client.post(
        f"/webhooks/woocommerce/{store}", content=body, headers=headers
    )
    assert answer.status_code == 200
    assert await service.kept() == 1


@pytest.mark.parametrize(("name", "number"), SIGNED)
async def test_recording_for_another_secret_is_refused(
    service: Service, name: str, number: int
) -> None:
    """A delivery sent to the address of a store with another secret changes nothing."""
    body, headers, store = recorded(name, number)
    other = {"abc": "order", "order": "abc"}[store]
    answer = await service.client.post(
        f"/webhooks/woocommerce/{other}", content=body, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")
    assert await service.kept() == 0


async def test_unsigned_ping_is_answered_200_and_ignored(service: Service) -> None:
    """The ping that a store sends for a new webhook is answered 200 and stores nothing."""
    text = (FIXTURES / "recordings" / "webhook_created_in_admin_ping.json").read_text()
    ping = json.loads(text)["requests"][0]
    answer = await service.client.post(
        "/webhooks/woocommerce/abc",
        content=ping["body"],
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    assert await service.kept() == 0


async def test_recorded_refund_is_read_back_exactly(service: Service) -> None:
    """A signed hint leads to REST; the amount is the recorded 59.90, whatever the body says."""
    async with _recorded_rest() as address:
        await service.connect("replayed", address, "abc")
        received = await _hint(
            service, address, b'{"action":"woocommerce_refund_created","arg":15}'
        )
        await digest(service.ports, received)
    async with service.ports.book.begin() as ledger:
        refund = await ledger.find_refund("replayed", "15")
    assert refund is not None
    assert refund.amount == Money(5990, "PEN")
    assert (refund.order_id, refund.transaction_id) == ("14", "11546901")
    assert refund.reason == "Producto agotado"


async def _hint(service: Service, address: str, body: bytes) -> int:
    headers = signed(body, "abc", address, "action.woocommerce_refund_created")
    answer = await service.client.post(
        "/webhooks/woocommerce/replayed", content=body, headers=headers
    )
    received: int = answer.raise_for_status().json()["received"]
    return received


@asynccontextmanager
async def _recorded_rest() -> AsyncIterator[str]:
    """A store that answers what the real one answered; other questions get its 404."""
    answers = {
        "/wp-json/wc/v3/refunds": rest_body("list_refunds"),
        "/wp-json/wc/v3/orders/14": rest_body("get_order"),
        "/wp-json/wc/v3/orders/14/refunds": rest_body("get_order_refunds"),
        "/wp-json/wc/v3/orders/14/refunds/15": rest_body("get_order_refunds")[0],
    }

    async def answer(request: Request) -> JSONResponse:
        assert request.url.path.endswith("/products") or request.query_params.get("dp") == "2"
        found = answers.get(request.url.path)
        return JSONResponse(found or rest_body("get_missing_order"), 200 if found else 404)

    async with served(Starlette(routes=[Route("/{path:path}", answer)])) as address:
        yield address
