"""The Orders hook: a secret in a header, a ping, and hints that are never facts."""

import json
from typing import Any

import pytest

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    PefError,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.platforms.contract import Delivery, Hint, HintKind
from pef_vtex import Vtex
from pef_vtex.orders import group_of
from vtex_samples import HOOK_SECRET, connection

HEADERS = {"x-pef-hook": HOOK_SECRET}


def event(order_id: str = "v52277740atmc-01", account: str = "tiendamisti") -> bytes:
    """An order event as VTEX posts it."""
    return json.dumps(
        {
            "Domain": "Fulfillment",
            "OrderId": order_id,
            "State": "invoiced",
            "LastChange": "2026-11-22T15:00:00.2550122Z",
            "Origin": {"Account": account, "Key": "vtexappkey-tiendamisti"},
        }
    ).encode()


def receive(body: bytes, headers: dict[str, str] = HEADERS, **store: Any) -> tuple[Hint, ...]:
    """What a delivery makes us look at."""
    return Vtex().receive(Delivery(headers, body), connection(**store))


def test_an_event_names_its_order_group() -> None:
    """What the gateway asked is kept under the group."""
    assert receive(event()) == (Hint(kind=HintKind.ORDER_CHANGED, order_id="v52277740atmc"),)


@pytest.mark.parametrize(
    ("order_id", "group"),
    [
        ("1172452900788-01", "1172452900788"),
        ("1172452900788-12", "1172452900788"),
        ("1172452900788", "1172452900788"),
        ("SLR-1172452900788-01", "SLR-1172452900788"),
        ("v-1", "v-1"),
    ],
)
def test_an_order_belongs_to_its_group(order_id: str, group: str) -> None:
    """Only VTEX's two-digit number at the end is taken off."""
    assert group_of(order_id) == group


@pytest.mark.parametrize("body", [b'{"hookConfig":"ping"}', b' { "hookConfig" : "ping" } '])
def test_a_ping_needs_no_secret(body: bytes) -> None:
    """VTEX greets a new hook and only wants a 200."""
    assert receive(body, {}) == (Hint(kind=HintKind.PING),)


@pytest.mark.parametrize(
    ("body", "headers", "fault"),
    [
        (event(), {}, SignatureMissing),
        (event(), {"x-pef-hook": "wrong"}, SignatureInvalid),
        (event(account="otratienda"), HEADERS, SourceMismatch),
        (b"{", HEADERS, BodyUnreadable),
        (b'{"OrderId": "a b", "Origin": {"Account": "tiendamisti"}}', HEADERS, BodyUnreadable),
        (b'{"hookConfig":"ping","OrderId":"1"}', {}, SignatureMissing),
        (b" " * (1024 * 1024 + 1), HEADERS, BodyTooLarge),
    ],
)
def test_anything_else_is_refused(
    body: bytes, headers: dict[str, str], fault: type[PefError]
) -> None:
    """Forged, foreign and unreadable events change nothing."""
    with pytest.raises(fault):
        receive(body, headers)


def test_a_hook_secret_of_its_own_goes_first() -> None:
    """A store that was given one is not told by the general secret any more."""
    secrets = {"hook_secret": "another"}
    with pytest.raises(SignatureInvalid):
        receive(event(), secrets=secrets)
    assert receive(event(), {"x-pef-hook": "another"}, secrets=secrets)
