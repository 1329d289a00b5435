"""The files that are deployed to Shopify: they name what the service really serves."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.routing import BaseRoute, Match

from engine_world import World
from pef_adapters.server import gateway
from pef_adapters.server.app import create_app
from pef_adapters.server.shopify.routes import ROUTES
from pef_shopify.app import AppSettings
from pef_shopify.install import APP, PAYMENTS, SCOPES

FOLDER = Path(__file__).parents[3] / "adapters" / "shopify_app"
BLOCK = FOLDER / "extensions" / "refund-state"
APPS = {"shopify.app.toml": APP, "shopify.app.payments.toml": PAYMENTS}
PRIVACY = {"customers/data_request", "customers/redact", "shop/redact"}


def read(name: str) -> dict[str, Any]:
    """One of the files."""
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def extension(name: str) -> dict[str, Any]:
    """The one extension in a folder, with the version that stands above it."""
    told = read(f"extensions/{name}/shopify.extension.toml")
    (only,) = told["extensions"]
    return {**only, "api_version": told["api_version"]}


def addresses(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every address in an app's file, and how it is called."""
    yield "GET", told["application_url"]
    yield from (("GET", url) for url in told["auth"]["redirect_urls"])
    yield from (("POST", each["uri"]) for each in told["webhooks"]["subscriptions"])


def is_served(routes: list[BaseRoute], method: str, url: str) -> bool:
    """Whether the service answers there."""
    scope = {"type": "http", "path": urlsplit(url).path, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


@pytest.mark.parametrize("name", APPS)
def test_each_address_of_an_app_is_served(name: str) -> None:
    """Where Shopify opens, redirects or delivers to, a route of ours answers; all by https."""
    service = create_app(World().ports, "https://refunds.example.pe").routes
    found = list(addresses(read(name)))
    assert [url for _, url in found if urlsplit(url).scheme != "https"] == []
    assert len({urlsplit(url).netloc for _, url in found}) == 1
    wrong = [url for method, url in found if not is_served([*ROUTES, *service], method, url)]
    assert wrong == []


@pytest.mark.parametrize(("name", "platform"), APPS.items())
def test_webhooks_come_to_the_apps_own_inbox(name: str, platform: str) -> None:
    """Its removal and all three privacy topics go to the address that all its stores share."""
    hooks = read(name)["webhooks"]["subscriptions"]
    assert {urlsplit(each["uri"]).path for each in hooks} == {f"/webhooks/{platform}"}
    told = {topic for each in hooks for topic in each.get("compliance_topics", ())}
    assert told == PRIVACY
    topics = {topic for each in hooks for topic in each.get("topics", ())}
    assert "app/uninstalled" in topics
    assert not topics & PRIVACY


def test_the_files_ask_for_what_the_service_needs() -> None:
    """Rights, versions and embedding are the same in the files and in the code."""
    app, payments = (read(name) for name in APPS)
    assert app["access_scopes"]["scopes"].split(",") == list(SCOPES[APP])
    assert payments["access_scopes"]["scopes"] == ""
    assert (app["embedded"], payments["embedded"]) == (True, False)
    version = AppSettings().api_version
    assert app["webhooks"]["api_version"] == payments["webhooks"]["api_version"] == version
    assert extension("pagoefectivo-payments")["api_version"] == version


def test_the_payments_extension_calls_the_listener_by_certificate() -> None:
    """Both sessions lead to the provider's routes, and its answers are possible ones."""
    told = extension("pagoefectivo-payments")
    routes: list[BaseRoute] = [*gateway.routes(by_certificate=True)]
    for name, last in (("payment_session_url", "payment"), ("refund_session_url", "refund")):
        assert is_served(routes, "POST", told[name])
        assert urlsplit(told[name]).path == f"/provider/{PAYMENTS}/{last}"
    # Shopify's own rules for this file (section 1, Configuration).
    assert told["type"] == "payments_extension"
    assert [each["target"] for each in told["targeting"]] == ["payments.offsite.render"]
    assert told["supports_installments"] == told["supports_deferred_payments"]
    assert 0 < len(told["merchant_label"]) <= 50
    assert told["supported_countries"] == ["PE"]
    assert "capture_session_url" not in told
    assert "void_session_url" not in told


def test_the_block_is_an_extension_of_the_order_page() -> None:
    """Its module is there, and its name is told in both languages."""
    told = extension("refund-state")
    assert told["type"] == "ui_extension"
    (target,) = told["targeting"]
    assert target["target"] == "admin.order-details.block.render"
    assert (BLOCK / target["module"]).is_file()
    english = json.loads((BLOCK / "locales" / "en.default.json").read_text(encoding="utf-8"))
    assert {told["name"], told["description"]} <= {f"t:{key}" for key in english}


def test_the_block_says_everything_in_both_languages() -> None:
    """Both files have the same keys, and each key that the block says is among them."""
    texts = {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (BLOCK / "locales").iterdir()
    }
    assert set(texts) == {"en.default.json", "es.json"}
    (keys,) = {frozenset(told) for told in texts.values()}
    source = (BLOCK / "src" / "RefundState.js").read_text(encoding="utf-8")
    assert set(re.findall(r'say\("(\w+)"\)', source)) | {"name", "description"} == keys
