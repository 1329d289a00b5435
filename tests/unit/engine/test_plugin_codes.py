"""One-time codes by which a plugin connects its store: whose, for how long, how often."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine_world import World
from pef_adapters.core.errors import NotThere, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.engine import plugin_codes
from pef_adapters.engine.departures import leave
from pef_adapters.engine.onboarding import StoreRequest, accept_invitation
from pef_adapters.engine.one_time_codes import key_of
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.platforms import http
from pef_adapters.runtime import InstalledPlatforms

ADDRESS = "https://tienda.example"
PUBLIC = "https://refunds.example"
BACK = f"{ADDRESS}/wp-admin/admin.php?page=pef"
KEYS = {"consumer_key": "ck_made_up", "consumer_secret": "cs_made_up"}
REQUEST = StoreRequest(
    platform="woocommerce",
    address="HTTPS://Tienda.example:443/",
    account_id="main",
    settings={"allow_http": False},
    policy={"original_route_days": 20},
    language="es_PE",
    mode=Mode.SANDBOX,
)


@pytest.fixture
async def world() -> World:
    """An account that pays, and the WooCommerce adapter; no store of the name is reachable."""
    opened = await World().open()
    opened.ports = replace(opened.ports, platforms=InstalledPlatforms())
    http.allow_private_stores(allowed=False)
    return opened


async def begin(ports: Ports, code: str, address: str = ADDRESS, **settings: Any) -> str:
    """The plugin brings the code; the address where its owner approves."""
    chosen = {"payment_methods": ["pagoefectivo"], **settings}
    return await plugin_codes.begin(
        ports, code, address, settings=chosen, return_url=BACK, public_url=PUBLIC
    )


async def keys_arrive(world: World, link: str) -> Store:
    """A minute later the owner approved at this address: the store posts its keys."""
    (state,) = re.findall(r"user_id=([\w-]+)", link)
    world.clock.advance(minutes=1)
    store, _ = await accept_invitation(world.ports, state, KEYS, PUBLIC)
    return store


async def test_a_code_is_easily_read_out_and_typed(world: World) -> None:
    """Three groups of four, without letters that are read for digits; no two are alike."""
    codes = {await plugin_codes.offer(world.ports, REQUEST) for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)


async def test_a_code_leads_to_the_stores_own_approval(world: World) -> None:
    """The owner is sent to the store's page, comes back to the plugin's, and the keys to us."""
    link = await begin(world.ports, await plugin_codes.offer(world.ports, REQUEST))
    assert link.startswith(f"{ADDRESS}/wc-auth/v1/authorize?")
    assert "return_url=https%3A%2F%2Ftienda.example%2Fwp-admin" in link
    assert "callback_url=https%3A%2F%2Frefunds.example%2Fconnect%2Fwoocommerce%2Fkeys" in link


async def test_account_and_policy_are_the_operators_the_rest_is_the_owners(world: World) -> None:
    """What the code was made with decides who pays; the plugin adds its settings and no more."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    store = await keys_arrive(world, await begin(world.ports, code, auth="query"))
    assert (store.account_id, store.mode, store.language) == ("main", Mode.SANDBOX, "es_PE")
    assert store.settings["policy"] == {"original_route_days": 20}
    assert store.settings["platform"] == {
        "payment_methods": ["pagoefectivo"],
        "auth": "query",
        "allow_http": False,
    }
    assert store.identity == ADDRESS


async def test_a_code_is_found_as_people_type_it(world: World) -> None:
    """Small letters, spaces for dashes, O for 0 and I or L for 1 are the same code."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    typed = code.replace("-", " ").replace("0", "o").replace("1", "l").lower()
    assert await begin(world.ports, typed)


@pytest.mark.parametrize("wrong", ["", "0000-0000-0000", "-", "no code", "\x00", "Ñ" * 40])
async def test_a_wrong_code_is_refused(world: World, wrong: str) -> None:
    """What was never given out opens nothing."""
    await plugin_codes.offer(world.ports, REQUEST)
    with pytest.raises(NotThere, match="unknown or expired"):
        await begin(world.ports, wrong)


@pytest.mark.parametrize(
    "address", ["https://otra.example", "http://tienda.example", f"{ADDRESS}/shop", f"{ADDRESS}:1"]
)
async def test_a_code_is_of_one_store(world: World, address: str) -> None:
    """Another address is refused, and the code still opens its own."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    with pytest.raises(NotThere, match="another store"):
        await begin(world.ports, code, address)
    assert await begin(world.ports, code)


async def test_a_cancelled_approval_costs_no_code(world: World) -> None:
    """The owner pressed cancel, twice: the same code leads to a fresh approval each time."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    links = [await begin(world.ports, code) for _ in range(3)]
    assert len(set(links)) == 3
    assert await keys_arrive(world, links[-1])


async def test_a_code_is_used_up_when_the_keys_arrive(world: World) -> None:
    """Once its store is connected, a code that somebody kept opens nothing any more."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    await keys_arrive(world, await begin(world.ports, code))
    for _ in range(2):
        with pytest.raises(NotThere, match="was used"):
            await begin(world.ports, code)


async def test_a_store_that_left_needs_a_new_code(world: World) -> None:
    """Disconnecting brings no old code back to life; a new one connects the store again."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    store = await keys_arrive(world, await begin(world.ports, code))
    world.clock.advance(minutes=5)
    await leave(world.ports, store, at=None)
    with pytest.raises(NotThere, match="was used"):
        await begin(world.ports, code)
    fresh = await plugin_codes.offer(world.ports, REQUEST)
    again = await keys_arrive(world, await begin(world.ports, fresh))
    assert again.id == store.id
    assert "left_at" not in again.settings


async def test_a_store_that_comes_back_is_no_alarm_any_more(world: World) -> None:
    """The alarm of its departure ends with its return."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    store = await keys_arrive(world, await begin(world.ports, code))
    await leave(world.ports, store, at=None)
    world.clock.advance(minutes=5)
    fresh = await plugin_codes.offer(world.ports, REQUEST)
    await keys_arrive(world, await begin(world.ports, fresh))
    async with world.book.begin() as ledger:
        assert "code.STORE_UNINSTALLED" not in {a.code for a in await ledger.open_alarms()}


async def test_a_code_is_good_for_a_day(world: World) -> None:
    """It opens until its last minute, and trying it makes it last no longer."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    world.clock.advance(seconds=plugin_codes.CODE_LASTS.total_seconds() - 60)
    assert await begin(world.ports, code)
    world.clock.advance(minutes=1)
    with pytest.raises(NotThere, match="unknown or expired"):
        await begin(world.ports, code)
    assert timedelta(hours=24) == plugin_codes.CODE_LASTS


async def test_no_code_without_an_account_or_an_address(world: World) -> None:
    """The operator hears at once what is wrong, and not the owner a day later."""
    with pytest.raises(NotThere, match="no merchant account"):
        await plugin_codes.offer(world.ports, replace(REQUEST, account_id="nobody"))
    with pytest.raises(SettingInvalid, match="no store address"):
        await plugin_codes.offer(world.ports, replace(REQUEST, address="tienda.example"))


async def test_the_code_itself_is_kept_nowhere(world: World) -> None:
    """Only its hash is: who reads the ledger can't connect a store."""
    code = await plugin_codes.offer(world.ports, REQUEST)
    everything = repr(world.memory._tables)
    assert key_of("plugin", code) in everything
    assert code not in everything
    assert code.replace("-", "") not in everything
