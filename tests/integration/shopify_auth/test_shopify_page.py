"""Our page in a store's admin, and its data: shown to that store's people and to nobody else."""

from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from pef_adapters.core import texts
from pef_adapters.core.states import State
from pef_adapters.engine.departures import digest_departure, has_left
from pef_adapters.engine.records import Alarm
from pef_adapters.platforms.contract import Hint, HintKind
from shopify_room import CLIENT_ID, FOREIGN, OLDER, OURS, SHOP, STORE, Room

HOME = "/apps/shopify"
OTHER = "otra.myshopify.com"
CALLS = ("refunds", "orders/14", "settings")


def says(answer: httpx.Response, key: str, language: str = "en") -> bool:
    """Whether the page holds this text."""
    return texts.explain(key, language) in unescape(answer.text)


def of_other(at_shopify: Room) -> dict[str, str]:
    """A session of another shop of the same app."""
    home = f"https://{OTHER}"
    return at_shopify.bearer(iss=f"{home}/admin", dest=home)


async def call(at_shopify: Room, path: str, **headers: str) -> httpx.Response:
    """A data call."""
    return await at_shopify.client.get(f"{HOME}/{path}", headers=headers)


async def save(at_shopify: Room, body: Any) -> httpx.Response:
    """Save settings as the page does."""
    headers = at_shopify.bearer()
    return await at_shopify.client.put(f"{HOME}/settings", json=body, headers=headers)


async def test_page_shows_the_stores_refunds(at_shopify: Room) -> None:
    """Order, amount, the state's word, what it means and what to do stand in the first answer."""
    await at_shopify.connected()
    await at_shopify.press(order_number="1042")
    answer = await at_shopify.open_page(locale="en")
    assert answer.status_code == 200
    page = unescape(answer.text)
    assert [part for part in ("Order 1042", "S/\xa0129.80", "On its way") if part not in page] == []
    assert says(answer, "state.pending")
    assert _shown(answer, "nothing")
    assert f'content="{CLIENT_ID}"' in page


@pytest.mark.parametrize(
    ("locale", "language"),
    [("es", "es_PE"), ("es-PE", "es_PE"), ("en", "en"), ("zh-CN", "zh_Hans"), ("fr", "es_PE")],
)
async def test_page_speaks_the_admins_language(
    at_shopify: Room, locale: str, language: str
) -> None:
    """The admin's locale decides; where the page does not speak it, the store's own language."""
    await at_shopify.connected()
    answer = await at_shopify.open_page(locale=locale)
    assert answer.headers["content-language"] == language.replace("_", "-")
    assert says(answer, "shopify_page.none", language)


async def test_page_can_be_framed_by_this_admin_alone(at_shopify: Room) -> None:
    """Only the shop and Shopify's admin may frame it, and scripts come from two places."""
    await at_shopify.connected()
    answer = await at_shopify.open_page()
    policy = answer.headers["content-security-policy"]
    assert f"frame-ancestors https://{SHOP} https://admin.shopify.com" in policy
    assert "script-src 'self' https://cdn.shopify.com;" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


async def _raise(at_shopify: Room, *subjects: str) -> None:
    async with at_shopify.world.book.begin() as ledger:
        for subject in subjects:
            alarm = Alarm(
                key=subject,
                subject=subject,
                code="code.KYC_EXPIRED",
                figures={"day": subject},
                raised_at=at_shopify.now(),
            )
            await ledger.raise_alarm(alarm)


async def test_what_needs_the_owner_stands_first(at_shopify: Room) -> None:
    """Refunds that wait for a person are named with what to do, however many came after."""
    store = await at_shopify.connected()
    policy = {"policy": {"name": "shop", "otherwise": "hold", "double_press_minutes": 0}}
    async with at_shopify.world.book.begin() as ledger:
        await ledger.add_store(replace(store, settings={**store.settings, **policy}))
    held = await at_shopify.press("16", minor=1000, order_number="1043")
    assert held.state is State.HELD
    answer = await at_shopify.open_page(locale="en")
    assert says(answer, "state.held")
    assert not _shown(answer, "nothing")
    told = (await call(at_shopify, "refunds?locale=en", **at_shopify.bearer())).json()
    assert told["waiting"][0]["next"] in unescape(answer.text)
    assert [refund["id"] for refund in told["waiting"]] == [held.id]
    assert told["waiting"][0]["tone"] == "warning"


