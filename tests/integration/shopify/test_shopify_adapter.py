"""The adapter against a whole shop: what is read, polled, written and checked, on the real wire."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import (
    Check,
    Hint,
    HintKind,
    OrderReport,
    PrivacyKind,
    RefundLine,
    StoreRefund,
)
from pef_adapters.testing.fake_shopify import Subscription
from pef_shopify import outbound, platform, webhooks
from pef_shopify.client import open_api
from pef_shopify.installation import ScopesAnswer
from shopify_bench import (
    CIP,
    CLIENT_ID,
    TOKEN,
    WEBHOOK_SECRET,
    Listener,
    RemoteShop,
    shop_running,
    shopify_app,
)
from shopify_connected import Records, connected, reached
from shopify_samples import by_hand

ALL_SCOPES = ("read_orders", "write_orders", "read_all_orders")
EVER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def hooks() -> Iterator[Listener]:
    """Where the shop's webhooks arrive."""
    with Listener().listening() as listening:
        yield listening


@pytest.fixture
def listener(hooks: Listener) -> Listener:
    """The same, emptied."""
    hooks.deliveries.clear()
    return hooks


@pytest.fixture
def shop(listener: Listener) -> Iterator[RemoteShop]:
    """A fresh shop whose app may see orders of any age."""
    app = shopify_app(listener, scopes=ALL_SCOPES)
    with shop_running(apps=(app,)) as remote, reached(remote):
        yield remote


@pytest.fixture
def narrow_shop() -> Iterator[RemoteShop]:
    """A fresh shop whose app sees the orders of 60 days, as one does at first."""
    with shop_running() as remote, reached(remote):
        yield remote


def about(order_id: str) -> Hint:
    """A hint that an order changed."""
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=order_id)


async def read(order_id: str, **changes: Any) -> tuple[StoreRefund, ...]:
    """All refunds of an order."""
    return await platform().read(about(order_id), connected(**changes))


async def by_id(refund_id: str, order_id: str | None = None) -> tuple[StoreRefund, ...]:
    """One refund, by its id alone or with its order's."""
    hint = Hint(kind=HintKind.REFUND_CREATED, order_id=order_id, refund_id=refund_id)
    return await platform().read(hint, connected())


def line(refund_id: str, **changes: Any) -> RefundLine:
    """A line that says: accepted."""
    given: dict[str, Any] = {
        "our_id": "ours",
        "state": State.PENDING,
        "amount": Money(5990, "PEN"),
        "revision": 1,
        "expected_on": "2026-11-30",
        "updated_at": datetime(2026, 11, 23, tzinfo=UTC),
        "note": "PagoEfectivo aceptó el reembolso.",
        "marker": "ours/1",
    }
    return RefundLine(refund_id=refund_id, **given | changes)


async def tell(order_id: str, *lines: RefundLine) -> None:
    """Write a report about an order."""
    await platform().write_back(OrderReport(order_id, lines), connected())


async def failed(**changes: Any) -> dict[str, Check]:
    """The failed checks by name."""
    checks = await platform().check(connected(**changes))
    return {check.name: check for check in checks if not check.passed}


# --- reading ---


async def test_a_refund_is_read_by_its_id_alone(shop: RemoteShop) -> None:
    """Ids beyond 2^53 come back whole, and the id alone finds refund and order."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90", note="talla")
    (found,) = await by_id(refund_id)
    assert (found.refund_id, found.order_id, found.reason) == (refund_id, order_id, "talla")
    assert int(refund_id) > 2**53
    assert (found.amount, found.transaction_id) == (Money(5990, "PEN"), CIP)


async def test_a_refund_of_another_order_is_not_there(shop: RemoteShop) -> None:
    """A refund that stands on another order than the hint says reads as nothing."""
    order_id, other = shop.paid_order(), shop.paid_order()
    assert await by_id(shop.press(order_id, "1.00"), other) == ()
    assert await by_id("99999999") == ()


async def test_only_money_is_a_refund(shop: RemoteShop) -> None:
    """Of a restock, a sum of two, a failure and a settled one, two give money back."""
    order_id = shop.paid_order("500.00")
    shop.press(order_id, restock_only=True)
    both = shop.press(order_id, amounts=["75.00", "10.00"])
    shop.press(order_id, "20.00", status="failure")
    pending = shop.press(order_id, "5.00", status="pending")
    found = {refund.refund_id: refund.amount for refund in await read(order_id)}
    assert found == {both: Money(8500, "PEN"), pending: Money(500, "PEN")}


async def test_many_transactions_are_read_through_all_pages(shop: RemoteShop) -> None:
    """A refund of more transactions than one page holds is their whole sum."""
    order_id = shop.paid_order("500.00")
    shop.press(order_id, amounts=["1.00"] * 60)
    (found,) = await read(order_id)
    assert found.amount == Money(6000, "PEN")


async def test_what_paypal_gave_back_is_not_ours(shop: RemoteShop) -> None:
    """A refund that was made in another provider's dashboard is none of our business."""
    order_id = shop.paid_order(gateway="paypal", manual=False)
    shop.press(order_id, "59.90", status="success", message="Manually refunded from PayPal")
    (found,) = await read(order_id)
    assert not found.ours


