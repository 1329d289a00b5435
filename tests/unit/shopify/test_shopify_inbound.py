"""Webhooks of an app at the adapter's door: genuine, forged, swapped, late and repeated."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SettingInvalid,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
    WebhookRejected,
)
from pef_adapters.platforms.contract import (
    Delivery,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
)
from pef_shopify import inbound, platform
from shopify_samples import (
    ORDER_ID,
    REFUND_ID,
    SHOP,
    connection,
    payment_body,
    privacy_body,
    refund_body,
    signed,
)

OTHER_SHOP = "otra-tienda.myshopify.com"
AT = datetime(2026, 11, 23, 15, 0, 27, 877041, tzinfo=UTC)
WEBHOOK_ID = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
UNINSTALLED = {"id": 954889, "domain": "tienda.example", "myshopify_domain": SHOP}


def receive(delivery: Delivery, **changes: Any) -> tuple[Hint, ...]:
    """What the adapter makes of a delivery."""
    return platform().receive(delivery, connection(**changes))


def only(delivery: Delivery, **changes: Any) -> Hint:
    """The one hint of a delivery."""
    (hint,) = receive(delivery, **changes)
    return hint


def test_a_refund_is_named_with_its_order_and_its_delivery() -> None:
    """refunds/create leads to the refund itself, and says which delivery it was and when."""
    hint = only(signed(refund_body(), "refunds/create"))
    assert hint == Hint(
        kind=HintKind.REFUND_CREATED,
        order_id=str(ORDER_ID),
        refund_id=str(REFUND_ID),
        delivery_id=WEBHOOK_ID,
        at=AT,
    )


def test_the_gid_wins_over_a_number_that_lost_digits() -> None:
    """An id that a copy rounded is taken from the gid beside it."""
    body = refund_body(id=9007199254740992)
    assert only(signed(body, "refunds/create")).refund_id == "9007199254740993"


@pytest.mark.parametrize("identity", ["9.007199254740993e15", "true", '"abc"', "null", "-5", "1.0"])
def test_an_id_that_is_no_whole_number_is_refused(identity: str) -> None:
    """What passed through a float, or never was an id, is not taken for one."""
    body = f'{{"id":{identity},"order_id":5}}'.encode()
    with pytest.raises(BodyUnreadable):
        receive(signed(body, "refunds/create"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 20_000, b'{"id":5}', b"NaN"])
def test_an_unreadable_body_is_refused(body: bytes) -> None:
    """A signed body that is no refund is refused, never an error of another kind."""
    with pytest.raises(BodyUnreadable):
        receive(signed(body, "refunds/create"))


# --- who says it ---


def test_a_forged_delivery_is_refused() -> None:
    """A body signed with another secret is refused."""
    with pytest.raises(SignatureInvalid):
        receive(signed(refund_body(), "refunds/create", secret="otro"))


def test_an_altered_delivery_is_refused() -> None:
    """The signature covers the raw bytes: one blank more is another body."""
    delivery = signed(refund_body(), "refunds/create")
    with pytest.raises(SignatureInvalid):
        receive(dataclasses.replace(delivery, body=delivery.body + b" "))


def test_an_unsigned_delivery_is_refused() -> None:
    """Without a signature nothing gets in."""
    with pytest.raises(SignatureMissing):
        receive(signed(refund_body(), "refunds/create", hmac_sha256=""))


@pytest.mark.parametrize("signature", ["é", "=", "A" * 44, "\udcff"])
def test_odd_app_signatures_are_refused(signature: str) -> None:
    """A signature that is no signature is refused, never an error of another kind."""
    with pytest.raises(SignatureInvalid):
        receive(signed(refund_body(), "refunds/create", hmac_sha256=signature))


def test_a_swapped_shop_is_refused() -> None:
    """The shop's header is unsigned, but one that names another store is refused."""
    with pytest.raises(SourceMismatch):
        receive(signed(refund_body(), "refunds/create", shop_domain=OTHER_SHOP))


def test_a_delivery_without_a_shop_is_refused() -> None:
    """A delivery that names no shop is nobody's."""
    with pytest.raises(SourceMismatch):
        receive(signed(refund_body(), "refunds/create", shop_domain=""))


def test_a_secret_is_rotated_without_losing_a_delivery() -> None:
    """While a secret is rotated both verify; once the old one is out, it does not."""
    secrets = {"client_secret": "nuevo, viejo"}
    for secret in ("nuevo", "viejo"):
        assert receive(signed(refund_body(), "refunds/create", secret=secret), secrets=secrets)
    old = signed(refund_body(), "refunds/create", secret="viejo")
    with pytest.raises(SignatureInvalid):
        receive(old, secrets={"client_secret": "nuevo"})


