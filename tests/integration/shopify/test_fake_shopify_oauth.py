"""The fake shop installs apps and hands out tokens as Shopify does, rotation included."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.fake_shopify import ShopSettings
from pef_adapters.testing.fake_shopify.app_records import TokenPair
from pef_adapters.testing.fake_shopify.auth import Doorman, OAuthRefused
from pef_adapters.testing.fake_shopify.state import ShopState
from shopify_bench import (
    CLIENT_ID,
    CLIENT_SECRET,
    DOMAIN,
    RETURN_URL,
    RemoteShop,
    shop_running,
    shopify_app,
)

NAME = "{ shop { name } }"
EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
    "expiring": "1",
}
ASKED = {
    "client_id": CLIENT_ID,
    "scope": "read_orders,write_orders",
    "redirect_uri": RETURN_URL,
    "state": "once-only",
}


@pytest.fixture
def shop() -> Iterator[RemoteShop]:
    """A shop that knows our app but has not installed it."""
    with shop_running(
        apps=(shopify_app(access_token=None, app_url="https://pef.example/app"),)
    ) as s:
        yield s


def approved(shop: RemoteShop, **changes: str) -> dict[str, str]:
    """The owner presses Install; what Shopify sends back with him."""
    answer = shop.open("/admin/oauth/authorize", {**ASKED, "answer": "install", **changes})
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def tokens(shop: RemoteShop) -> Any:
    """The tokens after an installation with tokens that expire."""
    return shop.token_request(code=approved(shop)["code"], expiring="1").json()


def refresh(shop: RemoteShop, token: str) -> Any:
    """The answer to a refresh."""
    return shop.token_request(grant_type="refresh_token", refresh_token=token).json()


def test_the_owner_sees_what_an_app_asks_for(shop: RemoteShop) -> None:
    """The page names the rights and where he goes; an address that is not the app's is refused."""
    page = shop.open(f"/admin/oauth/authorize?{urlencode(ASKED)}")
    assert page.status_code == 200
    assert "read_orders, write_orders" in page.text
    foreign = urlencode(ASKED | {"redirect_uri": "https://evil.example/"})
    assert shop.open(f"/admin/oauth/authorize?{foreign}").status_code == 400


def test_the_return_is_signed(shop: RemoteShop) -> None:
    """Code, shop and state come back under a hex hmac of the sorted query."""
    told = approved(shop)
    given = told.pop("hmac")
    message = urlencode(sorted(told.items())).encode()
    assert given == hmac.new(CLIENT_SECRET.encode(), message, hashlib.sha256).hexdigest()
    assert (told["shop"], told["state"]) == (DOMAIN, "once-only")
    host = base64.urlsafe_b64decode(told["host"] + "==").decode()
    assert host == "admin.shopify.com/store/tienda"


def test_a_refusal_brings_no_code(shop: RemoteShop) -> None:
    """An owner who cancels stays in his admin."""
    answer = shop.open("/admin/oauth/authorize", {**ASKED, "answer": "cancel"})
    assert answer.headers["location"] == "/admin/apps"


def test_a_code_gives_tokens_once(shop: RemoteShop) -> None:
    """With expiring=1 a refresh token comes along; the code is good for one exchange."""
    code = approved(shop)["code"]
    given = shop.token_request(code=code, expiring="1").json()
    assert given["scope"] == "write_orders"
    assert (given["expires_in"], given["refresh_token_expires_in"]) == (3600, 90 * 86400)
    assert shop.data(NAME, token=given["access_token"])["shop"]["name"] == "Tienda Misti"
    again = shop.token_request(code=code, expiring="1")
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")


