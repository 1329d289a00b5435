"""The adapter against a store in bad moods: nothing is concluded from a broken answer."""

import dataclasses
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms import http
from pef_adapters.platforms.contract import (
    Check,
    Hint,
    HintKind,
    OrderReport,
    RefundLine,
)
from pef_woocommerce import platform
from pef_woocommerce.client import open_api
from woocommerce_bench import (
    CIP,
    READ_ONLY_KEY,
    SECRET,
    Listener,
    RemoteStore,
    connection,
    store_running,
)

LINE = RefundLine(
    refund_id="1",
    our_id="ours",
    state=State.PENDING,
    amount=Money(5990, "PEN"),
    revision=1,
    expected_on=None,
    updated_at=datetime(2026, 11, 23, tzinfo=UTC),
    note="Enviado a PagoEfectivo.",
    marker="ours/1",
)


def about(order_id: str) -> Hint:
    """A hint that an order changed."""
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=order_id)


def failed(checks: tuple[Check, ...]) -> dict[str, Check]:
    """The failed checks by name."""
    return {check.name: check for check in checks if not check.passed}


async def test_display_decimals_do_not_touch_amounts(remote: RemoteStore) -> None:
    """A store that shows no decimals still gives 59.90 to the céntimo."""
    remote.moods(decimals=0)
    order_id = remote.paid_order()
    remote.press(order_id, "59.90")
    (refund,) = await platform().read(about(order_id), connection(remote.home))
    assert refund.amount == Money(5990, "PEN")
    assert refund.order_total == Money(11980, "PEN")


async def test_many_refunds_are_read_through_all_pages(remote: RemoteStore) -> None:
    """More refunds than one page holds are all read, and all found by the poll."""
    order_id = remote.paid_order("500.00")
    for _ in range(7):
        remote.do("POST", f"/orders/{order_id}/refunds", {"amount": "1.00", "times": 18})
    store = connection(remote.home)
    assert len(await platform().read(about(order_id), store)) == 126
    changes = await platform().find_changes(datetime.now(UTC) - timedelta(hours=1), store)
    found = {hint.refund_id for hint in changes.hints if hint.refund_id}
    assert len(found) == 126


async def test_a_trashed_order_is_still_read(remote: RemoteStore) -> None:
    """Moving an order to the trash does not hide its refunds."""
    order_id = remote.paid_order()
    remote.press(order_id, "10.00")
    remote.do("POST", f"/orders/{order_id}", {"action": "trash"})
    assert len(await platform().read(about(order_id), connection(remote.home))) == 1


async def test_a_gateways_own_refund_says_so(remote: RemoteStore) -> None:
    """A refund whose money the gateway already moved is told apart."""
    order_id = remote.paid_order()
    remote.press(order_id, "10.00", by_gateway=True)
    (refund,) = await platform().read(about(order_id), connection(remote.home))
    assert refund.paid_by_gateway


async def test_the_cip_is_found_in_a_meta_key(remote: RemoteStore) -> None:
    """With the setting meta:NAME the CIP comes from that field."""
    order_id = remote.paid_order(transaction_id="other", meta={"_cip": CIP})
    remote.press(order_id, "10.00")
    store = connection(remote.home, settings={"transaction_id_from": "meta:_cip"})
    (refund,) = await platform().read(about(order_id), store)
    assert refund.transaction_id == CIP


@pytest.mark.parametrize(
    ("moods", "error"),
    [
        ({"down": True}, PlatformUnreachable),
        ({"plain_permalinks": True}, PlatformNonsense),
        ({"strip_authorization": True}, PlatformRefused),
    ],
)
async def test_a_broken_store_concludes_nothing(
    remote: RemoteStore, moods: dict[str, Any], error: type[Exception]
) -> None:
    """An outage, a 404 page and stripped keys are errors, never "not there"."""
    order_id = remote.paid_order()
    refund_id = remote.press(order_id, "10.00")
    remote.moods(**moods)
    created = Hint(kind=HintKind.REFUND_CREATED, refund_id=refund_id)
    for hint in (about(order_id), created):
        with pytest.raises(error):
            await platform().read(hint, connection(remote.home))


