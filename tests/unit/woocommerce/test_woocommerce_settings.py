"""Settings, secrets and one-click keys: what is taken, what is refused, what is hidden."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pef_adapters.core.errors import BodyTooLarge, BodyUnreadable, SettingInvalid
from pef_adapters.platforms import registry
from pef_woocommerce import platform
from pef_woocommerce.settings import secrets_of, settings_of
from woocommerce_bench import connection, recording


@pytest.mark.parametrize(
    "settings",
    [
        {"payment_methods": []},
        {"payment_methods": [" "]},
        {"payment_methods": None},
        {"transaction_id_from": "meta:"},
        {"transaction_id_from": "order_id"},
        {"auth": "cookie"},
        {"unknown_setting": 1},
    ],
)
def test_settings_that_can_not_work_are_refused(settings: dict[str, Any]) -> None:
    """No payment method, an unknown place or a misspelt setting is refused by name."""
    with pytest.raises(SettingInvalid, match=next(iter(settings))):
        settings_of(connection(settings=settings))


def test_secrets_are_never_shown() -> None:
    """Neither the record nor its failure shows a secret's value."""
    secrets = secrets_of(connection())
    assert "cs_made_up" not in f"{secrets!r} {secrets}"
    with pytest.raises(SettingInvalid) as raised:
        secrets_of(connection(secrets={"consumer_key": "", "consumer_secret": "cs_shown"}))
    assert "cs_shown" not in str(raised.value)


def test_the_entry_point_finds_the_adapter() -> None:
    """The adapter is found by name, as anybody else's would be."""
    assert registry.load("woocommerce").capabilities.platform == "woocommerce"


def test_the_one_click_link_asks_for_write_rights() -> None:
    """The link carries our state, both addresses and the scope."""
    link = platform().one_click.authorize_url(
        "https://tienda.pe/shop/",
        state="s" * 32,
        return_url="https://pef.example/done",
        callback_url="https://pef.example/keys",
    )
    parts = urlsplit(link)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path) == ("tienda.pe", "/shop/wc-auth/v1/authorize")
    assert asked["user_id"] == "s" * 32
    assert asked["scope"] == "read_write"
    assert asked["callback_url"] == "https://pef.example/keys"


def test_a_plain_http_callback_is_refused() -> None:
    """WooCommerce would refuse it later, so it is refused at once."""
    with pytest.raises(SettingInvalid):
        platform().one_click.authorize_url(
            "https://t.pe", state="s", return_url="https://a.pe", callback_url="http://a.pe"
        )


def test_the_recorded_keys_are_read() -> None:
    """What a real store posted gives the state and the two keys."""
    (post,) = recording("wc_auth_keys_callback")["requests"]
    state, keys = platform().one_click.read_keys(post["body"].encode())
    assert state == "tienda-42"
    assert set(keys) == {"consumer_key", "consumer_secret"}
    assert keys["consumer_key"].startswith("ck_")


@pytest.mark.parametrize("body", [b"", b"{}", b"consumer_key=ck_1", b"[1]"])
def test_a_body_without_keys_is_unreadable(body: bytes) -> None:
    """Anything but the keys is refused."""
    with pytest.raises(BodyUnreadable):
        platform().one_click.read_keys(body)


def test_read_only_keys_are_refused() -> None:
    """Keys that may not write are of no use."""
    (post,) = recording("wc_auth_keys_callback")["requests"]
    body = post["body"].replace("read_write", "read").encode()
    with pytest.raises(BodyUnreadable):
        platform().one_click.read_keys(body)


def test_an_oversized_body_of_keys_is_refused() -> None:
    """Keys are short; nothing long is read."""
    with pytest.raises(BodyTooLarge):
        platform().one_click.read_keys(b" " * 10_001)