async def test_alarms_of_others_are_not_shown(at_shopify: Room) -> None:
    """This store's, its account's and its refunds' alarms are shown, and nobody else's."""
    store = await at_shopify.connected()
    mine = await at_shopify.press()
    second = replace(store, id="otra-myshopify-com", identity=f"https://{OTHER}")
    async with at_shopify.world.book.begin() as ledger:
        await ledger.add_store(second)
    theirs = await at_shopify.press("16", minor=100, store=second.id)
    ours = (f"store/{STORE}", "account/main", f"refund/{mine.id}")
    others = (f"store/{second.id}", "account/other", f"refund/{theirs.id}", "refund/RNOBODY")
    await _raise(at_shopify, *ours, *others)
    told = (await call(at_shopify, "refunds?locale=en", **at_shopify.bearer())).json()
    assert len(told["alarms"]) == len(ours)
    page = (await at_shopify.open_page(locale="en")).text
    assert [subject for subject in ours if f"expired on {subject};" not in page] == []
    assert [subject for subject in others if subject in page] == []


def _shown(answer: httpx.Response, place: str) -> bool:
    """Whether a part of the page is there for people to see."""
    return f'id="{place}" hidden' not in answer.text


async def test_page_without_a_session_sends_for_one(at_shopify: Room) -> None:
    """Without a token, or with one whose minute is over, only App Bridge's errand is shown."""
    await at_shopify.connected()
    await at_shopify.press(order_number="1042")
    old = at_shopify.token()
    at_shopify.world.clock.advance(minutes=5)
    for token in ("", old):
        answer = await at_shopify.open_page(id_token=token, locale="en")
        assert answer.status_code == 307
        opening = await at_shopify.client.get(answer.headers["location"])
        assert opening.status_code == 200
        assert says(opening, "shopify_page.opening")
        assert "1042" not in opening.text
        told = httpx.URL(answer.headers["location"]).params
        back = httpx.URL(told["shopify-reload"])
        assert str(back).startswith(f"{OURS}{HOME}?")
        assert back.params["shop"] == SHOP
        assert "id_token" not in back.params
        assert f"https://{SHOP}" in opening.headers["content-security-policy"]


@pytest.mark.parametrize(
    "back", ["", "https://evil.com/apps/shopify", f"{OURS}/health/live", f"{OURS}.evil.com{HOME}"]
)
async def test_the_errand_leads_back_to_our_page_only(at_shopify: Room, back: str) -> None:
    """App Bridge adds a session token to that address, so it must be ours."""
    query = {"shop": SHOP, "shopify-reload": back}
    answer = await at_shopify.client.get(f"{HOME}/opening", params=query)
    assert answer.status_code == 404
    assert "app-bridge" not in answer.text


async def test_forged_sessions_see_nothing(at_shopify: Room) -> None:
    """A forged token is answered by a sentence, not by an endless errand."""
    await at_shopify.connected()
    await at_shopify.press(order_number="1042")
    for token in (at_shopify.token(FOREIGN), at_shopify.token(aud="another"), "noise"):
        answer = await at_shopify.open_page(id_token=token, locale="en")
        assert answer.status_code == 401
        assert says(answer, "shopify_page.not_proved")
        assert "1042" not in answer.text
    assert (await at_shopify.open_page(id_token=at_shopify.token(OLDER))).status_code == 200


async def test_swapped_shop_sees_nothing(at_shopify: Room) -> None:
    """A session of one shop with another in the address opens neither."""
    await at_shopify.connected()
    home = f"https://{OTHER}"
    other = at_shopify.token(iss=f"{home}/admin", dest=home)
    for query in ({"shop": OTHER}, {"id_token": other}):
        answer = await at_shopify.open_page(**query)
        assert answer.status_code == 403
        assert at_shopify.shop.asked == ["POST"]