def test_a_merchants_secret_opens_nothing_at_an_app() -> None:
    """A store with our app takes no delivery that its other webhooks' secret signed."""
    with pytest.raises(SignatureInvalid):
        receive(signed(refund_body(), "refunds/create", secret="hecho_para_pruebas_a_mano"))


def test_an_app_without_a_secret_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing could verify, nothing is taken, and the error names the setting."""
    monkeypatch.delenv("PEF_SHOPIFY_CLIENT_SECRET", raising=False)
    with pytest.raises(SettingInvalid, match="PEF_SHOPIFY_CLIENT_SECRET"):
        receive(signed(refund_body(), "refunds/create"), secrets={"client_secret": ""})


def test_the_operators_app_verifies_where_the_store_names_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A store without an app of its own is served by the one of the environment."""
    monkeypatch.setenv("PEF_SHOPIFY_CLIENT_SECRET", "del_operador")
    own = {"client_secret": "", "client_id": ""}
    assert receive(signed(refund_body(), "refunds/create", secret="del_operador"), secrets=own)


def test_an_oversized_app_delivery_is_refused() -> None:
    """A body over the bound is refused before it is even hashed."""
    with pytest.raises(BodyTooLarge):
        receive(Delivery({}, b" " * (inbound.MAX_BODY_BYTES + 1)))


# --- late and repeated ---


def test_a_late_delivery_gives_the_same_hint_with_its_time() -> None:
    """Hours late, a delivery still only says what to look at, and when it was triggered."""
    late = only(signed(refund_body(), "refunds/create", triggered_at="2026-11-22T01:00:00Z"))
    fresh = only(signed(refund_body(), "refunds/create"))
    assert dataclasses.replace(late, at=fresh.at) == fresh
    assert late.at == datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["", "yesterday", "2026-11-22T01:00:00"])
def test_a_delivery_without_a_usable_time_has_none(stamp: str) -> None:
    """A missing or zoneless time is no time, never a guess."""
    assert only(signed(refund_body(), "refunds/create", triggered_at=stamp)).at is None


def test_a_repeated_delivery_is_the_same_delivery() -> None:
    """A retry carries the same name, by which the second one is dropped."""
    delivery = signed(refund_body(), "refunds/create")
    assert receive(delivery) == receive(delivery)


def test_an_events_name_is_no_deliverys_name() -> None:
    """One event fires several topics, so without a webhook id its name is kept by topic."""
    refund = only(signed(refund_body(), "refunds/create", webhook_id=""))
    money = only(signed(payment_body(), "order_transactions/create", webhook_id=""))
    assert refund.delivery_id != money.delivery_id
    assert "98880550-7158-44d4-b7cd-2c97c8a091b5" in refund.delivery_id


# --- the other topics ---


def test_a_settled_refund_leads_to_its_order() -> None:
    """refunds/create does not fire again when a refund's money settles; this topic does."""
    hint = only(signed(payment_body(), "order_transactions/create"))
    assert (hint.kind, hint.order_id) == (HintKind.ORDER_CHANGED, str(ORDER_ID))
    assert hint.refund_ids is None


def test_a_payment_is_no_news() -> None:
    """A transaction that takes money says nothing about a refund."""
    assert receive(signed(payment_body(kind="sale"), "order_transactions/create")) == ()


def test_a_cancelled_order_leads_to_its_refunds() -> None:
    """Cancelling can refund, so the order's refunds are looked at."""
    hint = only(signed({"id": ORDER_ID}, "orders/cancelled"))
    assert (hint.kind, hint.order_id) == (HintKind.ORDER_CHANGED, str(ORDER_ID))
    assert hint.refund_ids is None


def test_a_changed_order_names_its_refunds_of_money() -> None:
    """The refunds that an order lists are named; one that only restocks is not among them."""
    restocked = {"id": 7, "transactions": []}
    body = {"id": ORDER_ID, "refunds": [{"id": REFUND_ID, "transactions": [{}]}, restocked]}
    assert only(signed(body, "orders/updated")).refund_ids == {str(REFUND_ID)}


def test_a_topic_that_nobody_asked_for_is_let_pass() -> None:
    """Another topic is answered kindly and does nothing."""
    assert receive(signed({"id": 5}, "products/update")) == ()


