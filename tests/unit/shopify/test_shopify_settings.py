"""A store's and the app's settings: what can't be used is refused with what to do."""

from typing import Any

import pytest

from pef_adapters.core.errors import PlatformRefused, SettingInvalid
from pef_shopify.app import app_of, read_app_settings
from pef_shopify.settings import settings_of, shop_of, usable_settings
from shopify_samples import SECRET, SHOP, by_hand, connection


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gateways": []}, "gateways"),
        ({"gateways": ["  "]}, "gateways"),
        ({"gateways": ["manual"]}, "every manual payment method"),
        ({"gateways": ["PagoEfectivo", " Manual "]}, "every manual payment method"),
        ({"way_in": "mail"}, "way_in"),
        ({"transaction_reference": "note"}, "transaction_reference"),
        ({"transaction_reference": "metafield:cip"}, "transaction_reference"),
        ({"payouts": "maybe"}, "payouts"),
        ({"currency": "soles"}, "currency"),
        ({"gateway": "PagoEfectivo"}, "gateway"),
        ({"way_in": "webhook", "transaction_reference": "order_name"}, "order_id or payment_id"),
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_used_is_refused(settings: dict[str, Any], said: str) -> None:
    """The error names the setting; whoever speaks to the store hears it as a refusal."""
    with pytest.raises(SettingInvalid, match=said):
        settings_of(connection(settings=settings))
    with pytest.raises(PlatformRefused, match=said):
        usable_settings(connection(settings=settings))


def test_a_metafield_is_named_by_namespace_and_key() -> None:
    """A namespace may hold points; the key is what stands behind the last one."""
    place = {"transaction_reference": "metafield:app--5.pago.cip"}
    settings = settings_of(connection(settings=place))
    assert (settings.metafield, settings.attribute) == (("app--5.pago", "cip"), None)


def test_a_shop_is_known_by_its_own_name() -> None:
    """Webhooks carry the myshopify.com name, and a token goes to no other host."""
    assert shop_of(connection()) == "tienda.myshopify.com"
    for address in ("https://tienda.pe", "https://myshopify.com", "https://x.myshopify.com.evil"):
        with pytest.raises(SettingInvalid, match=r"NAME\.myshopify\.com"):
            shop_of(connection(address=address))


def test_a_store_may_bring_its_own_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency's store has a custom app of its own; others use the operator's."""
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_ID", "del_operador")
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", "nuevo,viejo")
    own = app_of(connection())
    assert (own.client_id, own.client_secrets) == ("hecha_para_pruebas", (SECRET,))
    assert own.distribution == "custom"
    shared = app_of(connection(secrets={"client_id": "", "client_secret": ""}))
    assert (shared.client_id, shared.client_secrets) == ("del_operador", ("nuevo", "viejo"))
    assert shared.distribution == "app_store"


@pytest.mark.parametrize(
    ("name", "value"),
    [("API_VERSION", "latest"), ("API_VERSION", "2026-11"), ("DISTRIBUTION", "direct")],
)
def test_a_variable_that_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable as it is written in the environment."""
    monkeypatch.setenv(f"PEF_SHOPIFY_{name}", value)
    with pytest.raises(SettingInvalid, match=f"PEF_SHOPIFY_{name}"):
        read_app_settings()


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are logged show no secret, of the app, its payments app or a store."""
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", "muy_secreto")
    monkeypatch.setenv("PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET", "mas_secreto")
    app = read_app_settings()
    shown = f"{app!r} {app} {by_hand()!r} {app_of(connection())!r}"
    assert not any(word in shown for word in ("muy_secreto", "mas_secreto", SECRET))
    assert app.payments_client_secrets == ("mas_secreto",)


def test_every_variable_is_described() -> None:
    """Each setting of the app says what it is for."""
    fields = type(read_app_settings()).model_fields
    assert all((field.description or "").endswith(".") for field in fields.values())


@pytest.mark.parametrize(
    "address",
    [f"https://{SHOP}/tienda", f"https://{SHOP}:8443", "https://tienda.example"],
)
def test_one_shop_has_one_address(address: str) -> None:
    """A shop that is connected twice would have each refund paid twice."""
    with pytest.raises(SettingInvalid, match="not the shop's own name"):
        shop_of(connection(address=address))
