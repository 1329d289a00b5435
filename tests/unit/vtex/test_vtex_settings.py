"""A VTEX store's settings: what is missing or wrong is named, and no secret is shown."""

import pytest

from pef_adapters.core.errors import SettingInvalid
from pef_vtex import Vtex, exact_json
from pef_vtex.link_up import credentials_answer, leads_home
from pef_vtex.settings import secrets_of, settings_of
from vtex_samples import PARTNER, STORE, STORE_KEYS, TOKEN, connection


def test_addresses_follow_from_the_account() -> None:
    """VTEX's usual addresses need not be typed."""
    settings = settings_of(connection())
    assert settings.api == "https://tiendamisti.vtexcommercestable.com.br"
    assert settings.payments == "https://tiendamisti.vtexpayments.com.br"


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "Tienda Misti"},
        {"account": "tienda.example/"},
        {"order_writing": "mail"},
        {"manual_refunds": "both"},
        {"methods": []},
        {"api_address": "ftp://a"},
        {"callback_hosts": ["https://a.example"]},
        {"grace_minutes": 0},
        {"color": "red"},
    ],
)
def test_a_setting_that_cant_be_used_is_named(wrong: dict[str, object]) -> None:
    """The error names the setting."""
    with pytest.raises(SettingInvalid, match=next(iter(wrong))):
        settings_of(connection(settings=wrong))


def test_secrets_are_never_shown() -> None:
    """Neither an error nor a repr holds one."""
    secrets = secrets_of(connection(secrets=PARTNER | STORE_KEYS))
    assert secrets.has_partner_pair
    assert secrets.has_store_pair
    assert not [s for s in (TOKEN, *PARTNER.values()) if s in repr(secrets)]
    with pytest.raises(SettingInvalid, match="app_token") as raised:
        secrets_of(connection(secrets={"app_token": ""}))
    assert "madeUpHookSecret42" not in str(raised.value)


def test_half_a_pair_is_none() -> None:
    """A key without its token opens nothing."""
    assert not secrets_of(connection(secrets={"store_app_key": "store-key"})).has_store_pair


@pytest.mark.parametrize(
    ("return_url", "home"),
    [
        ("https://tiendamisti.vtexpayments.com.br/?authorizationCode=", True),
        ("https://tiendamisti.myvtex.com/admin/provider-return?authorizationCode=", True),
        ("https://admin.tienda.example/x?authorizationCode=", True),
        ("http://tiendamisti.myvtex.com/?authorizationCode=", False),
        ("https://otratienda.myvtex.com/?authorizationCode=", False),
        ("https://tiendamisti.myvtex.com.evil.example/?authorizationCode=", False),
        ("https://tiendamisti.myvtex.com@evil.example/?authorizationCode=", False),
        ("https://tiendamisti.myvtex.com:444/?authorizationCode=", False),
    ],
)
def test_a_code_travels_only_to_the_stores_own_admin(*, return_url: str, home: bool) -> None:
    """Anybody can begin a link-up, so the way back must be the store's."""
    store = connection(settings={"return_hosts": ["admin.tienda.example"]})
    assert leads_home(return_url, store) is home


def test_the_pair_is_the_stores_name_and_token() -> None:
    """What VTEX will call us with."""
    said = exact_json.read(credentials_answer("vtex", connection()))
    assert said == {"applicationId": "vtex", "appKey": STORE, "appToken": TOKEN}


async def test_checks_say_what_is_missing_without_calling_anybody() -> None:
    """Without keys for the store's APIs nothing outside is asked, and it is said."""
    checks = {check.name: check for check in await Vtex().check(connection())}
    assert not checks["partner keys"].passed
    assert not checks["store keys"].passed
    assert checks["address"].passed
    quiet = connection(settings={"order_writing": "none"}, secrets=PARTNER)
    assert all(check.passed for check in await Vtex().check(quiet))


async def test_a_wrong_setting_is_a_failed_check() -> None:
    """A check never raises."""
    (check,) = await Vtex().check(connection(settings={"account": "!"}))
    assert (check.name, check.passed) == ("settings", False)


def test_no_float_is_ever_written() -> None:
    """A float can't hold money, so it never reaches the wire."""
    with pytest.raises(TypeError):
        exact_json.write({"value": 0.1})
    assert exact_json.write({"value": exact_json.read(b"20.10")}) == b'{"value":20.10}'