async def test_page_without_a_shop_says_where_to_open_it(at_shopify: Room) -> None:
    """Opened outside of an admin it shows one sentence, and nobody may frame that."""
    answer = await at_shopify.client.get(HOME, headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert says(answer, "shopify_page.no_shop")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_unprepared_store_is_told_what_to_do(at_shopify: Room) -> None:
    """A proved shop that nobody prepared is not kept, and its people hear whom to ask."""
    await at_shopify.shop.install()
    answer = await at_shopify.open_page(locale="en")
    assert answer.status_code == 404
    assert says(answer, "shopify_page.unprepared")
    assert f"https://{SHOP}" in answer.headers["content-security-policy"]
    assert (await at_shopify.store(), at_shopify.shop.asked) == (None, [])


async def test_opening_installs_where_shopify_manages_it(at_shopify: Room) -> None:
    """A prepared store that Shopify installed by itself is connected by its first session."""
    await at_shopify.prepare()
    await at_shopify.shop.install()
    assert await at_shopify.store() is None
    assert (await at_shopify.open_page()).status_code == 200
    store = await at_shopify.store()
    assert store is not None
    assert store.secrets["access_token"].startswith("shpat_")


async def test_opening_mends_dead_tokens(at_shopify: Room) -> None:
    """Whatever became of them, to open the app once is enough."""
    before = await at_shopify.connected()
    await at_shopify.shop.control("/tokens/expire", refresh=True)
    assert (await at_shopify.open_page()).status_code == 200
    after = await at_shopify.store()
    assert after is not None
    assert after.secrets["access_token"] != before.secrets["access_token"]
    assert replace(after, secrets={}) == replace(before, secrets={})


async def test_opening_brings_a_store_back(at_shopify: Room) -> None:
    """Uninstalled and installed again, it is connected as before."""
    store = await at_shopify.connected()
    left_at = at_shopify.world.clock.advance(seconds=1)
    gone = Hint(kind=HintKind.UNINSTALLED, at=left_at)
    await digest_departure(at_shopify.world.ports, store, gone)
    at_shopify.world.clock.advance(seconds=1)
    assert (await at_shopify.open_page()).status_code == 200
    back = await at_shopify.store()
    assert back is not None
    assert not has_left(back)


async def test_page_is_shown_while_shopify_gives_no_tokens(at_shopify: Room) -> None:
    """The store's refunds are ours to show; that there is no access is said above them."""
    store = await at_shopify.connected()
    await at_shopify.press(order_number="1042")
    await at_shopify.shop.control("/moods", down=True)
    answer = await at_shopify.open_page(locale="en")
    assert answer.status_code == 200
    assert says(answer, "shopify_page.no_access")
    assert "1042" in answer.text
    assert await at_shopify.store() == store


async def test_first_opening_without_tokens_says_so(at_shopify: Room) -> None:
    """A new store that Shopify gives no tokens for is not kept, and may try again."""
    await at_shopify.prepare()
    answer = await at_shopify.open_page(locale="en")
    assert answer.status_code == 502
    assert says(answer, "shopify_page.no_access")
    assert await at_shopify.store() is None


@pytest.mark.parametrize("path", CALLS)
async def test_data_needs_a_session(at_shopify: Room, path: str) -> None:
    """No token, a forged, an old or a malformed one: 401, and App Bridge is asked for another."""
    await at_shopify.connected()
    await at_shopify.press()
    old = at_shopify.bearer()
    at_shopify.world.clock.advance(minutes=5)
    for headers in (
        {},
        old,
        at_shopify.bearer(FOREIGN),
        at_shopify.bearer(aud="another"),
        {"Authorization": "Bearer "},
        {"Authorization": "Basic eA=="},
        {"Authorization": at_shopify.token()},
    ):
        answer = await call(at_shopify, path, **headers)
        assert answer.status_code == 401
        assert answer.headers["x-shopify-retry-invalid-session-request"] == "1"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json().keys() == {"code", "message", "help"}
    assert (await call(at_shopify, path, **at_shopify.bearer())).status_code == 200


@pytest.mark.parametrize("path", CALLS)
async def test_another_stores_data_is_not_there(at_shopify: Room, path: str) -> None:
    """A session of a shop that is not ours gets the answer of what is missing."""
    await at_shopify.connected()
    await at_shopify.press()
    answer = await call(at_shopify, path, **of_other(at_shopify))
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_THERE")


async def test_two_stores_see_their_own(at_shopify: Room) -> None:
    """Of two shops of one app, each is shown its own orders; the other's order is not there."""
    store = await at_shopify.connected()
    second = replace(store, id="otra-myshopify-com", identity=f"https://{OTHER}")
    async with at_shopify.world.book.begin() as ledger:
        await ledger.add_store(second)
    await at_shopify.press(order_id="14")
    await at_shopify.press("16", minor=100, order_id="77", store=second.id)
    mine, theirs = at_shopify.bearer(), of_other(at_shopify)
    for headers, own, others in ((mine, "14", "77"), (theirs, "77", "14")):
        shown = (await call(at_shopify, "refunds", **headers)).json()["refunds"]
        assert [refund["order_id"] for refund in shown] == [own]
        assert (await call(at_shopify, f"orders/{own}", **headers)).status_code == 200
        answer = await call(at_shopify, f"orders/{others}", **headers)
        missing = await call(at_shopify, "orders/1", **headers)
        assert (answer.status_code, answer.json()) == (404, missing.json())


async def test_order_call_tells_the_block_how_its_refunds_stand(at_shopify: Room) -> None:
    """Each refund in the admin's language, oldest first, with a tone for its badge."""
    await at_shopify.connected()
    await at_shopify.press("15", minor=5000)
    at_shopify.world.clock.advance(minutes=2)
    await at_shopify.press("16", minor=6000)
    answer = await call(at_shopify, "orders/14?locale=es", **at_shopify.bearer())
    shown = answer.json()["refunds"]
    assert [refund["amount"] for refund in shown] == ["S/\xa050.00", "S/\xa060.00"]
    assert {refund["label"] for refund in shown} == {"En camino"}
    assert {refund["tone"] for refund in shown} == {"info"}
    assert all(isinstance(value, str) for refund in shown for value in refund.values())


async def test_order_call_can_be_made_from_an_extension(at_shopify: Room) -> None:
    """Any origin may ask with a token, and hears errors too; other calls are for our page."""
    await at_shopify.connected()
    asked = {"Origin": "https://extensions.shopifycdn.com"}
    preflight = await at_shopify.client.options(f"{HOME}/orders/14", headers=asked)
    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    for answer in (
        preflight,
        await call(at_shopify, "orders/14", **asked),
        await call(at_shopify, "orders/14", **asked, **at_shopify.bearer()),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("refunds", "settings"):
        answer = await call(at_shopify, path, **asked, **at_shopify.bearer())
        assert "access-control-allow-origin" not in answer.headers


async def test_settings_are_saved(at_shopify: Room) -> None:
    """What the page may change is kept and nothing else is; who changed it is logged."""
    before = await at_shopify.connected()
    wanted = {"gateways": ["PagoEfectivo", "Yape"], "transaction_reference": "attribute:CIP"}
    with capture_logs() as logs:
        answer = await save(at_shopify, wanted)
    assert answer.status_code == 200
    assert answer.json() == {**wanted, "payouts": "allowed", "payouts_can_change": False}
    after = await at_shopify.store()
    assert after is not None
    assert after.settings["platform"] == {**before.settings["platform"], **wanted}
    assert replace(after, settings=before.settings) == before
    assert {"store": STORE, "by": "42"}.items() <= logs[-1].items()
    assert (await call(at_shopify, "settings", **at_shopify.bearer())).json() == answer.json()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"gateways": []}, 422, "gateways"),
        ({"gateways": ["manual"]}, 422, "manual"),
        ({"gateways": "PagoEfectivo"}, 422, "gateways"),
        ({"transaction_reference": "note"}, 422, "transaction_reference"),
        ({"gateways": ["Pago"], "way_in": "webhook"}, 422, "way_in"),
        ({"payouts": "allowed"}, 422, "App Store"),
        (["gateways"], 400, "JSON object"),
        ("x" * 11_000, 413, "10000"),
    ],
)
async def test_settings_that_can_t_be_used_are_refused(
    at_shopify: Room, body: Any, status: int, said: str
) -> None:
    """All or nothing: the fault is named, and what was kept stays."""
    before = await at_shopify.connected()
    answer = await save(at_shopify, body)
    assert answer.status_code == status
    assert said in answer.json()["message"]
    assert await at_shopify.store() == before


