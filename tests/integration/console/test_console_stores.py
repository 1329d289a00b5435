"""The console's rooms of stores, agencies and accounts, over HTTP."""

import dataclasses
from html import unescape
from typing import Any

import pytest

from console_world import ConsoleWorld
from pef_adapters.core.access import Role
from pef_adapters.engine.agencies import set_agency_settings
from pef_adapters.engine.records import Store
from stores_file_world import Installed

ADMINISTRATOR = Role.AGENCY_ADMINISTRATOR
METHODS = {"payment_methods": ["pagoefectivo"]}
SECRET = "hush_hush_webhook_secret"


async def opened(**changes: Any) -> ConsoleWorld:
    """The console's world with a WooCommerce store, whose checks can't reach anybody."""
    world = await ConsoleWorld().open()
    world.app.state.ports = dataclasses.replace(world.ports, platforms=Installed(world.platform))
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
        assert store is not None
        woo = {"platform": "woocommerce", "settings": {"platform": METHODS}} | changes
        secrets = {"webhook_secret": SECRET, "consumer_key": "ck_x", "consumer_secret": SECRET}
        await ledger.add_store(dataclasses.replace(store, secrets=secrets, **woo))
    return world


async def kept(world: ConsoleWorld, name: str = "tienda-pe") -> Store:
    """The store as it is kept."""
    async with world.book.begin() as ledger:
        store = await ledger.store(name)
    assert store is not None
    return store


@pytest.mark.parametrize("language", ["es", "en", "zh"])
@pytest.mark.parametrize(
    "path",
    [
        "/console/stores",
        "/console/stores?text=norte&platform=fake&mode=sandbox&standing=unchecked&page=x",
        "/console/stores/tienda-pe",
        "/console/stores/norte-1",
        "/console/agencies",
        "/console/agencies/norte",
        "/console/accounts",
        "/console/accounts/main",
    ],
)
async def test_each_page_is_drawn_in_each_language(path: str, language: str) -> None:
    """Every page has one heading, no missing figure, and no secret."""
    world = await opened()
    async with world.signed_in(ADMINISTRATOR) as browser:
        sign = "&" if "?" in path else "?"
        answer = await browser.get(f"{path}{sign}lang={language}")
    assert answer.status_code == 200
    assert answer.text.count("<h1>") == 1
    assert "…" not in answer.text
    assert SECRET not in answer.text
    assert "SBX" not in answer.text


async def test_a_store_is_checked_at_a_press_and_each_check_shows_its_mend() -> None:
    """After the press the page shows what was found, and what to do about it."""
    world = await opened()
    async with world.signed_in() as browser:
        done = await browser.send_form("/console/stores/norte-1/check")
        assert done.status_code == 303
        page = await browser.get(done.headers["location"])
    assert "reachable" in page.text
    assert "Nothing needs a mend" in page.text


async def test_settings_are_changed_field_by_field_and_empty_ones_are_inherited() -> None:
    """What is typed is the store's own; what is empty is its agency's again."""
    world = await opened(settings={"platform": {**METHODS, "auth": "header"}, "agency": "norte"})
    part = {"platform": {"woocommerce": {"auth": "query"}}}
    await set_agency_settings(world.app.state.ports, "norte", "Norte", part, "Rosa")
    async with world.signed_in(Role.OWNER, "store/tienda-pe") as browser:
        done = await browser.send_form(
            "/console/stores/tienda-pe/settings",
            **{
                "setting.payment_methods": "pagoefectivo\r\nefectivo",
                "setting.auth": "",
                "language": "zh_Hans",
            },
        )
        assert done.status_code == 303
        page = await browser.get("/console/stores/tienda-pe")
    store = await kept(world)
    assert store.settings["platform"] == {"payment_methods": ["pagoefectivo", "efectivo"]}
    assert store.language == "zh_Hans"
    assert "query" in page.text


async def test_a_wrong_setting_is_explained_and_changes_nothing() -> None:
    """The page says which setting can't be used."""
    world = await opened()
    async with world.signed_in(Role.OWNER, "store/tienda-pe") as browser:
        answer = await browser.send_form(
            "/console/stores/tienda-pe/settings", **{"setting.payment_methods": ""}
        )
    assert answer.status_code == 422
    assert "payment_methods" in answer.text
    assert (await kept(world)).settings["platform"] == METHODS