async def test_keys_in_the_query_help_where_the_header_is_stripped(remote: RemoteStore) -> None:
    """With auth = query the store is read although its server drops the header."""
    order_id = remote.paid_order()
    remote.press(order_id, "10.00")
    remote.moods(strip_authorization=True)
    store = connection(remote.home, settings={"auth": "query"})
    assert len(await platform().read(about(order_id), store)) == 1


async def test_plain_http_needs_its_permission(remote: RemoteStore) -> None:
    """Without allow_http no request goes to a plain http address."""
    store = connection(remote.home, settings={"allow_http": False})
    with pytest.raises(PlatformRefused, match="https"):
        await platform().read(about("1"), store)


async def test_private_stores_need_their_permission(remote: RemoteStore) -> None:
    """A store in a private network is refused, and the refusal says how to allow it."""
    http.allow_private_stores(False)
    with pytest.raises(PlatformRefused, match="PEF_ALLOW_PRIVATE_STORES"):
        await platform().read(about("1"), connection(remote.home))


async def test_a_lost_answer_does_not_double_the_note(remote: RemoteStore) -> None:
    """A note whose answer was lost is found again by its marker."""
    order_id = remote.paid_order()
    refund_id = remote.press(order_id, "59.90")
    report = OrderReport(order_id, (dataclasses.replace(LINE, refund_id=refund_id),))
    remote.moods(lose_answers=1)
    with pytest.raises(PlatformUnreachable):
        await platform().write_back(report, connection(remote.home))
    await platform().write_back(report, connection(remote.home))
    order = remote.order(order_id)
    assert order["notes"] == ["Enviado a PagoEfectivo. [ours/1]"]
    assert order["record"][refund_id] == {
        "state": "pending",
        "amount": "59.90",
        "currency": "PEN",
        "revision": 1,
        "expected_on": None,
        "updated_at": "2026-11-23T00:00:00+00:00",
        "our_id": "ours",
    }


async def test_a_marker_is_not_taken_for_a_longer_one(remote: RemoteStore) -> None:
    """The note of revision 1 is written although the one of revision 10 stands."""
    order_id = remote.paid_order()
    for marker in ("ours/10", "ours/1"):
        line = dataclasses.replace(LINE, marker=marker)
        await platform().write_back(OrderReport(order_id, (line,)), connection(remote.home))
    assert len(remote.order(order_id)["notes"]) == 2


async def test_an_erased_order_has_nothing_to_hear(remote: RemoteStore) -> None:
    """Writing on an order that is gone ends quietly and writes nothing anywhere."""
    order_id = remote.paid_order()
    before = remote.order(order_id)
    await platform().write_back(OrderReport("999", (LINE,)), connection(remote.home))
    assert remote.order(order_id) == before


async def test_ids_from_elsewhere_never_become_a_path(remote: RemoteStore) -> None:
    """An id that WooCommerce can't have made is refused before it is asked."""
    with pytest.raises(PlatformNonsense):
        await platform().read(about("1/../../wp/v2/users"), connection(remote.home))


async def test_a_read_only_key_fails_the_writing_check(remote: RemoteStore) -> None:
    """Keys that may only read are found out without writing anything."""
    store = connection(remote.home, secrets={"consumer_key": READ_ONLY_KEY})
    checks = failed(await platform().check(store))
    assert "writing" in checks
    assert "read/write" in checks["writing"].mend
    with pytest.raises(PlatformRefused):
        await platform().connect(store)


@pytest.mark.parametrize(
    ("changes", "name", "mend"),
    [
        ({"settings": {"payment_methods": ["culqi"]}}, "payment methods", "pagoefectivo"),
        (
            {"settings": {"transaction_id_from": "meta:_x"}},
            "transaction ids",
            "transaction_id_from",
        ),
        ({"settings": {"payment_methods": []}}, "settings", "correct"),
        ({}, "webhooks", "connect the store again"),
    ],
)
async def test_checks_name_what_is_wrong(
    remote: RemoteStore, changes: dict[str, Any], name: str, mend: str
) -> None:
    """A wrong setting or missing webhooks fail their own check, with a way to mend it."""
    remote.paid_order()
    wrong = failed(await platform().check(connection(remote.home, **changes)))
    assert mend in wrong[name].mend


