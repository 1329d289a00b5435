"""Webhooks in: verified and stored before they are answered, worked off later.

A store or account that is not there gets the answer of a wrong signature, so that
nobody can find out by asking which stores are ours.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pef_adapters.core.errors import NotThere, SignatureInvalid
from pef_adapters.engine import receive
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account, Source, Store
from pef_adapters.pagoefectivo.notifications import MAX_BODY_BYTES, read_notification
from pef_adapters.platforms.contract import Delivery
from pef_adapters.server.bodies import read_body
from pef_adapters.server.headers import headers_of


async def store_webhook(request: Request) -> Response:
    """`POST /webhooks/{platform}/{store}`: a store says that something changed."""
    ports: Ports = request.app.state.ports
    return await _keep(ports, request, request.path_params["store"])


async def shared_webhook(request: Request) -> Response:
    """`POST /webhooks/{platform}`: the same, where a platform has one address for all stores."""
    ports: Ports = request.app.state.ports
    inbox = ports.platforms.named(request.path_params["platform"]).inbox
    if inbox is None:
        raise NotThere("this platform delivers to an address of each store's own")
    return await _keep(ports, request, inbox.store_of(headers_of(request)))


async def _keep(ports: Ports, request: Request, name: str) -> Response:
    store = await _store(ports, request.path_params["platform"], name)
    bound = ports.platforms.named(store.platform).capabilities.max_body_bytes
    body = await read_body(request, bound)
    delivery = Delivery(headers=headers_of(request), body=body)
    received = await receive.from_store(ports, store, delivery)
    return JSONResponse({"received": received})


async def rail_webhook(request: Request) -> Response:
    """`POST /webhooks/pagoefectivo/{account}`: PagoEfectivo says that something changed."""
    ports: Ports = request.app.state.ports
    account = await _account(ports, request)
    body = await read_body(request, MAX_BODY_BYTES)
    told = read_notification(body, headers_of(request), account.secrets["secret_key"])
    received = await receive.keep(
        ports,
        source=Source.RAIL,
        owner_id=account.id,
        topic=told.event_type,
        body=body,
        hints=(
            {
                "event": told.event_type,
                "cip": told.cip,
                "transaction_code": told.transaction_code,
                "merchant_refund_id": told.merchant_refund_id,
            },
        ),
    )
    return JSONResponse({"received": received})


async def _store(ports: Ports, platform: str, name: str) -> Store:
    async with ports.book.begin() as ledger:
        store = await ledger.store(name)
    if store is None or store.platform != platform:
        raise SignatureInvalid
    return store


async def _account(ports: Ports, request: Request) -> Account:
    async with ports.book.begin() as ledger:
        account = await ledger.account(request.path_params["account"])
    if account is None:
        raise SignatureInvalid
    return account
