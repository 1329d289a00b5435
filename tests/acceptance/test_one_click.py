"""One-click keys over real TLS: the owner approves at the store, and it is connected."""

import json
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import trustme

from engine_world import World
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.onboarding import (
    INVITATION_LASTS,
    StoreRequest,
    add_store,
    check_store,
    invite,
)
from pef_adapters.engine.records import Store
from pef_adapters.platforms import http
from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app
from pef_adapters.storage.postgres import PostgresBook
from pef_adapters.testing.fake_woocommerce import StoreSettings, running
from served import served
from woocommerce_bench import free_port

_TOPICS = {
    "action.woocommerce_refund_created",
    "action.woocommerce_refund_deleted",
    "order.updated",
}
_KEYS = {"consumer_key": "ck_x", "consumer_secret": "cs_x"}


@dataclass(frozen=True, slots=True)
class Scene:
    """The service and a store, both behind https, and the owner's browser."""

    world: World
    service: str
    store: str
    browser: httpx.AsyncClient
    store_file: Path

    async def invite(self) -> str:
        """The link that the owner is given."""
        return await invite(self.world.ports, self.request, self.service)

    async def approve(self, link: str) -> httpx.Response:
        """Open the link and press "Aprobar", as the form does."""
        page = await self.browser.get(link)
        assert "Aprobar" in page.raise_for_status().text
        return await self._press(link, "approve")

    async def deny(self, link: str) -> httpx.Response:
        return await self._press(link, "deny")

    async def _press(self, link: str, button: str) -> httpx.Response:
        asked = dict(httpx.URL(link).params)
        form = {**asked, "answer": button}
        return await self.browser.post(f"{self.store}/wc-auth/v1/authorize", data=form)

    @property
    def request(self) -> StoreRequest:
        settings = {"payment_methods": ["pagoefectivo"]}
        return StoreRequest(
            platform="woocommerce", address=self.store, account_id="main", settings=settings
        )

    async def connected(self) -> list[Store]:
        """The connected stores, without the world's own."""
        async with self.world.book.begin() as ledger:
            return [store for store in await ledger.stores() if store.platform == "woocommerce"]

    async def webhooks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            await self.browser.get(f"{self.store}/_store/webhooks")
        ).json()
        return found

    async def keys(self) -> list[dict[str, Any]]:
        """The REST keys that the store really keeps, after it wrote its state down."""
        await self.browser.post(f"{self.store}/_store/orders", json={"total": "1.00"})
        kept: list[dict[str, Any]] = json.loads(self.store_file.read_text("utf-8"))["keys"]
        return kept


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that SSL_CERT_FILE names, for the store and for us."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Path:
    """A key and certificate for localhost, in one file."""
    path = tmp_path / "localhost.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
async def scene(
    postgres_book: PostgresBook, certificate: Path, tmp_path: Path
) -> AsyncIterator[Scene]:
    """Everything served by https on localhost, the ledger on PostgreSQL."""
    world = await World(postgres_book).open()
    world.ports = replace(world.ports, platforms=InstalledPlatforms())
    port, store_file = free_port(), tmp_path / "store.json"
    service = f"https://localhost:{port}"
    async with AsyncExitStack() as stack:
        stack.enter_context(_private_stores_allowed())
        store = stack.enter_context(running(_store_settings(certificate, store_file)))
        app = create_app(world.ports, service)
        await stack.enter_async_context(served(app, port=port, certificate=certificate))
        trust = ssl.create_default_context(cafile=tmp_path / "authority.pem")
        browser = await stack.enter_async_context(httpx.AsyncClient(verify=trust, trust_env=False))
        yield Scene(world, service, store, browser, store_file)


async def test_approval_connects_the_store(scene: Scene) -> None:
    """Approved once, the store is connected by Basic keys over https, with its webhooks."""
    answer = await scene.approve(await scene.invite())
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (
        303,
        f"{scene.service}/connect/woocommerce/done",
    )
    (store,) = await scene.connected()
    (key,) = await scene.keys()
    assert store.secrets["consumer_key"] == key["consumer_key"]
    assert {hook["topic"] for hook in await scene.webhooks()} == _TOPICS
    assert {hook["delivery_url"] for hook in await scene.webhooks()} == {
        f"{scene.service}/webhooks/woocommerce/{store.id}"
    }
    checks = await check_store(scene.world.ports, store.id)
    # The service is right but for its port: a store delivers to 443, where no test may listen.
    assert [check.name for check in checks if not check.passed] == ["callback"]


