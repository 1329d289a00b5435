"""The Orders hook: proves the secret in a header, then says which order changed.

VTEX signs nothing. Such an event is only ever a hint: what is refunded was asked for by
the gateway, and a hook can't make us pay (platforms/vtex.md, section 6).
"""

import hmac
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreConnection
from pef_vtex import exact_json
from pef_vtex.orders import group_of
from pef_vtex.settings import secrets_of, settings_of

MAX_BODY_BYTES: Final = 1024 * 1024
HOOK_HEADER: Final = "x-pef-hook"
_PING: Final = {"hookConfig": "ping"}
# The greeting proves nothing, so no more than it can fill is read for a stranger.
_LONGEST_PING: Final = 200


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Origin(_Wire):
    """Whose order it is."""

    account: str = Field(alias="Account")


class OrderEvent(_Wire):
    """A change of an order."""

    order_id: str = Field(alias="OrderId", pattern=r"^[!-~]{1,100}$")
    origin: Origin = Field(alias="Origin")


def receive(delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
    """See `platforms.contract.Platform.receive`."""
    if len(delivery.body) > MAX_BODY_BYTES:
        raise BodyTooLarge
    if _is_ping(delivery.body):
        return (Hint(kind=HintKind.PING),)
    _verify(delivery, secrets_of(store).hook_secret.get_secret_value())
    event = _event(delivery.body)
    if event.origin.account.lower() != settings_of(store).account:
        raise SourceMismatch
    return (Hint(kind=HintKind.ORDER_CHANGED, order_id=group_of(event.order_id)),)


def _is_ping(body: bytes) -> bool:
    """VTEX's greeting when a hook is made; it says nothing and only wants a 200."""
    if len(body) > _LONGEST_PING:
        return False
    try:
        return bool(exact_json.read(body) == _PING)
    except ValueError:
        return False


def _verify(delivery: Delivery, secret: str) -> None:
    given = delivery.headers.get(HOOK_HEADER, "")
    if not given:
        raise SignatureMissing
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise SignatureInvalid


def _event(body: bytes) -> OrderEvent:
    try:
        return OrderEvent.model_validate_json(body)
    except ValidationError:
        raise BodyUnreadable("the body is not an event of the Orders hook") from None
