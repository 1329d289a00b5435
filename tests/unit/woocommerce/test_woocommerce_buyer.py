"""Who bought, what was bought, and what a message to the buyer becomes: without a store."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pef_adapters.core.errors import PlatformError, PlatformNonsense, PlatformUnreachable
from pef_adapters.testing.fake_woocommerce.mailing import mailed
from pef_woocommerce import mapping
from pef_woocommerce.client import Api
from pef_woocommerce.messages import _as_note
from pef_woocommerce.products import products_of
from pef_woocommerce.settings import Settings
from pef_woocommerce.wire import Order, Product, Refund
from woocommerce_bench import recording, rest_answer

ORDER: dict[str, Any] = json.loads(rest_answer("get_order"))
REFUND: dict[str, Any] = json.loads(rest_answer("get_order_refunds"))[0]
SETTINGS = Settings(payment_methods=("cheque",))


def order_with(**changes: Any) -> Order:
    """The recorded order, changed."""
    return Order.model_validate(ORDER | changes)


def refund_of(*products: int | None) -> Refund:
    """The recorded refund, naming these products."""
    return Refund.model_validate(REFUND | {"line_items": [{"product_id": p} for p in products]})


@pytest.mark.parametrize(
    ("email", "customer_id", "expected"),
    [
        ("cliente@example.test", 0, "email:cliente@example.test"),
        (" Ana.Quispe@Example.COM ", 17, "email:ana.quispe@example.com"),
        ("", 17, "customer:17"),
        (None, 17, "customer:17"),
        ("deleted@site.invalid", 17, "customer:17"),
        ("deleted@site.invalid", 0, None),
        ("  ", 0, None),
    ],
)
def test_a_buyer_is_the_address_else_the_account(
    email: str | None, customer_id: int, expected: str | None
) -> None:
    """The billing e-mail names the buyer, else the account; an erased person is nobody."""
    order = order_with(billing={"email": email}, customer_id=customer_id)
    assert mapping.buyer(order) == expected


@pytest.mark.parametrize("billing", [[], None, {}])
def test_an_order_without_billing_details_is_still_read(billing: object) -> None:
    """PHP's empty list for an empty record hides no refund."""
    assert mapping.buyer(order_with(billing=billing)) is None


def test_no_text_shows_the_buyers_address() -> None:
    """Neither the wire's record nor the canonical one shows the address."""
    refund = mapping.store_refund(refund_of(), order_with(), SETTINGS, {})
    assert refund.buyer == "email:cliente@example.test"
    assert "cliente@" not in f"{order_with()!r} {refund!r} {refund}"


def test_a_real_refund_names_its_products() -> None:
    """A recorded refund of one article of an order names that product, by its parent's id."""
    state = recording("zero_amount")["store_state_after"]
    (refund,) = (Refund.model_validate(each) for each in state["refunds"])
    assert mapping.product_ids(refund, order_with()) == {10}


@pytest.mark.parametrize(
    ("refund", "expected"),
    [
        (refund_of(), {10, 12}),
        (refund_of(12), {12}),
        (refund_of(12, 0), {12}),
        (refund_of(None), set()),
    ],
)
def test_an_amount_alone_stands_for_all_products(refund: Refund, expected: set[int]) -> None:
    """A refund without articles counts for all of the order's; one with them for its own."""
    assert mapping.product_ids(refund, order_with()) == expected


