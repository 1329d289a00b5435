"""Tokens on the real wire: renewed in time and once, recovered, and given up with a sentence."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine_world import World
from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, PlatformUnreachable
from pef_adapters.engine.ports import LedgerBook
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms import http
from pef_adapters.platforms.stores import Secrets, StoreConnection
from pef_shopify.app import AppSettings, read_app_settings
from pef_shopify.session import Session, read_session
from pef_shopify.tokens import access_token, exchange_code, exchange_session
from shopify_room import ADDRESS, FOREIGN, SHOP, Shop, session_token

Clock = Callable[[], datetime]


def now() -> datetime:
    """The machine's clock, which is the fake shop's too."""
    return datetime.now(UTC)


def kept(pair: dict[str, str], *, lasts: timedelta) -> dict[str, str]:
    """A pair of tokens as it is kept."""
    return {
        "access_token": pair["access_token"],
        "refresh_token": pair["refresh_token"] or "",
        "expires_at": (now() + lasts).isoformat(),
    }


async def a_store(secrets: Secrets, book: LedgerBook | None = None) -> StoreConnection:
    """A connected store with these secrets, kept in a ledger of its own or in `book`."""
    world = await World(book).open(identity=ADDRESS, secrets={"webhook_secret": "w", **secrets})
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
    assert store is not None
    return connection(world.ports, store)


async def kept_by(store: StoreConnection) -> Secrets:
    """What is kept of the store's secrets now."""

    async def nothing(secrets: Secrets) -> Secrets:
        raise AssertionError(secrets)

    assert store.records is not None
    return await store.records.renew_secrets(lambda _: True, nothing)


@pytest.fixture
def app(shop: Shop) -> AppSettings:
    """The app of this process, which calls the fake shop."""
    assert shop.address
    return read_app_settings()


async def test_a_good_token_is_used_as_it_is(shop: Shop, app: AppSettings) -> None:
    """While it lasts for more than five minutes nobody is asked."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(minutes=6)))
    assert await access_token(store, app) == store.secrets["access_token"]
    assert shop.asked == []


async def test_a_token_is_renewed_five_minutes_before_its_end(
    shop: Shop, app: AppSettings, book: LedgerBook
) -> None:
    """The whole new pair is kept, nothing else of the secrets changes, and it lasts an hour."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(minutes=5)), book)
    token = await access_token(store, app)
    after = await kept_by(store)
    assert token == after["access_token"] != store.secrets["access_token"]
    assert after["refresh_token"] not in ("", store.secrets["refresh_token"])
    assert after["webhook_secret"] == "w"
    assert datetime.fromisoformat(after["expires_at"]) - now() > timedelta(minutes=59)
    assert await access_token(replace(store, secrets=after), app) == token
    assert len(shop.asked) == 1


async def test_two_processes_make_one_renewal(
    shop: Shop, app: AppSettings, book: LedgerBook
) -> None:
    """Five that find the same old token at once all get the one new one."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)), book)
    tokens = await asyncio.gather(*(access_token(store, app) for _ in range(5)))
    assert len(set(tokens)) == 1
    assert len(shop.asked) == 1


async def test_a_refused_token_is_renewed_once(shop: Shop, app: AppSettings) -> None:
    """After a 401 a new one is got; whoever comes later with the same one gets that."""
    pair = await shop.install()
    store = await a_store(kept(pair, lasts=timedelta(hours=1)))
    first = await access_token(store, app, refused=pair["access_token"])
    second = await access_token(store, app, refused=pair["access_token"])
    assert first == second != pair["access_token"]
    assert len(shop.asked) == 1
    third = await access_token(store, app, refused=first)
    assert third not in (first, pair["access_token"])


async def test_a_lost_renewal_is_recovered(shop: Shop, app: AppSettings) -> None:
    """The shop renewed, the answer broke off: nothing changed here, and the next call works."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    await shop.control("/moods", lose_answers=1, lose_operation="access_token")
    with pytest.raises(PlatformUnreachable):
        await access_token(store, app)
    assert (await kept_by(store))["refresh_token"] == store.secrets["refresh_token"]
    token = await access_token(store, app)
    assert (await kept_by(store))["access_token"] == token


async def test_a_shop_that_is_down_is_asked_again_later(shop: Shop, app: AppSettings) -> None:
    """A 503 says nothing about the token, so nobody is called to mend it."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    await shop.control("/moods", down=True)
    with pytest.raises(PlatformUnreachable):
        await access_token(store, app)


async def test_a_dead_refresh_token_calls_the_owner(shop: Shop, app: AppSettings) -> None:
    """After ninety days of silence a person opens the app; no token stands in the sentence."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    await shop.control("/tokens/expire", refresh=True)
    with pytest.raises(PlatformRefused, match=r"invalid_grant.*open the app once") as refused:
        await access_token(store, app)
    assert store.secrets["refresh_token"] not in str(refused.value)


