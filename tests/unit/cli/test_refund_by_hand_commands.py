"""`pef refund search`, `bundle`, `find`, `new`, `withdraw`, `pef store add by-hand`: for real."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from command_world import CommandWorld
from pef_adapters.core.money import Money
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Payment

STORE = ("--store", "tienda-pe")
PAYMENT = (*STORE, "--transaction", "11546901")
PRESS = (*PAYMENT, "--amount", "50.00", "--reason", "agotado", "--by", "Rosa")


@pytest.fixture
def world(database: str) -> CommandWorld:
    """One store whose payment of S/ 129.80 is known."""
    opened = CommandWorld.opened(database)
    opened.written(_pay)
    return opened


async def _pay(ledger: Ledger) -> None:
    zero = Money.zero("PEN")
    payment = Payment(
        account_id="main",
        transaction_id="11546901",
        paid=Money(12980, "PEN"),
        reserved=zero,
        refunded=zero,
        paid_at=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    )
    await ledger.add_payment(payment)
    store = await ledger.store("tienda-pe")
    assert store is not None
    await ledger.add_store(replace(store, id="otra-pe", identity="https://otra.pe"))


def test_a_refund_is_found_pressed_and_found_again(world: CommandWorld) -> None:
    """What remains is shown, the press lowers it, and the refund is found by what is known."""
    assert world.answer("refund", "find", *PAYMENT)["rest"] == "129.80"
    made = world.answer("refund", "new", *PRESS, "--rest", "129.80", "--key", "k1")
    again = world.answer("refund", "new", *PRESS, "--rest", "129.80", "--key", "k1")
    assert (made["id"], made["platform"], made["amount"]) == (again["id"], "by_hand", "50.00")
    found = world.answer("refund", "find", *PAYMENT)
    assert (found["asked"], found["rest"]) == ("50.00", "79.80")
    assert "79.80" in world.said("refund", "find", *PAYMENT)
    for known in (("--transaction", "11546901"), ("--amount", "50.00"), STORE):
        (listed,) = world.answer("refund", "search", *known)["refunds"]
        assert listed["id"] == made["id"]
    assert made["id"] in world.said("refund", "search", "--state", "received")
    for other in (("--order", "99"), ("--attention",), ("--until", "2020-01-01")):
        assert world.answer("refund", "search", *other)["refunds"] == []


def test_a_rest_that_has_changed_is_refused(world: CommandWorld) -> None:
    """The second press had seen another rest, so nothing is done."""
    world.answer("refund", "new", *PRESS, "--rest", "129.80")
    code, _ = world.refusal("refund", "new", *PRESS, "--rest", "129.80")
    assert code == "REST_CHANGED"
    assert len(world.answer("refund", "search")["refunds"]) == 1


def test_what_was_pressed_by_mistake_is_withdrawn(world: CommandWorld) -> None:
    """Its amount remains again, and the old key goes on naming it; without a reason nothing is."""
    made = world.answer("refund", "new", *PRESS, "--rest", "129.80", "--key", "k1")
    withdraw = ("refund", "withdraw", made["id"], "--by", "Luis", "--why")
    assert world.refusal(*withdraw, " ")[0] == "INVALID_INPUT"
    assert world.answer(*withdraw, "por error")["state"] == "cancelled"
    assert world.answer("refund", "find", *PAYMENT)["rest"] == "129.80"
    again = world.answer("refund", "new", *PRESS, "--rest", "129.80", "--key", "k1")
    assert (again["id"], again["state"]) == (made["id"], "cancelled")
    assert world.refusal("refund", "retry", made["id"], "--by", "Luis")[0] == "TRANSITION_REFUSED"
    assert "por error" in world.said("refund", "show", made["id"])


def test_what_cannot_be_searched_is_refused(world: CommandWorld) -> None:
    """A customer number without a store, or an amount that is none."""
    assert world.refusal("refund", "search", "--buyer", "17")[0] == "INVALID_INPUT"
    assert world.refusal("refund", "search", "--amount", "ten")[0] == "INVALID_MONEY"


def test_a_bundle_is_written_once(world: CommandWorld, tmp_path: Path) -> None:
    """The ZIP file can be read; a file that is there is left alone."""
    made = world.answer("refund", "new", *PRESS, "--rest", "129.80")
    file = tmp_path / "refund.zip"
    world.said("refund", "bundle", made["id"], "--to", str(file))
    names = zipfile.ZipFile(io.BytesIO(file.read_bytes())).namelist()
    assert f"{made['id']}/story.json" in names
    assert world.refusal("refund", "bundle", made["id"], "--to", str(file))[0] == "INVALID_INPUT"


def test_a_store_without_a_shop_is_added_and_checked(world: CommandWorld) -> None:
    """It is a store like any other, whose checks say that there is no shop to reach."""
    added = world.answer("store", "add", "by-hand", "--name", "feria-1")
    assert added["store"]["id"] == "by-hand-feria-1"
    assert all(check["passed"] for check in added["checks"])
    assert "no shop" in world.said("store", "check", "by-hand-feria-1")
    pressed = [word.replace("tienda-pe", "by-hand-feria-1") for word in PRESS]
    made = world.answer("refund", "new", *pressed, "--rest", "129.80")
    assert made["store"] == "by-hand-feria-1"
    assert world.refusal("store", "add", "by-hand", "--name", "Feria 1")[0] == "SETTING_INVALID"
