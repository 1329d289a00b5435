"""`pef privacy`: what was asked by law, what was erased and kept, and what is on record."""

from dataclasses import replace
from typing import Any

import pytest

from command_world import CommandWorld
from pef_adapters.core.texts import explain
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import PrivacyCase
from pef_adapters.platforms.contract import PrivacyKind
from storage_samples import NOON, refund

_STORE, _OTHER = "tienda-pe", "otra-pe"
_BUYER = "a keyed hash of ana"


def _case(name: str, kind: PrivacyKind = PrivacyKind.TELL, **changes: Any) -> PrivacyCase:
    made = PrivacyCase(
        id=name,
        store_id=_STORE,
        kind=kind,
        buyers=(_BUYER,),
        order_ids=("14",),
        received_at=NOON,
    )
    return replace(made, **changes)


async def _ask(ledger: Ledger) -> None:
    """Two stores' requests, one of them done; a name that both of them use."""
    store = await ledger.store(_STORE)
    assert store is not None
    await ledger.add_store(replace(store, id=_OTHER, identity="https://otra.pe"))
    both = {"order_id": "14", "buyer": _BUYER, "reason": "Ana pide", "account_id": "main"}
    await ledger.add_refund(refund(1, id="RF1", store_id=_STORE, order_number="N-14", **both))
    await ledger.add_refund(refund(2, id="RF2", store_id=_OTHER, order_number="N-15", **both))
    done = _case("erase-1", PrivacyKind.ERASE_BUYER)
    await ledger.add_privacy_case(done)
    counts = {"refunds": 1, "why": "code.KEPT_BY_LAW"}
    ended = replace(done, done_at=NOON, erased={"refunds": 1, "destinations": 2}, kept=counts)
    await ledger.end_privacy_case(ended)
    await ledger.add_privacy_case(_case("tell-1"))
    await ledger.add_privacy_case(_case("both"))
    await ledger.add_privacy_case(_case("both", store_id=_OTHER))


@pytest.fixture
def world(database: str) -> CommandWorld:
    """A ledger with requests in it."""
    opened = CommandWorld.opened(database)
    opened.written(_ask)
    return opened


def test_requests_are_listed_with_what_was_done(world: CommandWorld) -> None:
    """Each request with its store, and how much was erased and kept; of each store alone."""
    cases = world.answer("privacy", "list")["cases"]
    assert {(each["store"], each["id"]) for each in cases} == {
        *((_STORE, name) for name in ("erase-1", "tell-1", "both")),
        (_OTHER, "both"),
    }
    (erased,) = [each for each in cases if each["id"] == "erase-1"]
    assert erased["erased"] == {"refunds": 1, "destinations": 2}
    assert erased["kept"] == {"refunds": 1, "why": "code.KEPT_BY_LAW"}
    assert erased["done_at"] == NOON.isoformat()
    (others,) = world.answer("privacy", "list", "--store", _OTHER)["cases"]
    assert (others["id"], others["done_at"]) == ("both", None)


def test_a_list_is_read_by_people(world: CommandWorld) -> None:
    """Counts stand in words, and what was not erased yet says so."""
    said = world.said("privacy", "list")
    assert "refunds 1, destinations 2" in said
    assert "nothing" in said


def test_nothing_was_asked(database: str) -> None:
    """Without any request the list is empty, and that is no error."""
    empty = CommandWorld.opened(database)
    assert empty.answer("privacy", "list") == {"cases": []}
    assert empty.said("privacy", "list")


@pytest.mark.parametrize("language", ["en", "es_PE", "zh_Hans"])
def test_what_is_on_record_is_shown_and_why(world: CommandWorld, language: str) -> None:
    """The store can answer its buyer: the refunds of his orders, and why they are kept."""
    said = " ".join(world.said("privacy", "show", "tell-1", "--language", language).split())
    assert "RF1" in said
    assert "N-14" in said
    assert explain("code.KEPT_BY_LAW", language) in said


def test_one_stores_request_shows_no_other_stores_refunds(world: CommandWorld) -> None:
    """Order 14 of another store is another buyer's."""
    shown = world.answer("privacy", "show", "tell-1")
    assert [each["id"] for each in shown["refunds"]] == ["RF1"]
    assert set(shown["refunds"][0]) == {"id", "order", "amount", "state", "requested_at"}


def test_a_name_that_two_stores_use_must_be_told_apart(world: CommandWorld) -> None:
    """Nobody is shown the wrong buyer's refunds by chance."""
    code, message = world.refusal("privacy", "show", "both")
    assert code == "INVALID_INPUT"
    assert "--store" in message
    shown = world.answer("privacy", "show", "both", "--store", _OTHER)
    assert (shown["store"], [each["id"] for each in shown["refunds"]]) == (_OTHER, ["RF2"])


def test_an_unknown_request_is_refused(world: CommandWorld) -> None:
    """The answer says where requests are listed; another store's is not there either."""
    for words in (("nobody",), ("tell-1", "--store", _OTHER)):
        code, message = world.refusal("privacy", "show", *words)
        assert code == "NOT_THERE"
        assert "pef privacy list" in message


def test_nobody_is_named(world: CommandWorld) -> None:
    """Neither the buyer's mark nor what was typed as a reason is printed."""
    for words in (("list",), ("show", "tell-1"), ("show", "erase-1")):
        for said in (world.said("privacy", *words), world.said("privacy", *words, "--json")):
            assert _BUYER not in said
            assert "Ana" not in said