async def test_a_token_without_an_end_is_used_for_ever(shop: Shop, app: AppSettings) -> None:
    """A custom app's token is never renewed; refused, it can only be got anew by a person."""
    pair = await shop.install(expiring=False)
    store = await a_store({"access_token": pair["access_token"]})
    assert await access_token(store, app, now=lambda: now() + timedelta(days=900))
    with pytest.raises(PlatformRefused, match="open the app once"):
        await access_token(store, app, refused=pair["access_token"])
    assert shop.asked == []


@pytest.mark.parametrize("secrets", [{}, {"access_token": "", "expires_at": ""}])
async def test_a_store_without_tokens_calls_the_owner(
    secrets: dict[str, str], app: AppSettings
) -> None:
    """Before the app was installed there is nothing to renew."""
    with pytest.raises(PlatformRefused, match="open the app once"):
        await access_token(await a_store(secrets), app)


async def test_an_unreadable_end_is_an_end(shop: Shop, app: AppSettings) -> None:
    """A time that can't be read renews the token instead of trusting it."""
    pair = kept(await shop.install(), lasts=timedelta(hours=1))
    store = await a_store({**pair, "expires_at": "soon"})
    assert await access_token(store, app) != pair["access_token"]


async def test_wrong_keys_of_ours_are_named(shop: Shop, app: AppSettings) -> None:
    """A client secret that is not the app's is our fault, and no owner is called."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    wrong = AppSettings(api_url=app.api_url, client_id=app.client_id, client_secret=FOREIGN)
    with pytest.raises(PlatformRefused, match="PEF_SHOPIFY_CLIENT_SECRET") as refused:
        await access_token(store, wrong)
    assert FOREIGN not in str(refused.value)
    with pytest.raises(PlatformRefused, match="PEF_SHOPIFY_CLIENT_ID"):
        await access_token(store, AppSettings(api_url=app.api_url, client_id=""))


async def test_a_store_in_a_private_network_is_not_asked(shop: Shop, app: AppSettings) -> None:
    """The guarded client refuses an address that a stranger may have named."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    http.allow_private_stores(allowed=False)
    with pytest.raises(PlatformRefused, match="private"):
        await access_token(store, app)


async def test_a_page_instead_of_tokens_is_nonsense(shop: Shop, app: AppSettings) -> None:
    """A 2xx answer that holds no token changes nothing."""
    store = await a_store(kept(await shop.install(), lasts=timedelta(0)))
    elsewhere = app.model_copy(update={"api_url": f"{shop.address}/_shop/deliveries/flush?"})
    with pytest.raises(PlatformNonsense):
        await access_token(store, elsewhere)


def a_session(app: AppSettings) -> Session:
    """Somebody has the app open now."""
    return read_session(session_token(now()), app, now())


async def test_a_session_gets_a_new_pair(shop: Shop, app: AppSettings) -> None:
    """Somebody who has the app open is enough for offline tokens that expire."""
    await shop.install()
    got = await exchange_session(app, ADDRESS, a_session(app), now())
    assert set(got) == {"access_token", "refresh_token", "expires_at", "scope"}
    assert all(got.values())


async def test_a_session_of_a_shop_without_the_app_gets_nothing(app: AppSettings) -> None:
    """After an uninstall no token is given, and a person is told what to do."""
    with pytest.raises(PlatformRefused, match="open the app once"):
        await exchange_session(app, ADDRESS, a_session(app), now())


async def test_too_few_rights_are_named(shop: Shop, app: AppSettings) -> None:
    """Without the right to write orders nothing could be told to the store."""
    await shop.install(scopes=["read_orders"])
    with pytest.raises(PlatformRefused, match="may not write_orders"):
        await exchange_session(app, ADDRESS, a_session(app), now())


async def test_the_right_to_write_holds_the_right_to_read(shop: Shop, app: AppSettings) -> None:
    """Shopify names the greater right alone."""
    await shop.install(scopes=["write_orders"])
    assert (await exchange_session(app, ADDRESS, a_session(app), now()))["access_token"]


async def test_a_code_that_nobody_gave_gets_nothing(app: AppSettings) -> None:
    """A made-up code is refused by Shopify, and that is said."""
    with pytest.raises(PlatformRefused, match="invalid_request"):
        await exchange_code(app, f"https://{SHOP}", "made-up", now())
