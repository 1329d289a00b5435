"""Spoiled answers: a fixed part of the long run, its own proof, and what the long run found."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

import answer_fuzz
import fuzz_rail
import fuzz_shopify
import fuzz_vtex
import fuzz_woocommerce
from fuzz_answers import NETWORK, Answers, Target, Tried, in_place_of_the_net, tried
from fuzz_mutations import Raw, Rng, Told, mutate, told
from pef_adapters.core.errors import PlatformNonsense, RailError
from pef_adapters.core.moments import in_utc, within_reach, written
from pef_adapters.engine.ports import RailRefund
from pef_adapters.platforms.contract import Changes
from pef_adapters.platforms.http import date_of

_PAYLOADS, _SEED = 3000, 20261130
_EVERY = answer_fuzz.every_target()
# Of several answers to one question the first is the plain success.
_TARGETS = {target.name: target for target in reversed(_EVERY)}


async def test_spoiled_answers_crash_nothing_and_prove_nothing() -> None:
    """No payload of the fixed part ends in a crash or in a success that is none."""
    found = await answer_fuzz.fuzz(range(_PAYLOADS), _SEED)
    assert found.violations == []
    assert found.payloads == _PAYLOADS
    assert set(found.targets) == set(_TARGETS)
    assert len(found.mutations) >= 35


async def test_good_answers_are_believed() -> None:
    """Unspoiled, each question has its answer, and the second reader agrees: no target is dead."""
    refused = []
    with in_place_of_the_net(NETWORK):
        for target in (target for target in _EVERY if "trouble" not in target.name):
            try:
                came = await target.ask(target.answers)
            except RailError as error:
                refused.append(str(error))
            else:
                assert target.faults(target.answers, came) is None, target.name
    assert set(refused) == {"the rail has several refunds under one id"}


async def test_the_samples_say_something() -> None:
    """The unspoiled answers hold a refund, a difference and a payment: there is much to spoil."""
    with in_place_of_the_net(NETWORK):
        read = [_TARGETS["woocommerce.read by order"], _TARGETS["shopify.read"]]
        assert [len(await target.ask(target.answers)) for target in read] == [2, 1]
        compared = _TARGETS["vtex.find_changes"]
        changes = await compared.ask(compared.answers)
    assert isinstance(changes, Changes)
    assert changes.findings


def test_the_same_number_gives_the_same_payload() -> None:
    """Seed and number say everything about a payload."""
    answer = told({"a": [1, {"b": Raw("2.50")}], "c": "x"})
    once = [mutate(Rng(f"1/{number}"), answer) for number in range(200)]
    assert once == [mutate(Rng(f"1/{number}"), answer) for number in range(200)]
    assert len({spoiled.body for _, spoiled in once}) > 100


# --- the run can fail -------------------------------------------------------------------------


async def _spoiled(name: str, which: str, **changes: Any) -> str | None:
    """What the second reader says where the product answers as for a good answer."""
    target = _TARGETS[name]
    with in_place_of_the_net(NETWORK):
        came = await target.ask(target.answers)
    return target.faults(
        {**target.answers, which: _changed(target.answers[which], **changes)}, came
    )


def _changed(answer: Told, *, old: bytes = b"", new: bytes = b"", status: int = 200) -> Told:
    assert old in answer.body
    return Told(answer.body.replace(old, new), status, answer.headers)


@pytest.mark.parametrize(
    ("name", "which", "old", "new"),
    [
        ("rail.send", "answer", b"22.05", b"22.06"),
        ("rail.send", "answer", b"RF-2026-000123-1", b"RF-2026-000123-2"),
        ("rail.send", "answer", b'"11546901"', b'"11546902"'),
        ("rail.send", "answer", b'"PEN"', b'"USD"'),
        ("rail.create_payment", "answer", b"129.80", b"129.08"),
        ("rail.find_payment", "answer", b'"status":23', b'"status":22'),
        ("rail.notification", "body", b"129.80", b"12.980"),
        ("woocommerce.read by order", "order refunds", b"59.90", b"59.91"),
        ("woocommerce.read by order", "order", b'"id":14', b'"id":41'),
        ("woocommerce.find_changes", "orders", b'"id":17', b'"id":18'),
        ("shopify.read", "Refund", b'"59.9"', b'"59.8"'),
        ("shopify.read", "Order", b"#1001", b"#1002"),
        ("shopify.token", "token", b"shpat_nuevo", b"shpat_otro"),
        ("vtex.find_changes", "group", b"5990", b"5991"),
        ("vtex.called for refund", "body", b"20.0", b"20.1"),
    ],
)
async def test_the_second_reader_sees_a_wrong_word(
    name: str, which: str, old: bytes, new: bytes
) -> None:
    """Had the product answered as before, the judge would have told the difference."""
    assert await _spoiled(name, which, old=old, new=new)


@pytest.mark.parametrize(
    ("name", "which"),
    [
        ("rail.send", "answer"),
        ("rail.cancel_payment", "answer"),
        ("woocommerce.read by order", "order"),
        ("woocommerce.write_back", "put order"),
        ("shopify.read", "Refund"),
        ("vtex.callback", "post callback"),
    ],
)
async def test_the_second_reader_sees_a_failed_status(name: str, which: str) -> None:
    """A success on an answer of HTTP 500 would be told."""
    assert await _spoiled(name, which, status=500)


async def test_a_crash_is_told() -> None:
    """An error that is not one of ours is a violation."""

    async def ask(_: Answers) -> None:
        raise KeyError("amount")

    target = Target("x", {"a": told({"b": 1})}, ask, lambda _, __: None)
    done = await tried(target, Rng(1))
    assert isinstance(done, Tried)
    assert done.fault is not None
    assert "crash" in done.fault


# --- what the long run found ----------------------------------------------------------------------


async def _with(name: str, which: str, answer: Told) -> Any:
    """What the product makes of one answer that is another than the good one."""
    target = _TARGETS[name]
    with in_place_of_the_net(NETWORK):
        return await target.ask({**target.answers, which: answer})


def _data(name: str, which: str, old: str, new: str) -> Told:
    return _changed(_TARGETS[name].answers[which], old=old.encode(), new=new.encode())


async def test_a_redirect_to_a_name_that_cannot_be_read_is_an_error_of_ours() -> None:
    """After a refund was asked for, a broken redirect leaves it unknown, and never "not sent"."""
    answer = Told(b"{}", 302, {"Location": "http://xn--a/"})
    with pytest.raises(RailError) as raised:
        await _with("rail.send", "answer", answer)
    assert raised.value.code == "RAIL_MAYBE_SENT"


@pytest.mark.parametrize("token", ["ficha\\u200b", "\\ud800", "a\\nb"])
async def test_a_token_that_fits_no_header_is_not_kept(token: str) -> None:
    """One such token would stop every call of its account until it expires."""
    old = "eyJmYWtl.b25s.eQ"
    with pytest.raises(RailError, match="no token"):
        await _with("rail.authorize", "token", _data("rail.authorize", "token", old, token))
    assert isinstance(await _with("rail.send", "answer", _good("rail.send")), RailRefund)


def _good(name: str) -> Told:
    return _TARGETS[name].answers["answer"]


async def test_an_amount_that_is_a_number_with_a_point_is_not_read() -> None:
    """WooCommerce writes money as text; a JSON number would pass through a float."""
    answer = _data("woocommerce.read by order", "order refunds", '"59.90"', "59.899999999999999")
    with pytest.raises(PlatformNonsense, match="amount"):
        await _with("woocommerce.read by order", "order refunds", answer)


@pytest.mark.parametrize(
    ("name", "which", "old", "new"),
    [
        ("woocommerce.read by order", "order", '"id":14', '"id":41'),
        ("shopify.read", "Refund", "9007199254740993", "9007199254740992"),
        ("shopify.read", "Order", "6318000000000011", "6318000000000012"),
    ],
)
async def test_an_answer_about_another_is_none(name: str, which: str, old: str, new: str) -> None:
    """A store that answers about another order or refund than was asked is not believed."""
    with pytest.raises(PlatformNonsense, match="asked for"):
        await _with(name, which, _data(name, which, old, new))


async def test_shopifys_data_under_a_failed_status_is_not_read() -> None:
    """Data under HTTP 422 is not an answer."""
    good = _TARGETS["shopify.read"].answers["Refund"]
    with pytest.raises(PlatformNonsense, match="422"):
        await _with("shopify.read", "Refund", Told(good.body, 422, good.headers))


async def test_a_page_count_of_thousands_of_digits_is_too_many_pages() -> None:
    """No header makes Python refuse a number."""
    good = _TARGETS["woocommerce.find_changes"].answers["orders"]
    many = Told(good.body, 200, {**good.headers, "X-WP-TotalPages": "9" * 5000})
    with pytest.raises(PlatformNonsense, match="pages"):
        await _with("woocommerce.find_changes", "orders", many)


async def test_an_amount_that_no_money_can_be_is_nonsense() -> None:
    """Thirty digits of cents are the platform's nonsense, and no wrong input of ours."""
    answer = _data("vtex.find_changes", "refunds", "5990", "9" * 30)
    with pytest.raises(PlatformNonsense, match="amount"):
        await _with("vtex.find_changes", "refunds", answer)