async def test_what_our_gateway_gave_back_is_told(shop: RemoteShop) -> None:
    """Where a gateway that counts as PagoEfectivo moves the money itself, nothing is paid twice."""
    order_id = shop.paid_order(manual=False)
    shop.press(order_id, "59.90", status="success", message="Manually refunded from PayPal")
    (found,) = await read(order_id)
    assert (found.ours, found.paid_by_gateway) == (True, True)


async def test_references_are_read_from_the_order(shop: RemoteShop) -> None:
    """An attribute and a metafield hold the CIP as well as the payment does."""
    order_id = shop.paid_order()
    shop.press(order_id, "59.90")
    settings = {"transaction_reference": "attribute:CIP"}
    (found,) = await read(order_id, settings=settings)
    assert found.transaction_id == CIP
    settings = {"transaction_reference": "metafield:pago.cip"}
    (found,) = await read(order_id, settings=settings)
    assert found.transaction_id is None


async def test_an_order_too_old_to_be_shown_is_not_taken_for_erased(
    narrow_shop: RemoteShop,
) -> None:
    """Where the app sees 60 days only, an older refund is never believed to be deleted."""
    order_id = narrow_shop.paid_order(days_old=61)
    refund_id = narrow_shop.press(order_id, "59.90")
    for reading in (read(order_id), by_id(refund_id), by_id(refund_id, order_id)):
        with pytest.raises(PlatformRefused, match="read_all_orders"):
            await reading
    with pytest.raises(PlatformRefused, match="read_all_orders"):
        await tell(order_id, line(refund_id))


async def test_an_old_order_is_read_by_whoever_may(shop: RemoteShop) -> None:
    """With read_all_orders an order's age does not matter."""
    order_id = shop.paid_order(days_old=85)
    refund_id = shop.press(order_id, "59.90")
    (found,) = await read(order_id)
    assert found.refund_id == refund_id


async def test_a_missing_approval_is_no_empty_shop(shop: RemoteShop) -> None:
    """Without approval for orders nothing is concluded, and the error says what to ask for."""
    order_id = shop.paid_order()
    shop.deploy(shopify_app(scopes=ALL_SCOPES, protected_data=0))
    for work in (read(order_id), platform().find_changes(EVER, connected())):
        with pytest.raises(PlatformRefused, match="level 1"):
            await work


