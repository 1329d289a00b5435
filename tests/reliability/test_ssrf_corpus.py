"""Addresses typed by strangers: the corpus whole through the client, in part through each door."""

import asyncio
import socket

import httpx
import pytest

import ssrf_run
from pef_adapters.core.errors import KeysMixed, PlatformRefused, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.pagoefectivo.keys import keep_apart
from pef_adapters.platforms.addresses import is_public
from pef_adapters.platforms.http import guarded_client
from pef_shopify.settings import shop_of
from shopify_samples import connection as shop
from ssrf_corpus import ADDRESSES, REDIRECT_STATUSES, REDIRECTS, every_address
from ssrf_doors import every_door
from ssrf_watch import leads_inside, watching
from woocommerce_bench import connection

_WHOLE = "client.get"


def test_the_corpus_is_large() -> None:
    """There are at least 300 different addresses, of every kind, and redirects beside them."""
    assert len(every_address()) >= 300
    assert all(ADDRESSES.values())
    assert len(REDIRECTS) * len(REDIRECT_STATUSES) >= 200


async def test_the_whole_corpus_connects_to_nothing_inside() -> None:
    """No address and no redirect makes the client connect to a private network."""
    found = await ssrf_run.whole((_WHOLE,))
    assert found.violations == []
    assert found.tried > len(every_address())
    assert found.opened == 1


async def test_every_door_is_guarded() -> None:
    """A part of the corpus finds each door shut, and an ordinary address finds it open."""
    found = await ssrf_run.whole(every=61)
    assert found.violations == []
    assert found.opened == len(found.doors) == len(every_door("a", "b", "c"))


async def test_a_guard_that_is_off_is_seen() -> None:
    """With private stores allowed the same run finds connections inside, so it can fail."""
    door = next(door for door in every_door("a", "b", "c") if door.name == "woocommerce.check")
    with watching(ssrf_run.names()) as watch, pytest.MonkeyPatch.context() as patch:
        patch.setattr("pef_adapters.platforms.http.is_public", lambda _: True)
        found = ssrf_run.Findings()
        await ssrf_run._tried(door, "loopback", f"http://127.0.0.1:{watch.port}/", found, watch)
        heard = watch.heard
    assert [each for each in found.violations if "connected to" in each]
    assert heard


async def test_the_watch_sees_any_library() -> None:
    """A connection past httpx is seen as well, and none leaves the machine."""
    with watching({}) as watch:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("10.0.0.1", 80)
        with pytest.raises(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as door:
            door.connect("/var/run/docker.sock")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("8.8.8.8", 80)
    assert watch.inside == ["10.0.0.1", "'/var/run/docker.sock'"]


# --- what the corpus found ------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "2600::5efe:10.0.0.1",
        "2600::200:5efe:127.0.0.1",
    ],
)
def test_addresses_that_only_look_public(address: str) -> None:
    """Azure's agent and IPv4 inside an ISATAP address are not the public internet."""
    assert not is_public(address)
    assert leads_inside("168.63.129.16")


async def test_a_host_that_cannot_be_decoded_is_a_malformed_address() -> None:
    """A name such as xn--a is refused as any malformed address, not by an error of idna's."""
    async with guarded_client(allow_private=False) as client:
        with pytest.raises(httpx.InvalidURL):
            await client.get("http://xn--a/")


async def test_a_port_that_cannot_be_signed_is_the_stores_fault() -> None:
    """An http store at port 0 is a check that fails, not an error of the signing library's."""
    door = next(door for door in every_door("a", "b", "c") if door.name == "woocommerce.check")
    assert not await door.enter("http://127.0.0.1:0/")
    assert connection("http://127.0.0.1:0/").address


@pytest.mark.parametrize("address", ["http://[::1/", "http://tienda\uff20x.myshopify.com"])
def test_a_shop_address_that_cannot_be_read_is_no_shop(address: str) -> None:
    """What Python can't split is refused like any name that is not a shop's own."""
    with pytest.raises(SettingInvalid):
        shop_of(shop(address=address))


async def test_a_callback_that_cannot_be_decoded_is_refused() -> None:
    """A gateway's address with a broken name is a refusal, and no partner key is shown."""
    door = next(door for door in every_door("a", "b", "c") if door.name == "vtex.callback")
    with pytest.raises(PlatformRefused):
        await door.enter("https://xn--a/")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "10.1.", "0x7f000001"]
)
def test_a_rails_address_is_written_plainly(host: str) -> None:
    """Numbers that resolvers read as an address are no name of a live rail."""
    with pytest.raises(SettingInvalid):
        keep_apart(Mode.LIVE, f"https://{host}", "live-key")


@pytest.mark.parametrize(
    "host", ["[::1]", "[64:ff9b::7f00:1]", "100.64.0.1", "224.0.0.1", "localhost."]
)
def test_a_live_rail_is_not_inside(host: str) -> None:
    """No private, shared or tunnelled address is that of a live rail, with or without a dot."""
    with pytest.raises(KeysMixed):
        keep_apart(Mode.LIVE, f"https://{host}", "live-key")
