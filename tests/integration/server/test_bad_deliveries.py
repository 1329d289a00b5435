"""Deliveries that must change nothing, each with a clear status."""

import json
from collections.abc import AsyncIterator, Callable

import pytest

from recordings import recorded, signed
from web_service import RECORDED_STORE, Service

_CREATED = ("full_manual", 3)


def _as_it_was(body: bytes) -> bytes:
    return body


def _truncated(body: bytes) -> bytes:
    return body[:-1]


def _other_refund(body: bytes) -> bytes:
    return body.replace(b"69", b"70")


def _encoded_again(body: bytes) -> bytes:
    return json.dumps(json.loads(body), indent=1).encode()


def _oversized(body: bytes) -> bytes:
    return body + b" " * (5 * 1024 * 1024)


@pytest.mark.parametrize(
    ("change", "headers", "status", "code"),
    [
        (_truncated, {}, 401, "SIGNATURE_INVALID"),
        (_other_refund, {}, 401, "SIGNATURE_INVALID"),
        (_encoded_again, {}, 401, "SIGNATURE_INVALID"),
        (_as_it_was, {"X-WC-Webhook-Signature": ""}, 401, "SIGNATURE_MISSING"),
        (_as_it_was, {"X-WC-Webhook-Signature": "bm8="}, 401, "SIGNATURE_INVALID"),
        (_as_it_was, {"X-WC-Webhook-Source": "https://other.pe/"}, 403, "SOURCE_MISMATCH"),
        (_oversized, {}, 413, "BODY_TOO_LARGE"),
    ],
    ids=["truncated", "forged", "encoded again", "unsigned", "wrong", "other store", "6 MB"],
)
async def test_bad_delivery_is_refused_and_changes_nothing(
    service: Service,
    change: Callable[[bytes], bytes],
    headers: dict[str, str],
    status: int,
    code: str,
) -> None:
    """A delivery that is not exactly what the store signed is refused and not stored."""
    body, signed_headers, store = recorded(*_CREATED)
    answer = await service.client.post(
        f"/webhooks/woocommerce/{store}",
        content=change(body),
        headers={**signed_headers, **headers},
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await service.kept() == 0


async def test_unannounced_flood_is_cut_off(service: Service) -> None:
    """A body sent in chunks without a length is refused once it exceeds the bound."""

    async def flood() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b" " * 512 * 1024

    answer = await service.client.post("/webhooks/woocommerce/abc", content=flood())
    assert answer.status_code == 413
    assert await service.kept() == 0


@pytest.mark.parametrize(
    "path", ["/webhooks/woocommerce/nobody", "/webhooks/vtex/abc", "/webhooks/pagoefectivo/nobody"]
)
async def test_unknown_store_looks_like_a_wrong_signature(service: Service, path: str) -> None:
    """Nobody learns by asking which stores and accounts there are."""
    body, headers, _ = recorded(*_CREATED)
    answer = await service.client.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")


async def test_signed_error_body_is_survived(service: Service) -> None:
    """A signed delivery whose body is an error is stored as trouble, not as a refund."""
    body = b'{"code":"woocommerce_rest_cannot_view","message":"no","data":{"status":401}}'
    headers = signed(body, "abc", RECORDED_STORE, "order.updated")
    answer = await service.client.post("/webhooks/woocommerce/abc", content=body, headers=headers)
    assert answer.status_code == 200
