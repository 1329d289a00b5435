"""Coming in by a store's platform where somebody sits already, and signing in over a session."""

from collections.abc import AsyncIterator

import pytest

from console_world import COOKIE, ConsoleWorld, session_of
from pef_adapters.core.access import Permission
from pef_adapters.core.errors import NotSignedIn
from pef_adapters.engine.gate import sign_in
from pef_adapters.engine.gate.sessions_platform import entry_address
from pef_adapters.engine.records import Store
from pef_adapters.server.console.asking import safe_path


@pytest.fixture
async def world() -> AsyncIterator[ConsoleWorld]:
    """Two agencies and their stores."""
    return await ConsoleWorld().open()


async def store_of(world: ConsoleWorld) -> Store:
    """The store without an agency."""
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


async def test_whoever_sits_there_is_asked_first(world: ConsoleWorld) -> None:
    """An address alone changes nobody's session; the form does, and the old one ends."""
    user = await world.person()
    before = await session_of(world.ports, user)
    address = await entry_address(world.ports, await store_of(world), "shopify/42")
    async with world.browser(before) as browser:
        shown = await browser.get(address)
        assert (shown.status_code, COOKIE in shown.headers.get("set-cookie", "")) == (200, False)
        assert (await browser.post(address, data={"go": "on"})).headers["location"] == "/console"
        assert browser.cookies[COOKIE] != before.token
    with pytest.raises(NotSignedIn):
        await sign_in.actor_of(world.ports, before.token, origin="")


async def test_a_platforms_person_has_no_power_over_people(world: ConsoleWorld) -> None:
    """Who may open the app could else invite a second self that approves."""
    address = await entry_address(world.ports, await store_of(world), "shopify/42")
    async with world.browser() as browser:
        await browser.get(address)
        token = browser.cookies[COOKIE]
    actor, _, _ = await sign_in.actor_of(world.ports, token, origin="")
    assert actor.may(Permission.PAY_OUT, "tienda-pe", None)
    assert not actor.may(Permission.EDIT_PEOPLE, "tienda-pe", None)


@pytest.mark.parametrize("wanted", ["/console/../payout/x", "/console/%2e%2e/x", "/console/%5cx"])
def test_going_on_climbs_nowhere(wanted: str) -> None:
    """What leads out of the console by climbing is the first page instead."""
    assert safe_path(wanted) == "/console"
