"""Shopify's answers, sorted: what is worth another try, what to mend, what is nonsense."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from pef_adapters.core.errors import PlatformNonsense, PlatformRefused, PlatformUnreachable
from pef_shopify.answers import require_done, sorted_answer
from pef_shopify.envelope import Cost
from pef_shopify.installation import ShopAnswer
from pef_shopify.throttle import Bucket
from pef_shopify.wire import UserError

SHOP = {"shop": {"name": "Tienda", "myshopifyDomain": "tienda.myshopify.com"}}


def response(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    """An answer as it arrives."""
    return httpx.Response(status, json=body, headers=headers)


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """An answer that GraphQL gives with an error and no data."""
    extensions = {} if code is None else {"code": code}
    return {"errors": [{"message": message, "extensions": extensions}]}


def cost(available: float, requested: float = 50.0, rate: float = 100.0) -> dict[str, Any]:
    """What an answer says of the bucket."""
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    return {"requestedQueryCost": requested, "throttleStatus": status}


def test_data_is_read_with_the_stores_clock() -> None:
    """A good answer is read, and tells the time at the store."""
    answer = sorted_answer(response({"data": SHOP}, date="Mon, 23 Nov 2026 15:00:00 GMT"))
    assert answer.read(ShopAnswer).shop.myshopify_domain == "tienda.myshopify.com"
    assert answer.date == datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize("date", ["", "soon"])
def test_a_missing_date_is_none(date: str) -> None:
    """An answer without a readable date tells no time."""
    assert sorted_answer(response({"data": SHOP}, date=date)).date is None


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_broken_server_is_worth_another_try(status: int) -> None:
    """Whatever passes by itself is told as unreachable."""
    with pytest.raises(PlatformUnreachable):
        sorted_answer(response({}, status))


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "TIMEOUT"])
def test_a_broken_question_is_worth_another_try(code: str) -> None:
    """GraphQL says with HTTP 200 that it is broken."""
    with pytest.raises(PlatformUnreachable):
        sorted_answer(response(error("oops", code)))


@pytest.mark.parametrize("status", [401, 402, 403, 404, 423])
def test_a_closed_shop_says_what_to_mend(status: int) -> None:
    """Token, bill, rights, name or lock: a person must act, and is told how."""
    with pytest.raises(PlatformRefused, match="; "):
        sorted_answer(response({"errors": "Not Found"}, status))


def test_a_missing_approval_is_named() -> None:
    """Without approval for orders nothing works, and the error says where to ask for it."""
    said = "This app is not approved to access the Order object."
    with pytest.raises(PlatformRefused, match=r"Order object.*protected customer data.*level 1"):
        sorted_answer(response(error(said, "ACCESS_DENIED")))


def test_a_missing_scope_is_named() -> None:
    """Without a scope the error repeats which one Shopify wants."""
    said = "Access denied for orders field. Required access: `read_orders` access scope."
    with pytest.raises(PlatformRefused, match="read_orders"):
        sorted_answer(response(error(said, "ACCESS_DENIED")))


@pytest.mark.parametrize(
    "body",
    [error("Field 'x' doesn't exist"), {}, [], "ok", {"data": None}, {"errors": "Not Found"}],
    ids=str,
)
def test_what_is_no_answer_is_nonsense(body: Any) -> None:
    """From an answer that can't be understood nothing is concluded."""
    with pytest.raises(PlatformNonsense):
        sorted_answer(response(body))


def test_a_page_is_nonsense() -> None:
    """A page of HTML with status 200 is no answer of GraphQL."""
    with pytest.raises(PlatformNonsense):
        sorted_answer(httpx.Response(200, text="<html>Mantenimiento</html>"))


def test_data_of_another_shape_is_nonsense() -> None:
    """An answer without the field that was asked for is not read as something else."""
    with pytest.raises(PlatformNonsense, match="shop"):
        sorted_answer(response({"data": {"shop": None}})).read(ShopAnswer)


def test_user_errors_are_told() -> None:
    """A mutation that was not done says what was refused and why."""
    refused = UserError(message="can't be blank", field=("metafields", "0", "value"))
    with pytest.raises(PlatformRefused, match=r"to tag.*metafields\.0\.value: can't be blank"):
        require_done("to tag the order", (refused,))
    require_done("to tag the order", ())


# --- the rhythm ---


def test_a_throttled_answer_asks_to_slow_down() -> None:
    """THROTTLED comes with HTTP 200, and is no error yet."""
    body = error("Throttled", "THROTTLED") | {"extensions": {"cost": cost(0.0)}}
    assert sorted_answer(response(body)).slow_down is not None
    assert sorted_answer(response(error("Throttled", "THROTTLED"))).slow_down == 2.0


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("soon", 2.0), ("-3", 2.0), ("nan", 2.0), ("inf", 2.0)]
)
def test_429_says_for_how_long(header: str, seconds: float) -> None:
    """429 names the wait; where it does not, a short one is taken."""
    answer = sorted_answer(response({}, 429, **{"retry-after": header}))
    assert answer.slow_down == seconds


def test_a_full_bucket_lets_through() -> None:
    """Nothing is waited for while the points suffice, or where nothing is known."""
    bucket = Bucket()
    assert bucket.seconds_until_enough("order") == 0.0
    bucket.learn("order", Cost.model_validate(cost(50.0)))
    assert bucket.seconds_until_enough("order") == 0.0


def test_a_low_bucket_is_waited_for() -> None:
    """Missing points divided by their rate is the wait, after which they are there."""
    bucket = Bucket()
    bucket.learn("order", Cost.model_validate(cost(10.0, requested=260.0)))
    assert bucket.seconds_until_enough("order") == 2.5
    bucket.waited(2.5)
    assert bucket.seconds_until_enough("order") == 0.0


def test_a_bucket_never_holds_more_than_it_can() -> None:
    """A long wait fills the bucket and no more."""
    bucket = Bucket()
    bucket.learn("order", Cost.model_validate(cost(10.0, requested=2100.0)))
    bucket.waited(3600.0)
    assert bucket.seconds_until_enough("order") == 1.0