async def test_a_token_that_lasts_for_ages_is_none() -> None:
    """Seconds that reach beyond every calendar are no answer of Shopify's."""
    for ages in ("9" * 30, str(2**53)):
        answer = _data("shopify.token", "token", '"expires_in":3600', f'"expires_in":{ages}')
        with pytest.raises(PlatformNonsense, match="no token"):
            await _with("shopify.token", "token", answer)


async def test_notes_that_are_nested_deeply_are_read() -> None:
    """What JSON can hold does not exhaust the reader of VTEX's notes."""
    deep = Told(b'{"a":' * 900 + b"1" + b"}" * 900)
    await _with("vtex.notes", "notes", deep)


@pytest.mark.parametrize(
    ("name", "which", "old"),
    [
        ("woocommerce.read by order", "order refunds", "2026-11-22T14:29:00"),
        ("shopify.read", "Refund", "2026-11-22T14:30:00Z"),
        ("vtex.find_changes", "orders", "2026-11-22T14:30:00.0000000+00:00"),
    ],
)
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999999"]
)
async def test_times_out_of_reach_are_nonsense(
    name: str, which: str, old: str, moment: str
) -> None:
    """A year that overflows in another zone, or a bare number of seconds, is no time."""
    with pytest.raises(PlatformNonsense):
        await _with(name, which, _data(name, which, old, moment))


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:30-05:00", "4102444800", "9999-12-31T23:59:59Z"]
)
async def test_the_rails_times_are_times(moment: str) -> None:
    """A token's end and a payment's date are text with a date, in a year within reach."""
    expiry = _data("rail.authorize", "token", "2999-01-01T00:00:00-05:00", moment)
    with pytest.raises(RailError):
        await _with("rail.authorize", "token", expiry)
    paid = _data("rail.find_payment", "answer", "2026-11-21T08:00:00-05:00", moment)
    with pytest.raises(RailError):
        await _with("rail.find_payment", "answer", paid)


def test_moments_within_reach() -> None:
    """What is written as a time stays what it is, in UTC; everything else is refused."""
    moment = datetime.fromisoformat("2026-11-23T10:00:00-05:00")
    assert written("2026-11-23T10:00:00-05:00") == "2026-11-23T10:00:00-05:00"
    assert written(moment) is moment
    assert within_reach(moment) is moment
    assert in_utc(moment).utcoffset() == timedelta(0)
    for wrong in (1, 1.5, None, "-1", "now", True):
        with pytest.raises(ValueError, match="not a time"):
            written(wrong)


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 -1200",
        "Mon, 23 Nov 2026 15:00:00 +99999999",
        "",
    ],
)
def test_a_servers_clock_out_of_reach_is_none(date: str) -> None:
    """A Date header that can't be reckoned with is as good as none."""
    assert date_of(httpx.Headers({"Date": date})) is None


def test_every_kind_of_answer_is_spoiled() -> None:
    """The rail's calls and news, three platforms' answers, and the calls of VTEX's gateway."""
    modules = (fuzz_rail, fuzz_woocommerce, fuzz_shopify, fuzz_vtex)
    counted: Mapping[str, int] = {module.__name__: len(module.targets()) for module in modules}
    assert all(count >= 7 for count in counted.values())
