"""`/plugin/woocommerce/…`: the store's plugin connects, asks and leaves.

Thin: each call is proved by `calls`, handed to a use case and answered in JSON.
"""

from typing import Annotated, Literal

import anyio
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pef_adapters.core.states import State
from pef_adapters.engine import installs, onboarding, plugin_codes, pressed
from pef_adapters.engine.departures import leave
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.pressed import Pressed, Verdict
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.contract import Check, HintKind
from pef_adapters.server.bodies import read_body
from pef_adapters.server.plugin.calls import MAX_BODY_BYTES, Id, Signed, read, signed_call
from pef_woocommerce import webhooks
from pef_woocommerce.settings import chosen_settings, settings_of

# The store's request waits for us, and it never waits longer than two seconds.
_PATIENCE_SECONDS = 1.5
_LOOK_EVERY_SECONDS = 0.1


class Choices(BaseModel):
    """What the owner chose on the plugin's page."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    payment_methods: Annotated[list[str], Field(min_length=1, max_length=50)]
    transaction_id_from: str = "transaction_id"
    auth: Literal["header", "query"] = "header"


class Connecting(Choices):
    """The owner pressed *Connect*; `code` came from whoever runs this service."""

    code: Annotated[str, Field(max_length=40, repr=False)]
    address: Annotated[str, Field(max_length=500)]
    return_url: Annotated[str, Field(max_length=1000)]


class OneRefund(Signed):
    """A refund was pressed or deleted."""

    order_id: Id
    refund_id: Id


async def connect(request: Request) -> Response:
    """`POST /plugin/woocommerce/connect`: where the owner approves the keys."""
    ports: Ports = request.app.state.ports
    said = read(await read_body(request, MAX_BODY_BYTES), Connecting)
    chosen = said.model_dump(include=set(Choices.model_fields))
    chosen_settings(chosen)  # told here, and not by keys that the store has to undo
    link = await plugin_codes.begin(
        ports,
        said.code,
        said.address,
        settings=chosen,
        return_url=said.return_url,
        public_url=request.app.state.public_url,
    )
    return JSONResponse({"authorize_url": link})


async def refunds(request: Request) -> Response:
    """`POST …/{store}/refunds`: a refund was pressed; decided within moments, or later."""
    ports: Ports = request.app.state.ports
    store, said, body = await signed_call(request, OneRefund)
    refund = str(said.refund_id)
    await pressed.take_in(
        ports, store, HintKind.REFUND_CREATED, order_id=str(said.order_id), refund=refund, body=body
    )
    found = await _decided(ports, store, refund)
    return JSONResponse(
        {
            "outcome": found.verdict,
            "state": found.state,
            "sentence": found.sentence,
            "our_id": found.our_id,
            "expected_on": found.expected_on,
        }
    )


async def deletions(request: Request) -> Response:
    """`POST …/{store}/deletions`: a refund was deleted at the store."""
    ports: Ports = request.app.state.ports
    store, said, body = await signed_call(request, OneRefund)
    received = await pressed.take_in(
        ports,
        store,
        HintKind.REFUND_DELETED,
        order_id=str(said.order_id),
        refund=str(said.refund_id),
        body=body,
    )
    return JSONResponse({"received": received})


async def checks(request: Request) -> Response:
    """`POST …/{store}/checks`: everything that must be right, each with its mend."""
    ports: Ports = request.app.state.ports
    store, _, _ = await signed_call(request, Signed)
    found = await onboarding.check_store(ports, store.id)
    return JSONResponse({"checks": [_shown(check) for check in found]})


async def settings(request: Request) -> Response:
    """`POST …/{store}/settings`: what the owner changed on the plugin's page."""
    ports: Ports = request.app.state.ports
    store, _, body = await signed_call(request, Signed)
    chosen = read(body, Choices).model_dump()
    await installs.change_settings(
        ports, store.id, chosen, lambda changed: settings_of(connection(ports, changed))
    )
    return JSONResponse({})


async def disconnect(request: Request) -> Response:
    """`POST …/{store}/disconnect`: our webhooks are removed, and the store is asked no more."""
    ports: Ports = request.app.state.ports
    store, _, _ = await signed_call(request, Signed)
    await leave(ports, store, at=None)
    await webhooks.remove(connection(ports, store))
    return JSONResponse({})


async def _decided(ports: Ports, store: Store, refund: str) -> Pressed:
    found = await pressed.standing(ports, store, refund)
    with anyio.move_on_after(_PATIENCE_SECONDS):
        # While it is being sent, PagoEfectivo may still refuse it within moments.
        while found.verdict is Verdict.LATER or found.state is State.SENDING:
            await anyio.sleep(_LOOK_EVERY_SECONDS)
            found = await pressed.standing(ports, store, refund)
    return found


def _shown(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "passed": check.passed,
        "detail": check.detail,
        "mend": check.mend,
    }


ROUTES = [
    Route("/plugin/woocommerce/connect", connect, methods=["POST"]),
    *(
        Route(f"/plugin/woocommerce/{{store}}/{handler.__name__}", handler, methods=["POST"])
        for handler in (refunds, deletions, checks, settings, disconnect)
    ),
]