async def test_another_home_fails_the_site_check(remote: RemoteStore) -> None:
    """A store that calls itself by another address would send webhooks we refuse."""
    store = connection(remote.home.replace("127.0.0.1", "localhost"))
    checks = failed(await platform().check(store))
    assert remote.home in checks["site"].mend


async def test_plain_permalinks_fail_the_site_check(remote: RemoteStore) -> None:
    """A 404 page where the REST API should be is told as a matter of permalinks."""
    remote.moods(plain_permalinks=True)
    checks = failed(await platform().check(connection(remote.home)))
    assert "Permalinks" in checks["site"].mend


async def test_webhooks_of_others_are_left_alone(remote: RemoteStore, listener: Listener) -> None:
    """Connecting removes our duplicates and dead ones, and nobody else's."""
    for url in (listener.url, listener.url + "/other"):
        await _create_webhook(remote, url)
    store = connection(remote.home, callback_url=listener.url)
    await platform().connect(store)
    hooks = remote.do("GET", "/webhooks")
    assert sorted(h["topic"] for h in hooks if h["delivery_url"] == listener.url) == [
        "action.woocommerce_refund_created",
        "action.woocommerce_refund_deleted",
        "order.updated",
    ]
    assert [h["topic"] for h in hooks if h["delivery_url"] != listener.url] == ["order.updated"]


async def test_a_new_secret_replaces_the_webhooks(remote: RemoteStore, listener: Listener) -> None:
    """After the secret changed, webhooks signed with the old one are replaced."""
    old = connection(remote.home, callback_url=listener.url)
    new = dataclasses.replace(old, secrets={**old.secrets, "webhook_secret": "another1"})
    await platform().connect(old)
    before = {hook["id"] for hook in remote.do("GET", "/webhooks")}
    await platform().connect(new)
    after = {hook["id"] for hook in remote.do("GET", "/webhooks")}
    assert len(after) == 3
    assert not before & after


async def test_a_secret_that_woocommerce_alters_is_refused(remote: RemoteStore) -> None:
    """A webhook secret with markup or entities is refused before it is stored."""
    store = connection(remote.home, secrets={"webhook_secret": "a&amp;b"})
    with pytest.raises(PlatformRefused, match="letters and digits"):
        await platform().connect(store)


@pytest.mark.parametrize("auth", ["header", "query"])
async def test_no_log_shows_a_key(
    remote: RemoteStore, caplog: pytest.LogCaptureFixture, auth: str
) -> None:
    """Not even at the finest level does a log hold the secret, or a request's log a signature."""
    caplog.set_level(logging.DEBUG)
    await platform().check(connection(remote.home, settings={"auth": auth}))
    requests = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    assert requests
    assert not any("oauth_" in request for request in requests)
    assert SECRET not in caplog.text


async def test_a_future_order_does_not_carry_the_cursor_away(remote: RemoteStore) -> None:
    """The poll's cursor stays an overlap behind the store's clock and never goes back."""
    remote.paid_order()
    store, now = connection(remote.home), datetime.now(UTC)
    first = await platform().find_changes(now - timedelta(hours=1), store)
    assert now - timedelta(minutes=11) < first.cursor < now - timedelta(minutes=9)
    ahead = now + timedelta(hours=1)
    assert (await platform().find_changes(ahead, store)).cursor == ahead


async def test_an_old_store_is_read_without_the_list_of_refunds() -> None:
    """WooCommerce 8.2 has no list of all refunds; a refund is found through its order."""
    with store_running(woocommerce_version="8.2.2") as old:
        order_id = old.paid_order()
        refund_id = old.press(order_id, "59.90")
        hint = Hint(kind=HintKind.REFUND_CREATED, refund_id=refund_id)
        (refund,) = await platform().read(hint, connection(old.home))
    assert (refund.order_id, refund.amount) == (order_id, Money(5990, "PEN"))


async def _create_webhook(remote: RemoteStore, url: str) -> None:
    body = {"name": "x", "topic": "order.updated", "delivery_url": url}
    async with open_api(connection(remote.home)) as api:
        await api.write("POST", "webhooks", body)