def test_without_expiring_a_token_never_expires(shop: RemoteShop) -> None:
    """The answer then holds a token and its rights, nothing else."""
    given = shop.token_request(code=approved(shop)["code"]).json()
    assert set(given) == {"access_token", "scope"}
    shop.do("POST", "/tokens/expire")
    assert shop.graphql(NAME, token=given["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"client_secret": "shpss_wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "application_cannot_be_found"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "shprt_no"}, "invalid_grant"),
        (EXCHANGE | {"subject_token": "no.session.token"}, "invalid_subject_token"),
        (EXCHANGE | {"requested_token_type": "online"}, "invalid_request"),
    ],
)
def test_oauth_says_why_not(shop: RemoteShop, fields: dict[str, str], error: str) -> None:
    """Each refusal is 400 with a code of its own."""
    answer = shop.token_request(**fields)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_session_token_is_exchanged(shop: RemoteShop) -> None:
    """A session of the app's page gives offline tokens where the app is installed."""
    path = f"/apps/{CLIENT_ID}/session-token"
    session = shop.do("GET", path)["session_token"]
    refused = shop.token_request(**EXCHANGE, subject_token=session)
    assert refused.json()["error"] == "invalid_subject_token"
    shop.install()
    given = shop.token_request(**EXCHANGE, subject_token=session).json()
    assert shop.graphql(NAME, token=given["access_token"]).status_code == 200
    assert given["refresh_token"]


def test_an_expired_token_is_refused_and_renewed(shop: RemoteShop) -> None:
    """After its hour a token gets 401, and its refresh token the next pair."""
    given = tokens(shop)
    shop.do("POST", "/tokens/expire", {"client_id": CLIENT_ID})
    assert shop.graphql(NAME, token=given["access_token"]).status_code == 401
    renewed = refresh(shop, given["refresh_token"])
    assert renewed["refresh_token"] != given["refresh_token"]
    assert shop.graphql(NAME, token=renewed["access_token"]).status_code == 200


def test_a_lost_renewal_is_recovered(shop: RemoteShop) -> None:
    """A used refresh token works until one that came of it was used, then never more."""
    first = tokens(shop)["refresh_token"]
    shop.moods(lose_answers=1, lose_operation="access_token")
    with pytest.raises(Exception, match="peer closed connection"):
        refresh(shop, first)
    second = refresh(shop, first)["refresh_token"]
    assert "access_token" in refresh(shop, second)
    assert refresh(shop, first)["error"] == "invalid_grant"
    assert "access_token" in refresh(shop, second)


def test_an_expired_refresh_token_ends_it(shop: RemoteShop) -> None:
    """Then somebody has to open the app again."""
    given = tokens(shop)
    shop.do("POST", "/tokens/expire", {"refresh": True})
    assert refresh(shop, given["refresh_token"])["error"] == "invalid_grant"


def pair(doorman: Doorman, state: ShopState) -> TokenPair:
    """A fresh pair of tokens that expire."""
    app = shopify_app(access_token=None)
    state.apps[app.client_id] = app
    doorman.install(app)
    return doorman.issue(app, expiring=True)


@pytest.mark.parametrize(("days", "works"), [(29, True), (30, False)])
def test_a_used_refresh_token_lives_thirty_days(days: int, works: bool) -> None:  # noqa: FBT001
    """Where its successor is never used, the one before ends after 30 days all the same."""
    clock, settings = VirtualClock(), ShopSettings()
    state = ShopState(sequence=1, opened=clock.now())
    doorman = Doorman(settings, state, clock.now)
    token = pair(doorman, state).refresh_token or ""
    app = state.apps[CLIENT_ID]
    doorman.by_refresh_token(app, token)
    clock.advance(days=days)
    if works:
        assert doorman.by_refresh_token(app, token).refresh_token
    else:
        with pytest.raises(OAuthRefused):
            doorman.by_refresh_token(app, token)


def test_the_admin_opens_the_apps_page_signed(shop: RemoteShop) -> None:
    """The link to the app's own page carries a session token under a good hmac."""
    shop.install()
    location = shop.open(f"/admin/apps/{CLIENT_ID}").headers["location"]
    assert location.startswith("https://pef.example/app?")
    query = parse_qs(urlsplit(location).query)
    given = shop.token_request(**EXCHANGE, subject_token=query["id_token"][0])
    assert given.status_code == 200
    assert query["shop"] == [DOMAIN]