def test_a_delivery_without_a_topic_is_refused() -> None:
    """Shopify's own package takes it; here a delivery must say what it is about."""
    with pytest.raises(WebhookRejected):
        receive(signed(refund_body(), ""))


def test_a_departure_carries_its_time() -> None:
    """That the app was removed is told with when, so that a newer installation outlives it."""
    hint = only(signed(UNINSTALLED, "app/uninstalled"))
    assert (hint.kind, hint.at) == (HintKind.UNINSTALLED, AT)


@pytest.mark.parametrize(
    "body",
    [{**UNINSTALLED, "myshopify_domain": OTHER_SHOP}, refund_body(), privacy_body()],
    ids=["another shop's", "a refund's", "a privacy request's"],
)
def test_a_departure_needs_a_body_of_this_shop(body: Any) -> None:
    """Topic and shop are unsigned: only a body that names this shop removes anything."""
    with pytest.raises(WebhookRejected):
        receive(signed(body, "app/uninstalled"))


def test_scopes_that_were_taken_back_are_trouble() -> None:
    """Without the right to read orders nothing works, and the detail says what to do."""
    hint = only(signed({"id": 1, "current": ["read_products"]}, "app/scopes_update"))
    assert hint.kind is HintKind.STORE_TROUBLE
    assert "read_orders, write_orders" in hint.detail


def test_scopes_that_suffice_are_no_news() -> None:
    """A right to write holds the right to read."""
    assert receive(signed({"id": 1, "current": ["write_orders"]}, "app/scopes_update")) == ()


# --- privacy ---


def test_a_buyers_request_is_passed_on() -> None:
    """Whoever asks is named as refunds name him, under Shopify's own name of the request."""
    hint = only(signed(privacy_body(), "customers/data_request"))
    assert hint.kind is HintKind.PRIVACY
    assert hint.privacy == PrivacyRequest(
        kind=PrivacyKind.TELL,
        request_id="9999",
        buyers=("email:ana@example.com", "customer:191167"),
        order_ids=("299938", "280263"),
    )


def test_a_buyer_is_erased_by_orders() -> None:
    """customers/redact has no name of its own, so it goes by its delivery's."""
    body = privacy_body(orders_requested=None, data_request=None, orders_to_redact=[299938])
    privacy = only(signed(body, "customers/redact")).privacy
    assert privacy is not None
    assert (privacy.kind, privacy.request_id) == (PrivacyKind.ERASE_BUYER, WEBHOOK_ID)
    assert privacy.order_ids == ("299938",)


def test_a_shop_is_erased() -> None:
    """shop/redact names nobody and asks for everything."""
    body = {"shop_id": 954889, "shop_domain": SHOP}
    privacy = only(signed(body, "shop/redact")).privacy
    assert privacy is not None
    assert (privacy.kind, privacy.buyers) == (PrivacyKind.ERASE_STORE, ())


def test_a_buyer_without_an_address_is_named_by_account() -> None:
    """Where Shopify tells no e-mail, the account alone names the buyer."""
    privacy = only(signed(privacy_body(customer={"id": 7}), "customers/data_request")).privacy
    assert privacy is not None
    assert privacy.buyers == ("customer:7",)


def test_another_shops_privacy_request_is_refused() -> None:
    """The signature is the app's, so the shop in the body decides whose data is meant."""
    with pytest.raises(SourceMismatch):
        receive(signed(privacy_body(shop_domain=OTHER_SHOP), "customers/redact"))


def test_a_buyers_request_is_not_turned_into_a_shops() -> None:
    """The topic is unsigned: one buyer's request relabelled erases no store."""
    with pytest.raises(BodyUnreadable):
        receive(signed(privacy_body(), "shop/redact"))


def test_whoever_asks_is_not_shown() -> None:
    """A hint that is logged names no buyer."""
    hint = only(signed(privacy_body(), "customers/data_request"))
    assert "ana@example.com" not in f"{hint!r} {hint}"


# --- one address for all stores ---


def test_the_shared_inbox_finds_the_store() -> None:
    """A delivery to the app's one address goes to the store whose shop it names."""
    headers = signed(refund_body(), "refunds/create").headers
    assert platform().inbox.store_of(headers) == "tienda-myshopify-com"


@pytest.mark.parametrize("shop", ["", "tienda", "evil.example", "a.b.myshopify.com", "x/../y"])
def test_the_shared_inbox_refuses_what_is_no_shop(shop: str) -> None:
    """Only a name that Shopify gives leads to a store."""
    with pytest.raises(WebhookRejected):
        platform().inbox.store_of({inbound.SHOP: shop})
