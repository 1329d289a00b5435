"""What counts as Shopify's word about an installation, and what does not."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from pef_adapters.core.errors import SettingInvalid, SignatureInvalid, SignatureMissing
from pef_shopify.app import AppSettings
from pef_shopify.install import (
    app_for,
    app_page,
    authorize_url,
    is_signed,
    read_query,
    read_return,
    shop_domain,
)
from shopify_room import APP, CLIENT_ID, FOREIGN, OLDER, OURS, SECRET, SHOP, signed

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
RETURN = f"{OURS}/connect/shopify/callback"


@pytest.mark.parametrize(
    "typed", [SHOP, f" {SHOP.upper()} ", f"https://{SHOP}/", "a1-b.myshopify.com"]
)
def test_a_shops_own_address_is_taken(typed: str) -> None:
    """However it is typed, the shop is known by the one name that Shopify gave it."""
    assert shop_domain(typed).endswith(".myshopify.com")
    assert shop_domain(typed) == shop_domain(typed).lower()


@pytest.mark.parametrize(
    "typed",
    [
        *("", "tienda.pe", "myshopify.com", ".myshopify.com", "-a.myshopify.com"),
        *("evil.com/tienda.myshopify.com", "tienda.myshopify.com.evil.com", "a.b.myshopify.com"),
        *("tienda.myshopify.com@evil.com", "tiendá.myshopify.com", "tienda.myshopify.com\n.evil"),
    ],
)
def test_anything_else_is_no_shop(typed: str) -> None:
    """An address that only looks like a shop's would get our secret, so it is refused."""
    with pytest.raises(SettingInvalid, match=r"tienda\.myshopify\.com"):
        shop_domain(typed)


def test_the_owner_is_sent_to_his_own_shop() -> None:
    """The link carries the app, its rights, where to come back and the one-time state."""
    url = urlsplit(authorize_url(APP, SHOP, state="s1", return_url=RETURN))
    assert (url.scheme, url.netloc, url.path) == ("https", SHOP, "/admin/oauth/authorize")
    assert parse_qs(url.query) == {
        "client_id": [CLIENT_ID],
        "scope": ["read_orders,write_orders"],
        "redirect_uri": [RETURN],
        "state": ["s1"],
    }


def test_the_payments_app_is_another_one() -> None:
    """It has its own id and rights, and leads to the payment method's settings."""
    app = app_for("shopify_payments", APP.model_copy(update={"payments_client_id": "p1"}))
    url = authorize_url(app, SHOP, platform="shopify_payments", state="s", return_url=RETURN)
    assert "client_id=p1" in url
    assert "write_payment_sessions" in url
    assert app_page(app, SHOP, platform="shopify_payments").startswith(f"https://{SHOP}/services/")
    assert app_for("shopify", APP) is APP


@pytest.mark.parametrize(
    ("app", "return_url", "said"),
    [(AppSettings(), RETURN, "PEF_SHOPIFY_CLIENT_ID"), (APP, "http://here", "PEF_PUBLIC_URL")],
)
def test_what_shopify_would_refuse_is_said_before(
    app: AppSettings, return_url: str, said: str
) -> None:
    """A setting that is missing is named, instead of a strange page at Shopify."""
    with pytest.raises(SettingInvalid, match=said):
        authorize_url(app, SHOP, state="s", return_url=return_url)


@pytest.mark.parametrize("key", [SECRET, OLDER])
def test_a_signed_return_is_read(key: str) -> None:
    """Code, shop and state are read; both secrets count while one is being rotated."""
    approved = read_return(signed(NOW, key, code="c1", state="s1", host="YWRtaW4"), APP, NOW)
    assert (approved.shop, approved.state, approved.code) == (SHOP, "s1", "c1")
    assert "c1" not in repr(approved)


_GOOD = signed(NOW, code="c1", state="s1")


@pytest.mark.parametrize(
    "query",
    [
        signed(NOW, FOREIGN, code="c1", state="s1"),
        _GOOD.replace("tienda.", "ladrona."),
        _GOOD.replace("s1", "s2"),
        f"{_GOOD}&extra=1",
        f"{_GOOD}&shop=ladrona.myshopify.com",
        _GOOD[:-64] + "é" * 64,
        _GOOD[:-1],
        signed(NOW, state="s1"),
        signed(NOW, code="c1"),
    ],
)
def test_a_return_that_shopify_did_not_send_is_refused(query: str) -> None:
    """Forged, changed or incomplete: nothing of it is believed."""
    with pytest.raises(SignatureInvalid):
        read_return(query, APP, NOW)


def test_an_unsigned_return_is_refused() -> None:
    """Without a signature nobody said anything."""
    query = f"shop={SHOP}&code=c1&state=s1&timestamp={int(NOW.timestamp())}"
    assert not is_signed(query)
    with pytest.raises(SignatureMissing):
        read_return(query, APP, NOW)


def test_an_app_without_secrets_believes_nobody() -> None:
    """An app that was not set up can't be told anything, not even by an empty key."""
    for key in ("", SECRET):
        with pytest.raises(SignatureInvalid):
            read_query(signed(NOW, key or " "), AppSettings(client_id=CLIENT_ID), NOW)


@pytest.mark.parametrize("seconds", [-90, 90])
def test_a_signed_link_is_good_for_a_moment(seconds: int) -> None:
    """Ninety seconds to either side are taken, one more is not; nor is a time that is none."""
    query = signed(NOW)
    assert read_query(query, APP, NOW + timedelta(seconds=seconds))["shop"] == SHOP
    with pytest.raises(SignatureInvalid):
        read_query(query, APP, NOW + timedelta(seconds=seconds + seconds // 90))
    with pytest.raises(SignatureInvalid):
        read_query(signed(NOW, timestamp="soon"), APP, NOW)


def test_a_return_that_names_no_shop_is_refused() -> None:
    """Even signed words lead to shops of Shopify only."""
    with pytest.raises(SettingInvalid):
        read_return(signed(NOW, shop="evil.com", code="c", state="s"), APP, NOW)
