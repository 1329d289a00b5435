"""Connecting and checking a shop's payments: what must be right, and what says so."""

import pytest

from pef_adapters.platforms.contract import Check
from pef_shopify.payments import ShopifyPayments
from shopify_bench import PAYMENTS_ID, RemoteShop
from shopify_payments_bench import STORE, PaymentsHarness, connection


def shows_method(shop: RemoteShop) -> bool:
    """Whether the shop offers our payment method at its checkout."""
    answer = shop._client.post("/_shop/sessions/payments", json={"amount": "10.00", "test": True})
    return answer.is_success


def named(checks: tuple[Check, ...]) -> dict[str, Check]:
    """Checks by their name."""
    return {check.name: check for check in checks}


async def test_connecting_lets_shopify_offer_the_method(harness: PaymentsHarness) -> None:
    """Only after we said that we are ready does the checkout show the payment method."""
    harness.shop.install(PAYMENTS_ID, ready=False)
    assert not shows_method(harness.shop)
    checks = await harness.platform.connect(harness.store)
    assert all(check.passed for check in checks)
    assert STORE in named(checks)["payment method"].detail
    assert shows_method(harness.shop)


async def test_the_account_is_named_as_the_merchant_wants(harness: PaymentsHarness) -> None:
    """What the admin shows beside the method is a setting."""
    store = connection(settings={"account": "Tienda Misti E.I.R.L."})
    checks = await harness.platform.connect(store)
    assert "Tienda Misti E.I.R.L." in named(checks)["payment method"].detail


@pytest.mark.parametrize(
    ("missing", "check"),
    [
        ("PEF_SHOPIFY_PAYMENTS_CLIENT_ID", "app"),
        ("PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET", "app"),
        ("PEF_PAYMENTS_CERT", "certificates"),
        ("PEF_PAYMENTS_CLIENT_CA", "certificates"),
    ],
)
async def test_an_unfinished_setup_is_not_offered(
    harness: PaymentsHarness, monkeypatch: pytest.MonkeyPatch, missing: str, check: str
) -> None:
    """While a key or certificate is missing, Shopify is not told that we are ready."""
    harness.shop.install(PAYMENTS_ID, ready=False)
    monkeypatch.delenv(missing)
    found = named(await harness.platform.connect(harness.store))[check]
    assert not found.passed
    assert found.mend
    assert not shows_method(harness.shop)


async def test_a_wrong_setting_fails_its_check(harness: PaymentsHarness) -> None:
    """A store under another name than Shopify's, or with a setting of another platform."""
    for store in (
        connection(address="https://tienda.pe"),
        connection(settings={"gateways": ["PagoEfectivo"]}),
    ):
        found = named(await harness.platform.check(store))["settings"]
        assert not found.passed
        assert found.mend


async def test_a_version_that_ended_is_told(
    harness: PaymentsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API version that Shopify does not support any more names those that it does."""
    monkeypatch.setenv("PEF_SHOPIFY_API_VERSION", "2025-07")
    found = named(await harness.platform.check(harness.store))["api"]
    assert not found.passed
    assert "2026-10" in found.mend


def test_the_rhythm_is_shopifys() -> None:
    """Sixteen more tries after the first, about a day in all; each end is final."""
    capabilities = ShopifyPayments().capabilities
    assert len(capabilities.tell_again_after) == 16
    assert 23 * 3600 < sum(capabilities.tell_again_after) < 25 * 3600
    assert capabilities.outcome_is_final
