"""Signed calls of a store's plugin: proved like the store's webhooks, and fresh.

The signature is the webhooks' own, so the plugin keeps no secret beside WooCommerce's;
the call's name and time inside make a recorded one worthless for anything else or later.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from pef_adapters.core.errors import BodyUnreadable, SignatureInvalid
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.contract import Delivery
from pef_adapters.server.bodies import read_body
from pef_adapters.server.headers import headers_of
from pef_woocommerce import inbound

PLATFORM: Final = "woocommerce"
MAX_BODY_BYTES: Final = 10_000
_FRESH: Final = timedelta(minutes=5)

Id = Annotated[int, Field(gt=0)]


class Signed(BaseModel):
    """What each signed call holds: its own name, and its time in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    call: Annotated[str, Field(max_length=20)]
    at: Annotated[int, Field(gt=0, lt=2**40)]


Shape = TypeVar("Shape", bound=BaseModel)


async def signed_call(request: Request, shape: type[Shape]) -> tuple[Store, Shape, bytes]:
    """The store that calls and what it says.

    Raises:
        SignatureMissing, SignatureInvalid, SourceMismatch: not this store, or too long ago.
        BodyUnreadable, BodyTooLarge: not such a call.
    """
    ports: Ports = request.app.state.ports
    store = await _store(ports, request.path_params["store"])
    body = await read_body(request, MAX_BODY_BYTES)
    inbound.verify(Delivery(headers_of(request), body), connection(ports, store))
    said = read(body, shape)
    signed = read(body, Signed)
    if signed.call != request.url.path.rpartition("/")[2]:
        raise SignatureInvalid("this call was signed for another purpose")
    _require_fresh(signed, ports.clock.now())
    return store, said, body


def read(body: bytes, shape: type[Shape]) -> Shape:
    """The body as `shape`.

    Raises:
        BodyUnreadable: it is something else; the message names the fields.
    """
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        names = ", ".join(".".join(map(str, e["loc"])) or "body" for e in error.errors())
        raise BodyUnreadable(f"this call's {names} can't be read") from None


def _require_fresh(signed: Signed, now: datetime) -> None:
    if abs(now.timestamp() - signed.at) > _FRESH.total_seconds():
        raise SignatureInvalid("this call is too old or too early; set the store's clock right")


async def _store(ports: Ports, name: str) -> Store:
    async with ports.book.begin() as ledger:
        store = await ledger.store(name)
    if store is None or store.platform != PLATFORM:
        raise SignatureInvalid
    return store
