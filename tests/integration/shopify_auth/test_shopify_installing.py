"""From the install link over Shopify's page to the store's admin, and every wrong turn."""

from html import unescape

import httpx
import pytest
from structlog.testing import capture_logs

from pef_adapters.core import texts
from shopify_room import (
    CLIENT_ID,
    FOREIGN,
    OLDER,
    OURS,
    SECRET,
    SETTINGS,
    SHOP,
    Room,
    signed,
)

INSTALL, CALLBACK = "/connect/shopify/install", "/connect/shopify/callback"


def says(answer: httpx.Response, key: str, language: str = "en") -> bool:
    """Whether the page says this text, and what to do."""
    page = unescape(answer.text)
    wanted = (texts.explain, texts.advise)
    return all(say(f"shopify_page.{key}", language) in page for say in wanted)


async def begin(at_shopify: Room, query: str = f"shop={SHOP}") -> httpx.Response:
    """Open the install link."""
    return await at_shopify.client.get(f"{INSTALL}?{query}", headers={"accept-language": "en"})


async def back(at_shopify: Room, query: str) -> httpx.Response:
    """Come back from Shopify with this query."""
    return await at_shopify.client.get(f"{CALLBACK}?{query}", headers={"accept-language": "en"})


async def approved(at_shopify: Room, query: str = f"shop={SHOP}") -> str:
    """The signed query with which Shopify sends the owner back."""
    answer = await begin(at_shopify, query)
    assert answer.status_code == 307
    return (await at_shopify.shop.approve(answer.headers["location"])).partition("?")[2]


async def test_a_prepared_store_is_installed(at_shopify: Room) -> None:
    """One link, one press at Shopify: the store is kept and its owner stands in the app."""
    link = await at_shopify.prepare()
    assert link == f"{OURS}{INSTALL}?shop={SHOP}"
    answer = await back(at_shopify, await approved(at_shopify))
    assert answer.status_code == 307
    assert answer.headers["location"].endswith(f"/admin/apps/{CLIENT_ID}")
    store = await at_shopify.store()
    assert store is not None
    assert store.settings["platform"] == SETTINGS
    assert store.secrets["access_token"].startswith("shpat_")
    assert store.secrets["refresh_token"]


async def test_no_secret_is_logged_on_the_way(at_shopify: Room) -> None:
    """Neither code, state nor tokens stand in a log, whether it ends well or not."""
    await at_shopify.prepare()
    with capture_logs() as logs:
        query = await approved(at_shopify)
        await back(at_shopify, query)
        await back(at_shopify, query)
    store = await at_shopify.store()
    assert store is not None
    told = httpx.QueryParams(query)
    secrets = (told["code"], told["state"], *store.secrets.values())
    assert [secret for secret in secrets if secret and secret in str(logs)] == []
    assert "refused" in str(logs)


async def test_installed_again_it_gets_new_tokens_alone(at_shopify: Room) -> None:
    """From Shopify's side, signed, without being prepared anew; all else stays."""
    before = await at_shopify.connected()
    query = await approved(at_shopify, signed(at_shopify.now()))
    assert (await back(at_shopify, query)).status_code == 307
    after = await at_shopify.store()
    assert after is not None
    assert after.settings == before.settings
    changed = {name for name, value in after.secrets.items() if before.secrets[name] != value}
    assert changed == {"access_token", "refresh_token"}


async def test_nobody_learns_which_shops_are_ours(at_shopify: Room) -> None:
    """A link that nobody signed leads to Shopify for any shop; only the way back is closed."""
    await at_shopify.prepare()
    ours, other = await begin(at_shopify), await begin(at_shopify, "shop=otra.myshopify.com")
    assert ours.status_code == other.status_code == 307
    kinds = [httpx.URL(each.headers["location"]).params for each in (ours, other)]
    assert kinds[0].keys() == kinds[1].keys()
    assert len(kinds[0]["state"]) == len(kinds[1]["state"])
    assert dict(ours.headers).keys() == dict(other.headers).keys()


async def test_an_unprepared_store_is_told_so(at_shopify: Room) -> None:
    """Sent by Shopify it hears it at once, by a link only after the way back; nothing is kept."""
    answer = await begin(at_shopify, signed(at_shopify.now()))
    assert answer.status_code == 404
    assert says(answer, "unprepared")
    answer = await back(at_shopify, await approved(at_shopify))
    assert answer.status_code == 404
    assert says(answer, "installation_over")
    assert await at_shopify.store() is None
    assert at_shopify.shop.asked == []


