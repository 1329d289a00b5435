"""Who a refund and a buyer are, codes that people type, and the words of the rail."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine_world import World
from pef_adapters.engine.identity import buyer_mark, checkout_id, merchant_refund_id, refund_id
from pef_adapters.engine.one_time_codes import key_of, new_code
from pef_adapters.engine.rail_words import of_attempt, of_exchange
from storage_samples import attempt, exchange, store

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seconds(at: datetime) -> float:
    """How long to wait."""
    return (at - NOW).total_seconds()


# identity and codes


def test_ids_follow_from_identity_alone() -> None:
    """After the loss of everything the same press leads to the same id."""
    own = refund_id("https://tienda.pe", "woocommerce", "15")
    assert re.fullmatch(r"RF[A-Z2-7]{14}", own)
    assert own == refund_id("http://tienda.pe", "woocommerce", "15")
    others = {
        refund_id("https://otra.pe", "woocommerce", "15"),
        refund_id("https://tienda.pe", "vtex", "15"),
        refund_id("https://tienda.pe", "woocommerce", "16"),
        own,
    }
    assert len(others) == 4
    paid = checkout_id("https://tienda.pe", "woocommerce", "15")
    assert (paid[:2], paid[2:]) == ("PC", own[2:])
    assert (merchant_refund_id(own, 2), len(merchant_refund_id(own, 99))) == (f"{own}-2", 19)


def test_ids_of_old_days_stay() -> None:
    """A rail that saw this id before must see it again."""
    assert refund_id("https://tienda.pe", "fake", "15") == "RFH3X5C37YK7XGRF"


async def test_one_email_is_one_buyer_for_all_stores_of_an_account() -> None:
    """Any other mark is a buyer of its store alone."""
    ports = World().ports
    one, two = store(id="a"), store(id="b")
    assert buyer_mark(ports, one, "email:x@y.pe") == buyer_mark(ports, two, "email:x@y.pe")
    assert buyer_mark(ports, one, "id:7") != buyer_mark(ports, two, "id:7")
    other = replace(one, account_id="other")
    assert buyer_mark(ports, one, "email:x@y.pe") != buyer_mark(ports, other, "email:x@y.pe")


def test_a_code_is_read_as_people_type_it() -> None:
    """Hyphens, case and misread letters don't count; its purpose does."""
    code = new_code()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert len({new_code() for _ in range(50)}) == 50
    assert key_of("a", "O1IL-2222-ABCD") == key_of("a", " 0111 2222abcd")
    assert key_of("a", code) != key_of("b", code)


# the rail's words


def test_what_the_rail_said_last_is_explained() -> None:
    """Status and text, each that has a meaning."""
    said = of_attempt(attempt(rail_status="PROCESSING", rail_text="nothing we know"), "en")
    assert [word.word for word in said] == ["PROCESSING"]
    assert all((word.means, word.next_step is not None) for word in said)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"code":"508"}', ["508"]),
        ('{"code":508,"data":[{"status":23}]}', ["508", "23"]),
        ('{"data":{"State":"25","amount":"23"}}', ["25"]),
        ('{"data":{"statusDescription":"PROCESSING."}}', ["PROCESSING."]),
        ('{"status":{"code":"508"}}', ["508"]),
        ('{"code":"of no meaning"}', []),
        ("<html>", []),
        (None, []),
    ],
)
def test_codes_and_states_of_an_answer_are_explained(body: str | None, words: list[str]) -> None:
    """Under telling names only, however deep they stand."""
    found = of_exchange(exchange(answer_body=body), "en")
    assert [word.word for word in found] == words
