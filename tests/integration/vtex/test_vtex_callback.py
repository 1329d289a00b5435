"""The callback: to the very address that VTEX gave, with our partner's keys, and nowhere else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import PlatformRefused, PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.platforms import http
from pef_adapters.platforms.asked import Checkout, CheckoutState
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.provider import Answer
from served import served
from vtex_samples import PARTNER, checkout, connection, provider, said

PATH = "/api/pvt/payment-provider/transactions/8FB0/payments/F5C1/callback"
QUERY = "accountName=tiendamisti&X-VTEX-signature=R*%7e~tk%2F+x=="


@dataclass(slots=True)
class Gateway:
    """Where callbacks arrive, to the letter."""

    home: str = ""
    status: int = 200
    addresses: list[str] = field(default_factory=list)
    keys: list[tuple[str | None, str | None]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def hear(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode()
        self.addresses.append(f"{path}?{request.scope['query_string'].decode()}")
        pair = request.headers.get("x-vtex-api-appkey"), request.headers.get("x-vtex-api-apptoken")
        self.keys.append(pair)
        self.bodies.append(await request.body())
        return Response(status_code=self.status)

    def told(self, state: CheckoutState) -> Checkout:
        """A checkout in this state that is called back here."""
        return checkout(state, private={"callback_url": f"{self.home}{PATH}?{QUERY}"})

    def store(self, **secrets: str) -> StoreConnection:
        """A store whose payments are called back here."""
        return connection(settings={"payments_address": self.home}, secrets=PARTNER | secrets)


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway that takes what it is told."""
    hearing = Gateway()
    http.allow_private_stores(allowed=True)
    app = Starlette(routes=[Route("/{path:path}", hearing.hear, methods=["POST"])])
    async with served(app) as home:
        hearing.home = home
        yield hearing
    http.allow_private_stores(allowed=False)


@pytest.mark.parametrize("state", [CheckoutState.PAID, CheckoutState.EXPIRED])
async def test_the_address_is_used_exactly_as_it_came(
    gateway: Gateway, state: CheckoutState
) -> None:
    """Signature and all, whatever its spelling; the body is the answer to /payments."""
    await provider().tell_payment(gateway.told(state), gateway.store())
    assert gateway.addresses == [f"{PATH}?{QUERY}"]
    assert gateway.keys == [("partner-key", "partner-token")]
    body = said(Answer(200, gateway.bodies[0]), "/payments")
    assert body["status"] == ("approved" if state is CheckoutState.PAID else "denied")
    assert body["delayToAutoSettle"]
    assert body["delayToAutoSettleAfterAntifraud"]


async def test_waiting_is_not_told(gateway: Gateway) -> None:
    """That was the answer to the call itself."""
    await provider().tell_payment(gateway.told(CheckoutState.WAITING), gateway.store())
    assert gateway.addresses == []


@pytest.mark.parametrize(
    ("status", "fault"),
    [(500, PlatformUnreachable), (429, PlatformUnreachable), (403, PlatformRefused)],
)
async def test_what_was_not_taken_is_not_told(
    gateway: Gateway, status: int, fault: type[Exception]
) -> None:
    """Anything but a 2xx leaves it to be told again; no key stands in the error."""
    gateway.status = status
    with pytest.raises(fault) as raised:
        await provider().tell_payment(gateway.told(CheckoutState.PAID), gateway.store())
    assert "partner-token" not in f"{raised.value!r}"
    assert "signature" not in f"{raised.value!r}"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/callback?X-VTEX-signature=a",
        "https://evil.myvtex.com/_v/callback?X-VTEX-signature=a",
        "https://vtexpayments.com.br.evil.example/callback",
        "http://tiendamisti.vtexpayments.com.br/callback",
        "",
    ],
)
async def test_partner_keys_go_to_no_other_host(address: str) -> None:
    """Whoever holds one merchant's pair could otherwise be sent the keys of all."""
    paid = checkout(CheckoutState.PAID, private={"callback_url": address})
    with pytest.raises(PlatformRefused):
        await provider().tell_payment(paid, connection(secrets=PARTNER))


async def test_a_host_that_was_named_is_trusted(gateway: Gateway) -> None:
    """A store can name a gateway of its own."""
    host = gateway.home.partition("://")[2]
    store = connection(settings={"callback_hosts": [host]}, secrets=PARTNER)
    await provider().tell_payment(gateway.told(CheckoutState.PAID), store)
    assert len(gateway.addresses) == 1


async def test_the_amount_of_a_payment_is_never_told_by_callback(gateway: Gateway) -> None:
    """VTEX knows it; nothing of ours could change it."""
    paid = gateway.told(CheckoutState.PAID)
    await provider().tell_payment(paid, gateway.store())
    assert paid.amount == Money(12980, "PEN")
    assert b"129" not in gateway.bodies[0]
