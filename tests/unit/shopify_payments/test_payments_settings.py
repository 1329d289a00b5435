"""What a shop's payments extension is told, and whether its refunds may be paid by hand."""

from typing import Any

import pytest

from pef_adapters.core import texts
from pef_adapters.core.errors import PlatformRefused, SettingInvalid
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.platforms.payout_bars import payout_bar_of
from pef_shopify.payments import ShopifyPayments
from pef_shopify.payments.settings import payments_app_of, payments_settings_of, payout_barred
from shopify_payments_bench import connection

OWN_APP = {"client_id": "own", "client_secret": "shpss_own"}


@pytest.fixture(autouse=True)
def _app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of the operator's apps."""
    for name in ("CLIENT", "PAYMENTS_CLIENT"):
        monkeypatch.setenv(f"PEF_SHOPIFY_{name}_ID", name.lower())
        monkeypatch.setenv(f"PEF_SHOPIFY_{name}_SECRET", f"shpss_{name.lower()}")


def test_the_payments_app_is_another_app() -> None:
    """Tokens and webhooks of a payments store are the payments app's."""
    app = payments_app_of(connection())
    assert (app.client_id, app.client_secrets) == ("payments_client", ("shpss_payments_client",))


def test_a_store_may_have_a_payments_app_of_its_own() -> None:
    """A Plus merchant's own payments app is named by the store's secrets."""
    app = payments_app_of(connection(secrets=OWN_APP))
    assert (app.client_id, app.client_secrets) == ("own", ("shpss_own",))


@pytest.mark.parametrize(
    ("distribution", "settings", "secrets", "barred"),
    [
        ("app_store", {}, {}, "code.PAYOUT_BARRED_BY_APP_STORE"),
        ("app_store", {"payouts": "allowed"}, {}, "code.PAYOUT_BARRED_BY_APP_STORE"),
        ("app_store", {}, OWN_APP, None),
        ("custom", {}, {}, None),
        ("custom", {"payouts": "allowed"}, {}, None),
        ("custom", {"payouts": "barred"}, {}, "code.PAYOUT_BARRED_BY_STORE"),
    ],
)
def test_who_bars_payouts(
    monkeypatch: pytest.MonkeyPatch,
    distribution: str,
    settings: dict[str, Any],
    secrets: dict[str, str],
    barred: str | None,
) -> None:
    """An App Store app never pays out by hand; a custom one as its store says."""
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", distribution)
    store = connection(settings=settings, secrets=secrets)
    assert payout_barred(store) == payout_bar_of(ShopifyPayments(), store) == barred
    assert barred is None or texts.known(barred)


@pytest.mark.parametrize(
    "settings", [{"payouts": "perhaps"}, {"gateways": ["PagoEfectivo"]}, {"account": "x" * 101}]
)
async def test_a_wrong_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    """A setting that can't be used is named, and stops a refund rather than being guessed."""
    monkeypatch.setenv("PEF_SHOPIFY_DISTRIBUTION", "custom")
    store = connection(settings=settings)
    with pytest.raises(SettingInvalid, match=next(iter(settings))):
        payments_settings_of(store)
    hint = Hint(kind=HintKind.REFUND_CREATED, refund_id="1")
    with pytest.raises(PlatformRefused, match=next(iter(settings))):
        await ShopifyPayments().read(hint, store)
