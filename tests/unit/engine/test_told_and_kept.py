"""What is told of buyers' requests, and what is kept when an account is given anew."""

import pytest

from cost_samples import example_costs
from engine_world import World
from pef_adapters.core.costs import read_costs
from pef_adapters.core.policy.library import template
from pef_adapters.core.states import State
from pef_adapters.core.writing import costs_as_written, policy_as_written, stores_as_written
from pef_adapters.engine.onboarding import add_account
from pef_adapters.engine.privacy import digest_privacy, finish_open_cases
from pef_adapters.engine.records import PrivacyCase, Store
from pef_adapters.platforms.coming_in import PrivacyKind, PrivacyRequest
from storage_samples import account
from stores_file_world import account_entry, empty_ports, planned, sources


async def store_of(world: World) -> Store:
    """The one store."""
    async with world.book.begin() as ledger:
        found = await ledger.store("tienda-pe")
    assert found is not None
    return found


async def case_of(world: World) -> PrivacyCase:
    """The one case."""
    async with world.book.begin() as ledger:
        (case,) = await ledger.privacy_cases()
    return case


@pytest.mark.parametrize("kind", [PrivacyKind.TELL, PrivacyKind.ERASE_BUYER])
async def test_erasing_waits_for_money_under_way_and_telling_does_not(kind: PrivacyKind) -> None:
    """What is not over yet is waited for, for twenty-five days at most."""
    world = await World().open()
    await world.press("15", 5000, buyer="email:ana@x.pe")
    await world.run()
    request = PrivacyRequest(
        kind=kind, request_id="P1", buyers=("email:ana@x.pe",), order_ids=("14",)
    )
    waits = kind is not PrivacyKind.TELL
    said = await digest_privacy(world.ports, await store_of(world), request)
    assert said == f"privacy: {kind}{', waits' if waits else ''}"
    assert ((await case_of(world)).done_at is None) is waits
    assert await digest_privacy(world.ports, await store_of(world), request) == "known"
    world.clock.advance(days=25, seconds=-1)
    await finish_open_cases(world.ports)
    assert ((await case_of(world)).done_at is None) is waits
    world.clock.advance(seconds=1)
    await finish_open_cases(world.ports)
    case = await case_of(world)
    assert case.done_at is not None
    assert case.kept["refunds"] == 1
    assert (await world.refund()).state is State.PENDING


async def test_nothing_under_way_is_erased_at_once() -> None:
    """A refund that is over holds nothing up."""
    world = await World().open()
    await world.press("15", 5000)
    await world.run()
    world.rail.settle()
    await world.until(State.REFUNDED)
    world.clock.advance(days=30)
    request = PrivacyRequest(kind=PrivacyKind.ERASE_BUYER, request_id="P1", order_ids=("14",))
    said = await digest_privacy(world.ports, await store_of(world), request)
    assert said == f"privacy: {PrivacyKind.ERASE_BUYER}"


async def test_an_account_given_anew_keeps_its_days_and_costs() -> None:
    """What it was told later is not in the keys that are given again."""
    world = await World().open()
    told = {"kyc_until": "2027-01-01", "keys_until": "2027-02-01", "costs": {"fees": []}}
    await add_account(world.ports, account(id="main", settings={**told, "origin": "ios"}))
    await add_account(world.ports, account(id="main", settings={"origin": "web"}))
    async with world.book.begin() as ledger:
        kept = await ledger.account("main")
    assert kept is not None
    assert kept.settings == {**told, "origin": "web"}
    await add_account(world.ports, account(id="other", settings={"origin": "web"}))


def test_costs_are_read_back_as_they_are_written() -> None:
    """The example of the guide, whole."""
    assert read_costs(costs_as_written(example_costs())) == example_costs()


async def test_a_plan_says_whether_there_is_anything_to_do() -> None:
    """A new account is; an empty file is not."""
    file = {"version": 1, "accounts": [account_entry()], "stores": []}
    assert (await planned(empty_ports(), file, sources())).has_changes is True
    nothing = {"version": 1, "accounts": [], "stores": []}
    assert (await planned(empty_ports(), nothing, sources())).has_changes is False


def test_a_written_file_is_read_by_people() -> None:
    """Names first, letters as they are."""
    assert "Año" in stores_as_written({"stores": [{"title": "Año"}]})
    text = policy_as_written(template("return"))
    assert text.startswith("name:")
    assert text.index("id:") < text.index("when:") < text.index("then:")