async def test_an_owner_can_not_change_his_agency() -> None:
    """A store's owner neither changes the agency's settings nor leaves it."""
    world = await opened()
    async with world.signed_in(Role.OWNER, "store/norte-1") as browser:
        changed = await browser.send_form("/console/agencies/norte", settings="language: en")
        left = await browser.send_form("/console/stores/norte-1/agency", agency="")
        shown = await browser.get("/console/stores/norte-1")
    assert changed.status_code == 404
    assert left.status_code in {403, 404}
    assert "/console/stores/norte-1/agency" not in shown.text
    assert (await kept(world, "norte-1")).settings["agency"] == "norte"


async def test_an_agency_is_changed_and_its_stores_inherit_it() -> None:
    """What an administrator writes reaches the agency's stores."""
    world = await opened(settings={"platform": METHODS, "agency": "norte"})
    async with world.signed_in(ADMINISTRATOR, "agency/norte") as browser:
        done = await browser.send_form(
            "/console/agencies/norte",
            title="Norte SAC",
            settings="language: en\nplatform:\n  woocommerce:\n    auth: query\n",
        )
        foreign = await browser.send_form("/console/agencies/sur", settings="")
        wrong = await browser.send_form("/console/agencies/norte", settings="a: [b")
    assert (done.status_code, foreign.status_code, wrong.status_code) == (303, 404, 422)
    assert (await kept(world)).settings["inherited"] == {"auth": "query"}


async def test_a_foreign_store_looks_like_a_missing_one() -> None:
    """Pages of another's store, agency or account are the page for what is not there."""
    world = await opened()
    async with world.signed_in(Role.OWNER, "store/norte-1") as browser:
        for path in ("stores/sur-1", "stores/nowhere", "agencies/sur", "accounts/main"):
            assert (await browser.get(f"/console/{path}")).status_code == 404
        listed = await browser.get("/console/stores")
    assert "norte-1" in listed.text
    assert "sur-1" not in listed.text


async def test_a_plugins_code_is_shown_once_to_who_may_connect() -> None:
    """The code stands on the page that made it; an agent gets none."""
    world = await opened()
    async with world.signed_in(Role.OWNER, "store/tienda-pe") as browser:
        made = await browser.send_form("/console/stores/tienda-pe/plugin-code")
    assert made.status_code == 200
    async with world.signed_in(Role.AGENT, "store/tienda-pe") as browser:
        refused = await browser.send_form("/console/stores/tienda-pe/plugin-code")
        page = await browser.get("/console/stores/tienda-pe")
    assert refused.status_code == 403
    assert "plugin-code" not in page.text


async def test_days_of_an_account_are_recorded() -> None:
    """Until when keys are good is kept, and what is no day is refused."""
    world = await opened()
    async with world.signed_in(Role.OWNER) as browser:
        done = await browser.send_form("/console/accounts/main/renew", keys_until="2027-06-30")
        wrong = await browser.send_form("/console/accounts/main/renew", keys_until="soon")
        page = await browser.get("/console/accounts/main")
    assert (done.status_code, wrong.status_code) == (303, 422)
    assert "2027-06-30" in page.text


async def test_what_refunds_cost_is_written_down_and_shown_again() -> None:
    """The fees that are shown can be saved as they are; what is no file of costs is explained."""
    world = await opened()
    fees = "fees: [{currency: PEN, original: {fixed: 1.50}}]"
    async with world.signed_in(Role.OWNER) as browser:
        done = await browser.send_form("/console/accounts/main/costs", costs=fees)
        page = await browser.get("/console/accounts/main")
        shown = page.text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
        again = await browser.send_form("/console/accounts/main/costs", costs=unescape(shown))
        wrong = await browser.send_form("/console/accounts/main/costs", costs="colour: red")
        after = await browser.get("/console/accounts/main")
    assert (done.status_code, again.status_code, wrong.status_code) == (303, 303, 422)
    assert "1.50" in shown
    assert shown in after.text
