"""What each process of the kill test is: the product's web half, a worker, a rail, a store.

Web and worker are put together as `pef serve --no-worker` and `pef worker` do it. Rail and
store stand outside the house, and nobody kills them: the sandbox with its own true book (in
memory, with the indexes that twenty thousand refunds need), and the fake WooCommerce.
"""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pef_adapters import logs
from pef_adapters.cli.serving import run_service
from pef_adapters.pagoefectivo.sandbox.app import create_app as create_rail
from pef_adapters.pagoefectivo.sandbox.faults import Operation
from pef_adapters.pagoefectivo.sandbox.refunds import RefundDesk
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.sandbox.workings import Workings
from pef_adapters.pagoefectivo.wire import RefundOrder
from pef_adapters.runtime import Runtime, SystemClock
from pef_adapters.settings import Settings
from pef_adapters.storage.queue import QueueSettings
from pef_adapters.testing.fake_woocommerce.app import create_app as create_store
from pef_adapters.testing.fake_woocommerce.settings import ApiKey, StoreSettings

KEY, SECRET = "ck_kills", "cs_opens_nothing_else"
STALLED_AFTER = 3
"""Seconds of silence after which a worker of this test is taken for dead."""

_QUICK = QueueSettings(
    heartbeat=0.5,
    stalled_after=STALLED_AFTER,
    reconnect_after=0.5,
    finish_within=5,
    sweep_cron="* * * * * */4",
)
# Seconds at most, there and back again.
_ON_ITS_WAY = 0.8
# Of the 32 letters that an id is made of; 2 to 7 come first.
_LATE_BEFORE = "C"
# The sandbox was made for a demo's dozen of refunds, and reads whole tables.
_INDEXES = (
    "CREATE INDEX by_text ON cips (CAST(cip AS TEXT))",
    "CREATE INDEX by_expiry ON cips (status, expires_at)",
    "CREATE INDEX by_cip ON refunds (cip)",
    "CREATE INDEX by_status ON refunds (status, due_on)",
    "CREATE INDEX open_callbacks ON callbacks (next_at) WHERE outcome IS NULL",
)
_BOOKED = "SELECT merchant_refund_id AS key, CAST(cip AS TEXT) AS cip, minor, status FROM refunds"
_ASKED = "SELECT body FROM requests WHERE operation = ? AND status IS NOT NULL"


class ClockAhead(SystemClock):
    """The machine's clock and some seconds, so that nobody has to wait for a deadline."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead


def settings_of(told: Mapping[str, Any]) -> Settings:
    """The settings that web and worker share with whoever sets the stage."""
    return Settings(
        database_url=told["database"],
        secret_key=None,
        data_dir=Path(told["folder"]),
        port=told["port"],
        public_url=told["home"],
        allow_private_stores=True,
        worker_heartbeat_seconds=1,
        worker_dead_after_seconds=STALLED_AFTER,
    )


def web(told: Mapping[str, Any]) -> None:
    """`pef serve --no-worker`."""
    logs.configure("warning", as_json=True)
    asyncio.run(run_service(settings_of(told), with_worker=False, as_json=True))


def worker(told: Mapping[str, Any]) -> None:
    """`pef worker`, in a hurry."""
    logs.configure("warning", as_json=True)
    asyncio.run(_work(told))


async def _work(told: Mapping[str, Any]) -> None:
    clock = ClockAhead(told["ahead"])
    rhythm = replace(_QUICK, poll_cron=told["poll"])
    async with Runtime.open(settings_of(told), clock=clock, rhythm=rhythm) as runtime:
        await runtime.work()


class PromptDesk(RefundDesk):
    """Pays most refunds at once; the others are settled a little later, and told of by callback.

    Each way a refund can go takes its own path through the engine, and the short one costs half.
    """

    def __init__(self, of: Workings) -> None:
        super().__init__(of.book, of.clock, of.cips, of.events, of.settings)

    def _first_status(self, cip: sqlite3.Row, order: RefundOrder) -> str:
        usual = super()._first_status(cip, order)
        late = order.merchant_refund_id[2] < _LATE_BEFORE
        return "REFUNDED" if usual == "PROCESSING" and not late else usual


class Unhurried:
    """Keeps a refund's request on its way, and its answer too, so that kills find them there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._dice = Random()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slow = scope.get("method") == "POST" and scope["path"].endswith("/refunds")

        async def answer(message: Message) -> None:
            if slow and message["type"] == "http.response.start":
                await self._pass_time()
            await send(message)

        if slow:
            await self._pass_time()
        await self._app(scope, receive, answer)

    async def _pass_time(self) -> None:
        await asyncio.sleep(self._dice.random() * _ON_ITS_WAY)


def rail(told: Mapping[str, Any]) -> None:
    """The sandbox; `/_kills/book` shows what it really booked, and how often it was asked to."""
    wanted = SandboxSettings(
        port=told["port"],
        database=Path(":memory:"),
        magic_amounts=False,
        callback_url=told["callback"],
    )
    app = create_rail(wanted)
    workings: Workings = app.state.workings
    for index in _INDEXES:
        workings.book.write(index)
    app.state.workings = replace(workings, refunds=PromptDesk(workings))
    app.router.routes.append(Route("/_kills/book", _book))
    _serve(Unhurried(app), told["port"])


async def _book(request: Request) -> JSONResponse:
    book = Workings.of(request).book
    asked = (json.loads(row["body"]) for row in book.rows(_ASKED, (Operation.REFUND_CREATE,)))
    sends = Counter(str(body["merchant_refund_id"]) for body in asked)
    return JSONResponse({"booked": [dict(row) for row in book.rows(_BOOKED)], "sends": sends})


def store(told: Mapping[str, Any]) -> None:
    """The fake WooCommerce."""
    wanted = StoreSettings(
        port=told["port"],
        home=told["home"],
        keys=(ApiKey(consumer_key=KEY, consumer_secret=SECRET),),
        demo_orders=False,
        delivery_delay_seconds=told["delay"],
    )
    _serve(create_store(wanted), told["port"])


def _serve(app: ASGIApp, port: int) -> None:
    config = uvicorn.Config(
        app, port=port, ws="none", log_level="warning", access_log=False, server_header=False
    )
    uvicorn.Server(config).run()


ROLES: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "web": web,
    "worker": worker,
    "rail": rail,
    "store": store,
}