async def test_browser_never_sees_the_keys(scene: Scene) -> None:
    """What the owner's browser is sent back with says how it went, and carries no key."""
    answer = await scene.approve(await scene.invite())
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert set(told) == {"success", "user_id"}
    page = await scene.browser.get(answer.headers["location"])
    assert "Tienda conectada" in page.text
    (store,) = await scene.connected()
    for secret in store.secrets.values():
        assert secret not in answer.text + str(answer.headers) + page.text


async def test_link_works_once(scene: Scene) -> None:
    """Approved a second time, the link connects nothing and the store forgets the new keys."""
    link = await scene.invite()
    await scene.approve(link)
    before = await scene.connected()
    again = await scene.approve(link)
    assert again.status_code == 401
    assert await scene.connected() == before
    assert [key["consumer_key"] for key in await scene.keys()] == [
        before[0].secrets["consumer_key"]
    ]
    assert len(await scene.webhooks()) == len(_TOPICS)


async def test_expired_link_connects_nothing(scene: Scene) -> None:
    """After its hour the link is worth nothing, and the store forgets the keys."""
    link = await scene.invite()
    scene.world.clock.advance(seconds=(INVITATION_LASTS + timedelta(seconds=1)).total_seconds())
    assert (await scene.approve(link)).status_code == 401
    assert (await scene.connected(), await scene.keys()) == ([], [])


async def test_forged_state_connects_nothing(scene: Scene) -> None:
    """A link whose state somebody made up connects nothing, though the owner approves."""
    forged = httpx.URL(await scene.invite()).copy_set_param("user_id", "made-up-state")
    assert (await scene.approve(str(forged))).status_code == 401
    assert (await scene.connected(), await scene.keys()) == ([], [])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"user_id": "unknown"}, 404),
        ({"user_id": ""}, 400),
        ({"key_permissions": "read"}, 400),
        ({"consumer_secret": None}, 400),
    ],
    ids=["unknown", "without a state", "keys that may only read", "without a secret"],
)
async def test_posted_keys_are_not_believed(
    scene: Scene, changes: dict[str, object], status: int
) -> None:
    """Keys that anybody posts to the callback are refused and change nothing."""
    posted = {"key_id": 1, "user_id": "?", **_KEYS, "key_permissions": "read_write", **changes}
    answer = await scene.browser.post(f"{scene.service}/connect/woocommerce/keys", json=posted)
    assert answer.status_code == status
    assert "cs_x" not in answer.text
    assert await scene.connected() == []


async def test_denied_link_stays_open(scene: Scene) -> None:
    """An owner who declines is told so; nothing is connected, and the link still works."""
    link = await scene.invite()
    answer = await scene.deny(link)
    page = await scene.browser.get(answer.headers["location"])
    assert "Sin conectar" in page.text
    assert await scene.connected() == []
    assert (await scene.approve(link)).status_code == 303
    assert len(await scene.connected()) == 1


async def test_http_callback_is_refused(scene: Scene) -> None:
    """A service without https is given no link: the store would not send its keys there."""
    with pytest.raises(SettingInvalid, match="https"):
        await invite(scene.world.ports, scene.request, "http://refunds.example")


async def test_store_is_trusted_by_its_authority_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its authority a store is refused with a way to mend it; with it, it is connected."""
    ports, authority = scene.world.ports, scene.store_file.with_name("authority.pem")
    await scene.approve(await scene.invite())
    (store,) = await scene.connected()
    keys = {name: store.secrets[name] for name in _KEYS}
    monkeypatch.delenv("SSL_CERT_FILE")
    _, (refused,) = await add_store(ports, scene.request, keys, scene.service)
    assert not refused.passed
    assert re.search(r"certificate .* not trusted .* SSL_CERT_FILE", refused.detail)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    _, checks = await add_store(ports, scene.request, keys, scene.service)
    assert all(check.passed for check in checks)


def _store_settings(certificate: Path, state_file: Path) -> StoreSettings:
    port = free_port()
    return StoreSettings(
        port=port,
        home=f"https://localhost:{port}",
        certificate_file=certificate,
        state_file=state_file,
    )


@contextmanager
def _private_stores_allowed() -> Iterator[None]:
    """The stores of these tests stand on this machine."""
    http.allow_private_stores(True)
    yield
    http.allow_private_stores(False)
