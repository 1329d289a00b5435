"""A signed webhook stored by our endpoint, beside a bare endpoint with one INSERT."""

import json
from collections.abc import Mapping
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app
from pef_adapters.storage.postgres.pool import Pool
from pef_adapters.testing.fake_woocommerce.hookshot import sign
from ratios import Pair
from world import Bench

_SECRET = "benchmarkSecret42"  # noqa: S105 - opens nothing
_BODY = json.dumps({"action": "woocommerce_refund_created", "arg": 78}).encode()
_TABLE = "CREATE TABLE bare_received (id bigserial PRIMARY KEY, body bytea NOT NULL)"


async def webhook(bench: Bench, times: int) -> Pair:
    """Both called as ASGI applications: the wire costs both the same and would blur the ratio."""
    store = replace(
        bench.store,
        id="bench",
        platform="woocommerce",
        settings={"platform": {"payment_methods": ["pagoefectivo"]}},
        secrets={"webhook_secret": _SECRET, "consumer_key": "ck", "consumer_secret": "cs"},
    )
    async with bench.ports.book.begin() as ledger:
        await ledger.add_store(store)
    async with bench.pool.connection() as connection:
        await connection.execute(_TABLE)
    app = create_app(
        replace(bench.ports, platforms=InstalledPlatforms()), "https://refunds.example"
    )
    headers = {
        "x-wc-webhook-topic": "action.woocommerce_refund_created",
        "x-wc-webhook-source": f"{store.identity}/",
        "x-wc-webhook-signature": sign(_BODY, _SECRET),
    }

    async def ours(count: int) -> None:
        for _ in range(count):
            await _post(app, "/webhooks/woocommerce/bench", headers)

    bare_app = _bare_app(bench.pool)

    async def bare(count: int) -> None:
        for _ in range(count):
            await _post(bare_app, "/bare", headers)

    return Pair("webhook: verify and store / bare endpoint, one INSERT", ours, bare, times)


def _bare_app(pool: Pool) -> Starlette:
    async def keep(request: Request) -> Response:
        body = await request.body()
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO bare_received (body) VALUES (%s)", (body,))
        return JSONResponse({})

    return Starlette(routes=[Route("/bare", keep, methods=["POST"])])


async def _post(app: ASGIApp, path: str, headers: Mapping[str, str]) -> None:
    """One POST, as a web server would hand it in; it must be answered 200."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": _BODY, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:  # noqa: PLR2004 - HTTP's own number
        raise RuntimeError(f"{path} answered {sent[0]['status']}")
