"""Webhooks of a real store, and forgeries of them, at the adapter's door."""

import base64
import dataclasses
import hashlib
import hmac
import json
from typing import Any

import pytest

from pef_adapters.core.errors import (
    BodyTooLarge,
    BodyUnreadable,
    SettingInvalid,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.platforms.contract import Delivery, Hint, HintKind
from pef_woocommerce import inbound, platform
from woocommerce_bench import connection, delivery_of, recorded_requests, recording

SIGNED = [request for request in recorded_requests() if "secret" in request]
UPDATED, CREATED = "order.updated", "action.woocommerce_refund_created"


def topic_of(request: dict[str, Any]) -> str:
    """What a recorded request announces."""
    return str(dict(request["headers"])["X-WC-Webhook-Topic"])


def signed(body: bytes, topic: str, source: str = "https://127.0.0.1:8443/") -> Delivery:
    """A delivery of our own making, signed with the secret "abc"."""
    digest = hmac.new(b"abc", body, hashlib.sha256).digest()
    headers = {
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-source": source,
        "x-wc-webhook-signature": base64.b64encode(digest).decode(),
    }
    return Delivery(headers, body)


def receive(delivery: Delivery, secret: str = "abc") -> tuple[Hint, ...]:
    """What the adapter makes of a delivery to the store of the recordings."""
    return platform().receive(delivery, connection(secrets={"webhook_secret": secret}))


def expected(request: dict[str, Any]) -> Hint:
    """The hint that a recorded request must give, from its own body."""
    body = json.loads(request["body"])
    if topic_of(request) == CREATED:
        return Hint(kind=HintKind.REFUND_CREATED, refund_id=str(body["arg"]))
    if topic_of(request) == UPDATED:
        ids = frozenset(str(refund["id"]) for refund in body["refunds"])
        return Hint(kind=HintKind.ORDER_CHANGED, order_id=str(body["id"]), refund_ids=ids)
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=str(body["arg"]))


def test_the_recordings_are_there() -> None:
    """The fixtures hold signed requests of both kinds that matter."""
    assert {CREATED, UPDATED} <= {topic_of(request) for request in SIGNED}
    assert len(SIGNED) >= 20


@pytest.mark.parametrize("request_", SIGNED, ids=topic_of)
def test_each_recorded_request_verifies_and_maps(request_: dict[str, Any]) -> None:
    """A real store's signature verifies and leads to the right order or refund."""
    assert receive(delivery_of(request_), request_["secret"]) == (expected(request_),)


@pytest.mark.parametrize("request_", SIGNED, ids=topic_of)
def test_each_recorded_request_altered_is_refused(request_: dict[str, Any]) -> None:
    """The same request with one more blank is refused."""
    delivery = delivery_of(request_)
    altered = dataclasses.replace(delivery, body=delivery.body + b" ")
    with pytest.raises(SignatureInvalid):
        receive(altered, request_["secret"])


def test_two_refunds_sharing_a_delivery_id_stay_two() -> None:
    """Two refund_created of one second share their Delivery-ID and give two refunds."""
    requests = recording("two_before_delivery")["requests"]
    created = [request for request in requests if topic_of(request) == CREATED]
    delivery_ids = {dict(request["headers"])["X-WC-Webhook-Delivery-ID"] for request in created}
    hints = {receive(delivery_of(r), r["secret"])[0].refund_id for r in created}
    assert len(delivery_ids) == 1
    assert hints == {"73", "74"}


def test_the_unsigned_ping_is_taken_for_what_it_is() -> None:
    """The recorded ping of a new webhook gives a PING hint and no error."""
    (ping,) = recording("webhook_created_in_admin_ping")["requests"]
    assert receive(delivery_of(ping)) == (Hint(kind=HintKind.PING),)


def test_a_ping_with_a_signature_is_verified() -> None:
    """A body that looks like a ping but claims a signature must prove it."""
    with pytest.raises(SignatureInvalid):
        receive(Delivery({"x-wc-webhook-signature": "AAAA"}, b"webhook_id=1"))