async def test_a_refused_token_is_renewed_once(shop: RemoteShop) -> None:
    """A token that Shopify takes no more is replaced, and the question asked again."""
    order_id = shop.paid_order()
    shop.press(order_id, "59.90")
    pair = shop.install()
    records = Records({**pair, "expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()})
    store = connected(secrets=records.secrets, records=records)
    shop.do("POST", "/tokens/expire", {"client_id": CLIENT_ID})
    assert len(await platform().read(about(order_id), store)) == 1
    assert records.renewals == 1
    assert records.secrets["access_token"] != pair["access_token"]


async def test_no_token_is_logged(shop: RemoteShop, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is logged of a request, the token is not in it."""
    caplog.set_level(logging.DEBUG)
    await read(shop.paid_order())
    assert "graphql.json" in caplog.text
    assert TOKEN not in caplog.text


# --- the poll ---


async def test_the_poll_reads_all_pages(shop: RemoteShop) -> None:
    """More orders than a page holds, and more refunds than are listed, are all found."""
    orders = [shop.paid_order() for _ in range(45)]
    many = shop.paid_order("500.00")
    refunds = [shop.press(many, "1.00") for _ in range(12)]
    some = shop.press(orders[0], "1.00")
    changes = await platform().find_changes(EVER, connected())
    told = {hint.order_id: hint.refund_ids for hint in changes.hints}
    assert set(told) == {*orders, many}
    assert told[orders[0]] == {some}
    assert told[many] is None
    assert {refund.refund_id for refund in await read(many)} == set(refunds)


async def test_the_poll_passes_over_orders_of_others(shop: RemoteShop) -> None:
    """An order that another method was paid by is not looked at."""
    shop.press(shop.paid_order(gateway="paypal", manual=False), "1.00", status="success")
    assert (await platform().find_changes(EVER, connected())).hints == ()


async def test_the_cursor_stays_behind_the_stores_clock(shop: RemoteShop) -> None:
    """The next poll begins ten minutes before this one began, and never before the last."""
    shop.paid_order(days_old=3)
    changes = await platform().find_changes(EVER, connected())
    behind = datetime.now(UTC) - changes.cursor
    assert timedelta(minutes=10) <= behind < timedelta(minutes=11)
    later = datetime.now(UTC) + timedelta(days=1)
    assert (await platform().find_changes(later, connected())).cursor == later


async def test_the_poll_finds_only_what_changed_since(shop: RemoteShop) -> None:
    """An order that did not change since is left out."""
    shop.paid_order(days_old=3)
    since = datetime.now(UTC) - timedelta(hours=1)
    assert (await platform().find_changes(since, connected())).hints == ()


# --- writing ---


async def test_what_the_merchant_wrote_stays(shop: RemoteShop) -> None:
    """Note, attributes and tags of others are as before; only a tag of ours is added."""
    order_id = shop.paid_order(note="Frágil", attributes={"CIP": CIP, "regalo": "sí"})
    shop.data(
        'mutation ($id: ID!) { tagsAdd(id: $id, tags: ["VIP"]) { userErrors { message } } }',
        {"id": f"gid://shopify/Order/{order_id}"},
    )
    await tell(order_id, line(shop.press(order_id, "59.90")))
    order = shop.order(order_id)
    assert (order["note"], order["attributes"]) == ("Frágil", {"CIP": CIP, "regalo": "sí"})
    assert sorted(order["tags"]) == ["VIP", "pagoefectivo-refund-pending"]


async def test_tags_say_what_an_order_went_through(shop: RemoteShop) -> None:
    """A later state adds its tag, and none is taken away."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90")
    await tell(order_id, line(refund_id))
    await tell(order_id, line(refund_id, state=State.REFUNDED, revision=2, marker="ours/2"))
    assert sorted(shop.order(order_id)["tags"]) == [
        "pagoefectivo-refund-pending",
        "pagoefectivo-refund-refunded",
    ]


async def test_a_late_report_adds_no_tag(shop: RemoteShop) -> None:
    """A report that was overtaken writes neither record nor tag."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90")
    await tell(order_id, line(refund_id, state=State.REFUNDED, revision=3, marker="ours/3"))
    before = shop.order(order_id)
    await tell(order_id, line(refund_id, state=State.FAILED, revision=2, marker="ours/2"))
    assert shop.order(order_id) == before


async def test_the_record_is_the_apps_own(shop: RemoteShop) -> None:
    """It stands in the namespace reserved for the app, as JSON by refund."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90")
    await tell(order_id, line(refund_id))
    ((name, value),) = shop.order(order_id)["metafields"].items()
    assert name.startswith("app--")
    assert name.endswith(f".{outbound.RECORD_KEY}")
    assert json.loads(value) == {
        refund_id: {
            "state": "pending",
            "amount": "59.90",
            "currency": "PEN",
            "revision": 1,
            "expected_on": "2026-11-30",
            "updated_at": "2026-11-23T00:00:00+00:00",
            "our_id": "ours",
            "notes": [
                {
                    "marker": "ours/1",
                    "at": "2026-11-23T00:00:00+00:00",
                    "text": "PagoEfectivo aceptó el reembolso.",
                }
            ],
        }
    }


async def test_the_record_stays_small(shop: RemoteShop) -> None:
    """However often a refund moves, its last ten sentences are kept, each of bounded length."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90")
    for revision in range(1, 13):
        marker = f"ours/{revision}"
        await tell(order_id, line(refund_id, revision=revision, marker=marker, note="x" * 2000))
    notes = shop.order(order_id)["record"][refund_id]["notes"]
    assert [note["marker"] for note in notes] == [f"ours/{n}" for n in range(3, 13)]
    assert {len(note["text"]) for note in notes} == {outbound.MOST_LETTERS}


async def test_an_erased_order_is_told_nothing(shop: RemoteShop) -> None:
    """Where there is no order any more, there is nothing to tell and no error."""
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90")
    shop.change(order_id, "erase")
    await tell(order_id, line(refund_id))


# --- webhooks, on the wire ---


async def test_each_event_leads_to_the_refund(shop: RemoteShop, listener: Listener) -> None:
    """A press, a settled refund and a cancelled order each say which order to look at."""
    store = connected(callback_url=listener.url)
    await platform().connect(store)
    order_id = shop.paid_order()
    refund_id = shop.press(order_id, "59.90", status="pending")
    transaction = shop.refund_transaction(order_id)["id"]
    shop.do("POST", f"/orders/{order_id}/transactions/{transaction}", {"status": "success"})
    shop.change(order_id, "cancel")
    shop.flush()
    hints = [h for d in listener.deliveries for h in platform().receive(d, store)]
    assert {hint.order_id for hint in hints} == {order_id}
    assert [hint.refund_id for hint in hints].count(refund_id) == 1
    assert len(hints) == 3
    assert len({hint.delivery_id for hint in hints}) == 3
    assert all(hint.at is not None for hint in hints)


async def test_a_repeated_delivery_keeps_its_name(shop: RemoteShop, listener: Listener) -> None:
    """Sent three times, late at last, a delivery is known for the same one."""
    store = connected(callback_url=listener.url)
    await platform().connect(store)
    shop.press(shop.paid_order(), "59.90")
    shop.flush()
    repeat = {"topic": "refunds/create", "times": 2, "older_by_seconds": 20_000}
    shop.do("POST", "/deliveries/repeat", repeat)
    found = [d for d in listener.deliveries if d.headers["x-shopify-topic"] == "refunds/create"]
    hints = [hint for delivery in found for hint in platform().receive(delivery, store)]
    assert len(hints) == 3
    assert len({hint.delivery_id for hint in hints}) == 1


async def test_departure_and_privacy_come_through(shop: RemoteShop, listener: Listener) -> None:
    """What the app declares itself arrives as a departure and as requests about a buyer."""
    order_id = shop.paid_order(email="Ana@Example.com")
    for topic in ("customers/data_request", "customers/redact"):
        shop.do("POST", "/privacy", {"topic": topic, "order": int(order_id)})
    shop.do("POST", f"/apps/{CLIENT_ID}/uninstall")
    shop.do("POST", f"/apps/{CLIENT_ID}/redact")
    shop.flush()
    hints = [h for d in listener.deliveries for h in platform().receive(d, connected())]
    asked = [hint.privacy for hint in hints if hint.privacy]
    assert [hint.kind for hint in hints].count(HintKind.UNINSTALLED) == 1
    kinds = {PrivacyKind.TELL, PrivacyKind.ERASE_BUYER, PrivacyKind.ERASE_STORE}
    assert {each.kind for each in asked} == kinds
    of_buyer = [each for each in asked if each.kind is not PrivacyKind.ERASE_STORE]
    assert {each.order_ids for each in of_buyer} == {(order_id,)}
    assert {each.buyers[0] for each in of_buyer} == {"email:ana@example.com"}


async def test_a_rotated_secret_loses_nothing(listener: Listener) -> None:
    """While Shopify still signs with the older secret, its deliveries are taken."""
    app = shopify_app(client_secret="nuevo", still_signs_with="viejo")
    with shop_running(apps=(app,)) as shop, reached(shop):
        store = connected(callback_url=listener.url, secrets={"client_secret": "nuevo,viejo"})
        await platform().connect(store)
        shop.press(shop.paid_order(), "59.90")
        shop.flush()
        assert all(platform().receive(d, store) is not None for d in listener.deliveries)
    assert listener.deliveries


async def test_a_webhook_of_the_merchants_own_is_kept(listener: Listener) -> None:
    """Without an app, the body alone says what was refunded; a vague one is trouble, not lost."""
    hook = Subscription(topic="refunds/create", uri=listener.url)
    with shop_running(merchant_webhooks=(hook,)) as shop:
        refund_id = shop.press(shop.paid_order(), "59.90")
        shop.moods(vague_webhooks=True)
        shop.press(shop.paid_order(), "10.00")
        shop.flush()
    store = by_hand(secrets={"webhook_secret": WEBHOOK_SECRET})
    clear, vague = [h for d in listener.deliveries for h in platform().receive(d, store)]
    assert clear.asked is not None
    assert (clear.asked.refund_id, str(clear.asked.amount)) == (refund_id, "59.90")
    assert (clear.asked.payment_reference, vague.kind) == (CIP, HintKind.STORE_TROUBLE)


async def test_webhooks_of_others_are_left_alone(shop: RemoteShop, listener: Listener) -> None:
    """A webhook of ours that leads elsewhere, and one of the merchant, stay as they are."""
    shop.do("POST", "/webhooks", {"topic": "refunds/create", "uri": "https://otro.example/"})
    elsewhere = connected(callback_url="https://staging.example/webhooks/shopify/tienda")
    await platform().connect(elsewhere)
    await platform().connect(connected(callback_url=listener.url))
    assert len(shop.live_webhooks()) == 1 + 2 * len(webhooks.TOPICS)


# --- checks ---


async def test_a_narrow_app_is_told(narrow_shop: RemoteShop, listener: Listener) -> None:
    """An app without read_all_orders passes all but that one check, which says where to ask."""
    store = {"callback_url": listener.url}
    await platform().connect(connected(**store))
    narrow_shop.paid_order()
    found = await failed(**store)
    assert set(found) == {"old orders"}
    assert "read_all_orders" in found["old orders"].mend


async def test_rights_that_were_taken_back_are_told(shop: RemoteShop) -> None:
    """Without the right to write, the check names it."""
    shop.do("POST", f"/apps/{CLIENT_ID}/scopes", {"scopes": ["read_orders"]})
    assert "write_orders" in (await failed())["scopes"].detail


async def test_a_wrong_gateway_is_told(shop: RemoteShop) -> None:
    """Where no recent order was paid by the configured method, the check lists what there is."""
    shop.paid_order()
    found = await failed(settings={"gateways": ["Pago Efectivo"]})
    assert "PagoEfectivo" in found["gateways"].mend


async def test_a_wrong_place_of_the_reference_is_told(shop: RemoteShop) -> None:
    """Where no recent paid order carries a reference, the check says which place was tried."""
    shop.paid_order()
    found = await failed(settings={"transaction_reference": "attribute:cip"})
    assert "attribute:cip" in found["transaction references"].detail


@pytest.mark.usefixtures("shop")
async def test_a_dead_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that is over is answered by the oldest one alive, and the check notices."""
    monkeypatch.setenv("PEF_SHOPIFY_API_VERSION", "2025-10")
    assert "2026-01" in (await failed())["version"].detail


@pytest.mark.parametrize("version", ["2026-01", "2026-04", "2026-07", "2026-10"])
async def test_every_live_version_serves(
    version: str, shop: RemoteShop, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each version that is alive answers all of our questions."""
    monkeypatch.setenv("PEF_SHOPIFY_API_VERSION", version)
    store = {"callback_url": listener.url}
    await platform().connect(connected(**store))
    order_id = shop.paid_order()
    await tell(order_id, line(shop.press(order_id, "59.90")))
    assert len(await read(order_id)) == 1
    assert await failed(**store) == {}


@pytest.mark.usefixtures("shop")
async def test_a_token_of_another_shop_is_told() -> None:
    """Where the token opens another shop than the connected one, the check says which."""
    found = await failed(address="https://otra-tienda.myshopify.com")
    assert "tienda.myshopify.com" in found["shop"].detail


@pytest.mark.usefixtures("shop")
async def test_the_distribution_is_told() -> None:
    """The owner learns whether refunds of this store may be paid out by bank."""
    checks = {check.name: check for check in await platform().check(connected())}
    assert checks["distribution"].passed
    assert "custom" in checks["distribution"].detail


async def test_an_address_that_is_no_shops_gets_no_token(shop: RemoteShop) -> None:
    """A token goes to Shopify's own names only, however the store was typed."""
    store = connected(address=shop.home)
    with pytest.raises(PlatformRefused, match=r"NAME\.myshopify\.com"):
        async with open_api(store) as api:
            await api.ask("scopes", ScopesAnswer)