async def test_a_way_back_is_good_once(at_shopify: Room) -> None:
    """The same signed query again opens nothing, and no tokens are asked for."""
    await at_shopify.prepare()
    query = await approved(at_shopify)
    assert (await back(at_shopify, query)).status_code == 307
    answer = await back(at_shopify, query)
    assert (answer.status_code, len(at_shopify.shop.asked)) == (404, 1)
    assert says(answer, "installation_over")


async def test_a_swapped_shop_is_refused(at_shopify: Room) -> None:
    """A state that was begun for one shop brings no other one in, however well it is signed."""
    other = "ladrona.myshopify.com"
    for shop in (SHOP, other):
        await at_shopify.prepare(shop)
    state = httpx.QueryParams(await approved(at_shopify))["state"]
    query = signed(at_shopify.now(), shop=other, code="c1", state=state)
    answer = await back(at_shopify, query)
    assert answer.status_code == 403
    assert says(answer, "not_proved")
    assert at_shopify.shop.asked == []


@pytest.mark.parametrize("end", ["forged", "changed", "unsigned", "late"])
async def test_what_shopify_did_not_sign_opens_nothing(at_shopify: Room, end: str) -> None:
    """Forged, changed, unsigned or too late: a page says what to do, and nothing is kept."""
    await at_shopify.prepare()
    query = await approved(at_shopify)
    told = dict(httpx.QueryParams(query))
    match end:
        case "forged":
            query = signed(at_shopify.now(), FOREIGN, code=told["code"], state=told["state"])
        case "changed":
            query = query.replace(told["code"], "0" * 32)
        case "unsigned":
            query = query.partition("&hmac=")[0]
        case _:
            at_shopify.world.clock.advance(seconds=120)
    answer = await back(at_shopify, query)
    assert answer.status_code == 401
    assert says(answer, "not_proved")
    assert (await at_shopify.store(), at_shopify.shop.asked) == (None, [])


async def test_a_forged_start_is_refused(at_shopify: Room) -> None:
    """Whoever claims to be Shopify must prove it, even for a shop that is prepared."""
    await at_shopify.prepare()
    for query, status in (
        (signed(at_shopify.now(), FOREIGN), 401),
        (signed(at_shopify.now(), OLDER), 307),
    ):
        assert (await begin(at_shopify, query)).status_code == status


@pytest.mark.parametrize("query", ["", "shop=tienda.pe", f"shop={SHOP}.evil.com"])
async def test_a_link_without_a_shop_says_so(at_shopify: Room, query: str) -> None:
    """Our secret goes to shops of Shopify only."""
    for answer in (await begin(at_shopify, query), await back(at_shopify, query)):
        assert answer.status_code == 422
        assert says(answer, "no_shop")


async def test_too_few_rights_keep_nothing(at_shopify: Room) -> None:
    """An owner who is asked for less can't be told about refunds: the app says so."""
    await at_shopify.prepare()
    link = (await begin(at_shopify)).headers["location"]
    less = str(httpx.URL(link).copy_set_param("scope", "read_orders"))
    query = (await at_shopify.shop.approve(less)).partition("?")[2]
    answer = await back(at_shopify, query)
    assert answer.status_code == 502
    assert says(answer, "no_access")
    assert await at_shopify.store() is None


async def test_no_page_of_an_installation_can_be_framed(at_shopify: Room) -> None:
    """Nobody shows it inside another page, and the address travels no further."""
    for answer in (await begin(at_shopify, "shop="), await back(at_shopify, f"shop={SHOP}")):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


async def test_a_store_can_have_an_app_of_its_own(
    at_shopify: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agency's custom app proves itself by its own secret, which waits with the preparation."""
    own = {"client_id": CLIENT_ID, "client_secret": SECRET}
    await at_shopify.prepare(keys=own)
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_ID", "another")
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", FOREIGN)
    assert (await back(at_shopify, await approved(at_shopify))).status_code == 307
    store = await at_shopify.store()
    assert store is not None
    assert own.items() <= store.secrets.items()
    assert (await at_shopify.open_page()).status_code == 200


async def test_the_payments_app_is_installed_the_same_way(
    at_shopify: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own link asks for its own rights, with its own id."""
    monkeypatch.setenv("PEF_SHOPIFY_PAYMENTS_CLIENT_ID", "payments-app")
    answer = await at_shopify.client.get(f"/connect/shopify_payments/install?shop={SHOP}")
    asked = httpx.URL(answer.headers["location"]).params
    assert asked["client_id"] == "payments-app"
    assert asked["scope"] == "write_payment_gateways,write_payment_sessions"
    assert asked["redirect_uri"].endswith("/connect/shopify_payments/callback")
