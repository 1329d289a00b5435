"""Data calls of our page and of the block on the order page; a session token proves each.

The token says which store, so no call names one: another store's data is not there.
"""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pef_adapters.core.errors import BodyUnreadable, SettingInvalid
from pef_adapters.engine import installs
from pef_adapters.engine.gate.sessions_platform import entry_address
from pef_adapters.engine.overview import refunds_of_order, store_overview
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.server.bodies import read_body
from pef_adapters.server.shopify.callers import session_in
from pef_adapters.server.shopify.page import choose_language
from pef_adapters.server.shopify.shown import (
    CHANGEABLE,
    overview_shown,
    refund_shown,
    settings_shown,
)
from pef_shopify.app import AppSettings
from pef_shopify.settings import settings_of

_log = structlog.get_logger(__name__)

_MAX_SETTINGS_BYTES = 10_000


async def refunds(request: Request) -> Response:
    """`GET /apps/shopify/refunds`: the lists of the page, as they are now."""
    ports: Ports = request.app.state.ports
    _, store, _ = await session_in(request)
    overview = await store_overview(ports, store)
    return JSONResponse(overview_shown(overview, _language(request, store)))


async def order(request: Request) -> Response:
    """`GET /apps/shopify/orders/{id}`: how one order's refunds stand; 404 where it has none."""
    ports: Ports = request.app.state.ports
    _, store, _ = await session_in(request)
    found = await refunds_of_order(ports, store, request.path_params["order"])
    language = _language(request, store)
    return JSONResponse({"refunds": [refund_shown(refund, language) for refund in found]})


async def settings(request: Request) -> Response:
    """`GET` and `PUT /apps/shopify/settings`: what the page may change, all or nothing."""
    ports: Ports = request.app.state.ports
    session, store, app = await session_in(request)
    if request.method == "PUT":
        changes = _changes(await read_body(request, _MAX_SETTINGS_BYTES), app)
        store = await installs.change_settings(
            ports, store.id, changes, lambda changed: settings_of(connection(ports, changed))
        )
        told = sorted(changes)
        _log.info("settings_changed", store=store.id, by=session.user_id, settings=told)
    return JSONResponse(settings_shown(connection(ports, store), app))


async def console(request: Request) -> Response:
    """`POST /apps/shopify/console`: a one-time address by which this person enters our console.

    It opens once within two minutes, with an owner's powers in this store.
    """
    ports: Ports = request.app.state.ports
    session, store, _ = await session_in(request)
    address = await entry_address(ports, store, f"shopify/{session.user_id}")
    return JSONResponse({"address": address})


def _changes(body: bytes, app: AppSettings) -> dict[str, Any]:
    """The settings in the body.

    Raises:
        BodyUnreadable: no JSON object.
        SettingInvalid: a setting that is not the page's to change.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, Mapping):
        raise BodyUnreadable("send the settings as one JSON object")
    for name in given:
        if name not in CHANGEABLE:
            raise SettingInvalid(f"{str(name)[:40]!r} can't be changed here")
    if "payouts" in given and app.distribution != "custom":
        raise SettingInvalid(
            "payouts can't be changed: an app of the Shopify App Store refunds through "
            "PagoEfectivo only"
        )
    return dict(given)


def _language(request: Request, store: Store) -> str:
    return choose_language(request.query_params.get("locale", ""), "", store.language)
