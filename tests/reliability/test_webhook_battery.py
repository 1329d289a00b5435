"""The webhook battery's short, fixed part; `make webhooks` is the long one."""

import time
from collections.abc import AsyncIterator, Callable

import pytest

from pef_adapters.pagoefectivo import exact_json, signature
from pef_adapters.pagoefectivo.notifications import MAX_BODY_BYTES
from pef_shopify import wire as shopify_json
from pef_vtex import exact_json as vtex_json
from webhook_entries import DOORS
from webhook_hostile import besiege
from webhook_house import House, open_house
from webhook_log import stumbles
from webhook_lost import MOST_MINUTES, without_webhooks
from webhook_orders import shuffle_events
from webhook_replay import replay, rotation
from webhook_shops import ShopifyApp, VtexGateway, WooCommerce

# Of doors with one scheme between them the long form tries all, this one the strictest.
_LEFT_OUT = {"shopify app, newer secret", "shopify app, older secret", "vtex refunds"}
_DOORS = tuple(door for door in DOORS if door.name not in _LEFT_OUT)


@pytest.fixture(scope="module")
async def house(module_database: str) -> AsyncIterator[House]:
    """The service, two tenants of each platform, and their shops."""
    async with open_house(module_database) as opened:
        yield opened


async def test_nothing_hostile_is_believed(house: House) -> None:
    """One attack of each kind at each door: refused, nothing kept; the genuine one is taken."""
    found = await besiege(house, 1, doors=_DOORS, bomb_megabytes=32, each_kind=1)
    assert found.wrong == []
    assert found.genuine == 2 * len(_DOORS)
    assert found.deliveries > 30 * len(_DOORS)


async def test_repeated_across_a_restart_has_one_effect(house: House) -> None:
    """Every delivery several times, shuffled, while the service restarts: each refund paid once."""
    wrong = list[str]()
    with stumbles(wrong):
        found = await replay(house, 2, refunds=1, times=2)
    assert wrong + found.wrong == []
    assert (found.refunds, found.restarts) == (4, 1)


async def test_any_order_of_events_has_one_end(house: House) -> None:
    """Created, pending, succeeded, returned and reversed in several orders end in one state."""
    found = await shuffle_events(
        house, 3, most=1, shops=(WooCommerce, VtexGateway), endings=("returned",)
    )
    assert found.wrong == []
    assert found.orders == 2
    assert {end[0] for ends in found.ends.values() for end in ends} == {"returned"}


async def test_without_any_webhook_the_truth_is_found(house: House) -> None:
    """Polls and looks alone bring each refund to its end within half an hour and a poll."""
    found = await without_webhooks(
        house, 4, each=1, shops=(WooCommerce, ShopifyApp), decides_after=(3,)
    )
    assert found.wrong == []
    assert found.refunds == 2
    assert max(found.until_truth) <= MOST_MINUTES


async def test_two_secrets_live_while_one_is_rotated_out(house: House) -> None:
    """Signed by either, nothing is dropped; once the older is out, it opens nothing."""
    assert await rotation(house, 5, deliveries=2) == (2, [])


def test_an_unfinished_string_costs_no_time() -> None:
    """The longest body of quotes that never end is looked through once, not once a quote."""
    body = b'"' + b'\\"' * (MAX_BODY_BYTES // 2 - 1)
    started = time.perf_counter()
    assert signature.compact(body) == body
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "read", [exact_json.read, vtex_json.read, shopify_json.read_json], ids=["rail", "vtex", "shop"]
)
def test_json_is_read_in_utf8_alone(read: Callable[[bytes], object]) -> None:
    """A body in another encoding is no JSON; the mark that some senders put first is."""
    assert read(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-32-be"):
        with pytest.raises(ValueError, match=r"."):
            read('{"a":1}'.encode(encoding))