@pytest.mark.parametrize("body", [b"webhook_id=1&order=5", b"webhook_id=", b"", b'{"arg":5}'])
def test_other_unsigned_bodies_are_refused(body: bytes) -> None:
    """Without a signature nothing but the exact ping gets in."""
    with pytest.raises(SignatureMissing):
        receive(Delivery({}, body))


@pytest.mark.parametrize("signature", ["é", "=", "A" * 44, "\udcff"])
def test_odd_signatures_are_refused(signature: str) -> None:
    """A signature that is no signature is refused, never an error of another kind."""
    with pytest.raises(SignatureInvalid):
        receive(Delivery({"x-wc-webhook-signature": signature}, b"{}"))


def test_another_secret_is_refused() -> None:
    """A request signed by another store's secret is refused."""
    with pytest.raises(SignatureInvalid):
        receive(delivery_of(SIGNED[0]), "abd")


def test_an_oversized_body_is_refused_first() -> None:
    """The size is looked at before the signature."""
    with pytest.raises(BodyTooLarge):
        receive(Delivery({}, b"x" * (inbound.MAX_BODY_BYTES + 1)))


@pytest.mark.parametrize(
    "source",
    ["", "https://127.0.0.1/", "https://otra.example/", "https://127.0.0.1:8443/shop/", "http://["],
)
def test_another_stores_name_is_refused(source: str) -> None:
    """A well signed delivery must name this store's address."""
    with pytest.raises(SourceMismatch):
        receive(signed(b'{"action":"x","arg":1}', CREATED, source))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://tienda.pe/", "http://tienda.pe", True),
        ("https://Tienda.PE:443/shop/", "https://tienda.pe/shop", True),
        ("https://tienda.pe/shop", "https://tienda.pe/", False),
        ("https://tienda.pe", "https://www.tienda.pe", False),
        ("https://tienda.pe:8443", "https://tienda.pe", False),
    ],
)
def test_addresses_are_compared_without_their_scheme(one: str, other: str, *, same: bool) -> None:
    """Scheme, case, default port and last slash don't make another store; the rest does."""
    assert inbound.same_place(one, other) is same


@pytest.mark.parametrize(
    "body",
    [
        b'{"code":"woocommerce_rest_cannot_view","message":"Sorry","data":{"status":401}}',
        b'{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":404}',
    ],
)
def test_a_signed_error_is_the_stores_trouble(body: bytes) -> None:
    """An error that the store signed is told as trouble, with its code, and fails nothing."""
    (hint,) = receive(signed(body, UPDATED))
    assert hint.kind is HintKind.STORE_TROUBLE
    assert json.loads(body)["code"] in hint.detail


def test_a_deleted_refund_is_told() -> None:
    """The admin's deletion of a refund names the refund."""
    body = b'{"action":"woocommerce_refund_deleted","arg":69}'
    hint = Hint(kind=HintKind.REFUND_DELETED, refund_id="69")
    assert receive(signed(body, "action.woocommerce_refund_deleted")) == (hint,)


@pytest.mark.parametrize("topic", ["product.updated", "action.woocommerce_api_edit_product", ""])
def test_topics_that_are_not_ours_give_no_hint(topic: str) -> None:
    """A signed delivery about something else is taken and means nothing."""
    assert receive(signed(b'{"action":"x","arg":1}', topic)) == ()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"arg":', b'{"arg":-4}', b'{"arg":"x"}', b"[" * 9999]
)
def test_signed_nonsense_is_unreadable(body: bytes) -> None:
    """A signed body that is not this topic's JSON is refused as unreadable."""
    with pytest.raises(BodyUnreadable):
        receive(signed(body, CREATED))


def test_a_missing_secret_is_a_setting_to_mend() -> None:
    """A store without a webhook secret accepts nothing; the text shows no value."""
    store = dataclasses.replace(connection(), secrets={"consumer_key": "ck_hidden"})
    with pytest.raises(SettingInvalid) as raised:
        platform().receive(signed(b"{}", CREATED), store)
    assert "ck_hidden" not in str(raised.value)