async def test_payouts_are_a_custom_apps_to_allow(
    at_shopify: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where the App Store's rules don't count is there a switch."""
    await at_shopify.connected()
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", "custom")
    assert 'name="payouts"' in (await at_shopify.open_page()).text
    answer = await save(at_shopify, {"payouts": "barred"})
    assert answer.json()["payouts"] == "barred"
    assert (await save(at_shopify, {"payouts": "perhaps"})).status_code == 422
    monkeypatch.delenv("PEF_SHOPIFY_DISTRIBUTION")
    page = await at_shopify.open_page(locale="en")
    assert 'name="payouts"' not in page.text
    assert says(page, "shopify_page.payouts_barred")


async def test_settings_that_were_broken_elsewhere_can_be_mended(at_shopify: Room) -> None:
    """The page is shown with what is kept, so that its owner can correct it."""
    store = await at_shopify.connected()
    broken = {**store.settings, "platform": {"gateways": [], "transaction_reference": "note"}}
    async with at_shopify.world.book.begin() as ledger:
        await ledger.add_store(replace(store, settings=broken))
    assert 'value="note"' in (await at_shopify.open_page()).text
    good = {"gateways": ["PagoEfectivo"], "transaction_reference": "payment_id"}
    assert (await save(at_shopify, good)).status_code == 200


async def test_page_takes_the_orders_words_as_text(at_shopify: Room) -> None:
    """What a store or a buyer typed is never markup."""
    await at_shopify.connected()
    await at_shopify.press(order_number="<img src=x onerror=alert(1)>")
    page = (await at_shopify.open_page()).text
    assert "<img" not in page
    assert "&lt;img" in page


async def test_script_is_served_with_its_own_version(at_shopify: Room) -> None:
    """The page names the script it was written with, which may then be kept for good."""
    await at_shopify.connected()
    page = (await at_shopify.open_page()).text
    address = page.partition('src="/apps/shopify/page.js')[2].partition('"')[0]
    answer = await at_shopify.client.get(f"{HOME}/page.js{address}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
