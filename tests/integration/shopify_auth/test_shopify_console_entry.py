"""From a store's admin into the console: proved by Shopify, once, for this store alone."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from pef_adapters.core.access import HOUSE, Permission, store_place
from pef_adapters.core.errors import NotSignedIn, SignInLinkRefused
from pef_adapters.engine.departures import LEFT_AT, has_left
from pef_adapters.engine.gate.passing import reach
from pef_adapters.engine.gate.refunds import search
from pef_adapters.engine.gate.sessions import actor_of
from pef_adapters.engine.gate.sessions_platform import enter
from pef_adapters.engine.records import AuditSearch, RefundSearch
from pef_adapters.server.console.sign_in.routes import ROUTES as ENTRY
from shopify_room import FOREIGN, OURS, STORE, Room

ORIGIN, DEVICE = "190.12.3.4", "Firefox"
CONSOLE = "/apps/shopify/console"


async def address(at_shopify: Room, **claims: Any) -> str:
    """The one-time address, as the page's button gets it."""
    answer = await at_shopify.client.post(CONSOLE, headers=at_shopify.bearer(**claims))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told: str = answer.json()["address"]
    return told


async def browser(at_shopify: Room, path: str) -> httpx.Response:
    """A browser without any cookie opens an address of the console."""
    app = Starlette(routes=list[Route](ENTRY))
    app.state.ports, app.state.public_url = at_shopify.world.ports, OURS
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=OURS) as client:
        return await client.get(path)


def token_of(entry: str) -> str:
    """What stands behind the last slash."""
    assert entry.startswith(f"{OURS}/console/enter/")
    return entry.rpartition("/")[2]


async def test_a_person_of_the_store_enters_as_its_owner(at_shopify: Room) -> None:
    """The address signs a browser in, under the name that Shopify proved, in this store alone."""
    await at_shopify.connected()
    mine = await at_shopify.press()
    answer = await browser(at_shopify, await address(at_shopify))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("__Host-", "HttpOnly", "Secure", "SameSite=lax"))
    token = cookie.partition("=")[2].partition(";")[0]
    ports = at_shopify.world.ports
    actor, session, user = await actor_of(ports, token, origin=ORIGIN)
    assert (actor.name, session.name, user) == ("shopify/42", "shopify/42", None)
    assert {power.place for power in actor.powers} == {store_place(STORE)}
    assert HOUSE not in actor.places(Permission.SEE_REFUNDS)
    async with at_shopify.world.book.begin() as ledger:
        assert await reach(ledger, actor, Permission.SETTLE_REFUNDS) == {STORE}
        assert await reach(ledger, actor, Permission.EDIT_AGENCY) == frozenset()
    assert [refund.id for refund in await search(ports, actor, RefundSearch())] == [mine.id]


async def test_an_address_opens_once_and_only_for_two_minutes(at_shopify: Room) -> None:
    """Used, expired and invented addresses are refused alike, and set no cookie."""
    await at_shopify.connected()
    used, old = await address(at_shopify), await address(at_shopify)
    await browser(at_shopify, used)
    at_shopify.world.clock.advance(minutes=2)
    for entry in (used, old, f"{OURS}/console/enter/nonsense"):
        answer = await browser(at_shopify, entry)
        assert answer.status_code == 410
        assert "set-cookie" not in answer.headers


async def test_nobody_enters_a_store_that_has_left(at_shopify: Room) -> None:
    """Addresses and sessions from before the app was removed are worth nothing after it."""
    await at_shopify.connected()
    ports, first, entry = (
        at_shopify.world.ports,
        await address(at_shopify),
        await address(at_shopify),
    )
    inside = await enter(ports, token_of(first), origin=ORIGIN, device=DEVICE)
    await actor_of(ports, inside.token, origin=ORIGIN)
    async with at_shopify.world.book.begin() as ledger:
        store = await ledger.store(STORE)
        assert store is not None
        gone = replace(store, settings={**store.settings, LEFT_AT: at_shopify.now().isoformat()})
        assert has_left(gone)
        await ledger.add_store(gone)
    with pytest.raises(SignInLinkRefused):
        await enter(ports, token_of(entry), origin=ORIGIN, device=DEVICE)
    with pytest.raises(NotSignedIn):
        await actor_of(ports, inside.token, origin=ORIGIN)


async def test_only_shopify_proves_who_enters(at_shopify: Room) -> None:
    """Without a session token, or with a forged one, there is no address; nor by a plain GET."""
    await at_shopify.connected()
    for headers in ({}, at_shopify.bearer(FOREIGN), {"Authorization": "Bearer x"}):
        answer = await at_shopify.client.post(CONSOLE, headers=headers)
        assert answer.status_code == 401
        assert "address" not in answer.json()
    answer = await at_shopify.client.get(CONSOLE, headers=at_shopify.bearer())
    assert answer.status_code == 405


async def test_a_platforms_session_ends_after_eight_hours(at_shopify: Room) -> None:
    """However much it is used: who lost access at Shopify is not in for long."""
    await at_shopify.connected()
    ports, entry = at_shopify.world.ports, await address(at_shopify)
    new = await enter(ports, token_of(entry), origin=ORIGIN, device=DEVICE)
    for _ in range(7):
        at_shopify.world.clock.advance(hours=1)
        await actor_of(ports, new.token, origin=ORIGIN)
    at_shopify.world.clock.advance(hours=1)
    with pytest.raises(NotSignedIn):
        await actor_of(ports, new.token, origin=ORIGIN)


async def test_who_entered_is_kept_and_his_tokens_are_not(at_shopify: Room) -> None:
    """The store's audit names the person; neither address nor session token stands in it."""
    await at_shopify.connected()
    entry = await address(at_shopify)
    new = await enter(at_shopify.world.ports, token_of(entry), origin=ORIGIN, device=DEVICE)
    async with at_shopify.world.book.begin() as ledger:
        (kept,) = await ledger.audits(AuditSearch(reach=frozenset({STORE})))
    assert (kept.what, kept.actor, kept.origin) == ("enter_store", "shopify/42", ORIGIN)
    assert kept.outcome == "done"
    assert [secret for secret in (token_of(entry), new.token) if secret in repr(kept)] == []


async def test_page_has_a_button_for_it(at_shopify: Room) -> None:
    """It is named and waits for App Bridge, like everything that needs a session token."""
    await at_shopify.connected()
    page = (await at_shopify.open_page(locale="en")).text
    assert '<button type="button" id="console" disabled' in page
    assert "Open the console<" in page
