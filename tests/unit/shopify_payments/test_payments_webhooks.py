"""The payments app's own webhooks: its removal and privacy, by its own secret, nothing else."""

import dataclasses

import pytest

from pef_adapters.core.errors import SettingInvalid, SignatureInvalid, SourceMismatch
from pef_adapters.platforms.contract import HintKind, PrivacyKind
from pef_shopify.payments import ShopifyPayments
from shopify_bench import DOMAIN, PAYMENTS_SECRET
from shopify_payments_bench import ENVIRONMENT, STORE, connection
from shopify_samples import privacy_body, refund_body, signed

PLATFORM = ShopifyPayments()


@pytest.fixture(autouse=True)
def _app(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", "shpss_of_the_other_app")


def test_the_removal_of_the_app_is_heard() -> None:
    """app/uninstalled, signed with the payments app's secret, says that the store left."""
    delivery = signed({"myshopify_domain": DOMAIN}, "app/uninstalled", PAYMENTS_SECRET)
    (hint,) = PLATFORM.receive(delivery, connection())
    assert hint.kind is HintKind.UNINSTALLED
    assert hint.at is not None


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("customers/data_request", PrivacyKind.TELL),
        ("customers/redact", PrivacyKind.ERASE_BUYER),
    ],
)
def test_privacy_requests_are_heard(topic: str, kind: PrivacyKind) -> None:
    """A buyer's request reaches the payments app as it reaches every app."""
    delivery = signed(privacy_body(), topic, PAYMENTS_SECRET)
    (hint,) = PLATFORM.receive(delivery, connection())
    assert hint.privacy is not None
    assert hint.privacy.kind is kind
    assert "email:ana@example.com" in hint.privacy.buyers


def test_the_other_apps_secret_opens_nothing() -> None:
    """The app that reads orders signs with another secret, which is not this app's."""
    delivery = signed({"myshopify_domain": DOMAIN}, "app/uninstalled", "shpss_of_the_other_app")
    with pytest.raises(SignatureInvalid):
        PLATFORM.receive(delivery, connection())


def test_another_shops_delivery_is_refused() -> None:
    """A well signed delivery of another shop is not this store's."""
    delivery = signed({"myshopify_domain": DOMAIN}, "app/uninstalled", PAYMENTS_SECRET)
    other = connection(address="https://otra.myshopify.com")
    with pytest.raises(SourceMismatch):
        PLATFORM.receive(delivery, other)


def test_refunds_never_come_by_webhook() -> None:
    """Whatever else is signed is no word about a refund: that is asked by a session."""
    delivery = signed(refund_body(), "refunds/create", PAYMENTS_SECRET)
    assert PLATFORM.receive(delivery, connection()) == ()


def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the payments app's secret the error says which setting is missing."""
    monkeypatch.delenv("PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET")
    delivery = signed({"myshopify_domain": DOMAIN}, "app/uninstalled", PAYMENTS_SECRET)
    with pytest.raises(SettingInvalid, match="PEF_SHOPIFY_PAYMENTS_CLIENT_SECRET"):
        PLATFORM.receive(delivery, connection())


def test_one_address_serves_all_shops() -> None:
    """The header of a delivery leads to its store, as a session's does."""
    delivery = signed({}, "app/uninstalled")
    assert PLATFORM.inbox.store_of(dataclasses.replace(delivery).headers) == STORE