@pytest.mark.parametrize(
    ("products", "categories"),
    [
        ([], None),
        ([{"id": 10}], frozenset()),
        ([{"id": 99, "categories": [{"name": "Otros"}]}], None),
        (
            [{"id": 10, "categories": [{"id": 1, "name": "T&eacute; &amp; caf&#233;"}]}],
            frozenset({"Té & café"}),
        ),
        (
            [{"id": 12, "categories": [{"id": 1, "name": "茶", "slug": "%e8%8c%b6"}]}],
            frozenset({"茶"}),
        ),
        (
            [{"id": 10, "categories": [{"name": "Ropa", "slug": "r-1"}]}, {"id": 12}],
            frozenset({"Ropa", "r-1"}),
        ),
    ],
)
def test_categories_are_what_is_known(
    products: list[dict[str, Any]], categories: frozenset[str] | None
) -> None:
    """Names and slugs as people read them; nothing known of any product is None."""
    known = {each["id"]: Product.model_validate(each) for each in products}
    refund = mapping.store_refund(refund_of(), order_with(), SETTINGS, known)
    assert refund.categories == categories


class Store:
    """A store that answers every request alike, and remembers what it was asked."""

    def __init__(self, status: int, body: str) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = (status, body)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, body = self._answer
        return httpx.Response(status, text=body)

    async def products(self, *refunds: Refund) -> dict[int, Product]:
        """What the adapter makes of this store's products."""
        transport = httpx.MockTransport(self._handle)
        async with httpx.AsyncClient(transport=transport) as client:
            return dict(await products_of(refunds, order_with(), Api(client, "https://t.pe")))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "woocommerce_rest_cannot_view"),
        (403, "woocommerce_rest_cannot_view"),
        (404, "rest_no_route"),
        (404, "woocommerce_rest_product_invalid_id"),
    ],
)
async def test_products_that_may_not_be_read_are_unknown(status: int, code: str) -> None:
    """What the store itself withholds is unknown, and the refund is read all the same."""
    body = json.dumps({"code": code, "message": "Sorry"})
    assert await Store(status, body).products(refund_of()) == {}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, "<h1>Down</h1>", PlatformUnreachable),
        (429, "", PlatformUnreachable),
        (403, "<h1>Firewall</h1>", PlatformNonsense),
        (404, '{"code":"site_suspended"}', PlatformNonsense),
        (200, '[{"id":"x"}]', PlatformNonsense),
    ],
)
async def test_a_broken_answer_about_products_concludes_nothing(
    status: int, body: str, error: type[PlatformError]
) -> None:
    """An outage, or somebody before the store, is never taken for a store without products."""
    with pytest.raises(error):
        await Store(status, body).products(refund_of())


async def test_all_refunds_are_asked_about_at_once() -> None:
    """However many refunds and products there are, one request is made."""
    store = Store(200, "[]")
    assert await store.products(*(refund_of(n) for n in range(1, 151))) == {}
    (request,) = store.asked
    assert request.url.params["include"] == ",".join(map(str, range(1, 101)))


async def test_without_products_nothing_is_asked() -> None:
    """A refund whose articles are no products makes no request."""
    store = Store(503, "")
    assert await store.products(refund_of(None, 0)) == {}
    assert store.asked == []


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("Pague en https://r.example/b/ab-c_d.e", "Pague en https://r.example/b/ab-c_d.e"),
        ("https://r.example/a--b", "https://r.example/a-%2Db"),
        ("https://r.example/?t=a...b", "https://r.example/?t=a.%2E%2Eb"),
        ("https://r.example/-3x4-", "https://r.example/-3%784-"),
        ("https://r--1.example/a", "https://r--1.example/a"),
        ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
        ("S/ 59.90 -- hoy", "S/ 59.90 -- hoy"),
    ],
)
def test_a_message_becomes_a_note(text: str, note: str) -> None:
    """Text is escaped, and of a link only what WordPress would spoil is percent-encoded."""
    assert _as_note(text) == note


@example("0.x0")
@given(st.text("ab-.x0123456789_~=", min_size=1).filter(lambda token: token.strip(".")))
def test_any_signed_link_survives_the_mail(token: str) -> None:
    """Whatever a link's token looks like, the mail shows an equal link."""
    link = f"https://refunds.example/b/{token}"
    assert httpx.URL(mailed(_as_note(f"Aquí: {link}")).removeprefix("Aquí: ")).path == (
        httpx.URL(link).path
    )
