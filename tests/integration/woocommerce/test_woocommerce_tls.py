"""Over https: basic keys, keys in the query, and certificates that must fit the name."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.platforms.contract import Hint, HintKind
from pef_adapters.testing.fake_woocommerce import StoreSettings, running
from pef_woocommerce import platform
from woocommerce_bench import KEYS, SECRET, connection, free_port

ABOUT_DEMO_ORDER = Hint(kind=HintKind.ORDER_CHANGED, order_id="14")


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that SSL_CERT_FILE names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


@pytest.fixture
def secure_store(authority: trustme.CA, tmp_path: Path) -> Iterator[str]:
    """A store behind https, certified for localhost only."""
    issued, port = authority.issue_cert("localhost"), free_port()
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "store.pem")
    settings = StoreSettings(
        port=port,
        home=f"https://localhost:{port}",
        keys=KEYS,
        certificate_file=tmp_path / "store.pem",
    )
    with running(settings) as home:
        yield home


@pytest.mark.parametrize("auth", ["header", "query"])
async def test_basic_keys_work_over_https(
    secure_store: str, auth: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The store is read by basic keys or keys in the query, and neither is logged."""
    caplog.set_level(logging.DEBUG)
    store = connection(secure_store, settings={"auth": auth, "allow_http": False})
    assert await platform().read(ABOUT_DEMO_ORDER, store) == ()
    checks = {check.name: check for check in await platform().check(store)}
    assert checks["writing"].passed
    assert "HTTP Request" in caplog.text
    assert SECRET not in caplog.text


async def test_a_certificate_for_another_name_is_refused(secure_store: str) -> None:
    """The certificate is verified for the store's name although an address is called."""
    store = connection(secure_store.replace("localhost", "127.0.0.1"))
    with pytest.raises(PlatformUnreachable):
        await platform().read(ABOUT_DEMO_ORDER, store)


async def test_an_unknown_authority_is_refused(
    secure_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without our authority in SSL_CERT_FILE the store's certificate is worth nothing."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(PlatformUnreachable):
        await platform().read(ABOUT_DEMO_ORDER, connection(secure_store))


async def test_the_demo_orders_carry_their_cip(secure_store: str) -> None:
    """Each demo order carries a CIP where the default setting looks for it."""
    checks = await platform().check(connection(secure_store))
    (found,) = [check for check in checks if check.name == "transaction ids"]
    assert found.detail.startswith("4 of 4")
