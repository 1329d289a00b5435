"""What applying a file answers for each item, word for word, and in which order."""

import pytest

from pef_adapters.core.errors import PlatformError
from pef_adapters.core.texts import advise
from pef_adapters.engine.settings_as_code import (
    OutcomeKind,
)
from pef_adapters.platforms.contract import Check
from stores_file_entries import file_of, kept_store, store, talking
from stores_file_world import (
    PUBLIC_URL,
    applied,
    empty_ports,
    sources,
)

OWN = {"name": "tienda", "otherwise": "hold"}
MEND = "run `pef store check` for this store"
WINDOWS = {"original_route_days": 5, "payout_days": 9}


async def test_checks_that_fail_are_told_with_what_to_do_about_each() -> None:
    """A failed check without a mend sends to the store's check; what passed is not named."""
    ports, _ = talking(
        Check("keys", passed=False, detail="refused", mend="make new keys"),
        Check("money", passed=True, detail="fine"),
        Check("webhooks", passed=False, detail="1 of 2", mend=""),
    )
    *_, outcome = await applied(ports, file_of(store()), sources())
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.detail == "keys: refused; webhooks: 1 of 2"
    assert outcome.mends == ("make new keys", MEND)
    assert (outcome.item.name, outcome.link) == ("tienda-pe", "")


async def test_checks_of_a_changed_store_are_told_as_well() -> None:
    """A change after which a check fails is no success; without failed checks it is one."""
    ports, platform = talking()
    await applied(ports, file_of(store(settings={"colour": "red"})), sources())
    platform.checks = (Check("keys", passed=False, detail="refused", mend="make new keys"),)
    *_, outcome = await applied(ports, file_of(store(settings={"colour": "blue"})), sources())
    assert (outcome.kind, outcome.detail, outcome.mends) == (
        OutcomeKind.FAILED,
        "keys: refused",
        ("make new keys",),
    )


@pytest.mark.parametrize(
    ("code", "mend"),
    [("unreachable", None), ("of a later release", MEND)],
)
async def test_an_error_is_told_with_its_own_mend(code: str, mend: str | None) -> None:
    """An error's advice is passed on in English; without any, the store's check is named."""
    ports, platform = talking()
    await applied(ports, file_of(store(settings={"colour": "red"})), sources())
    fault = PlatformError("the store says nothing")
    if mend is not None:
        fault.code = code  # type: ignore[misc]
    platform.trouble = fault
    *_, outcome = await applied(ports, file_of(store(settings={"colour": "blue"})), sources())
    expected = mend or advise(fault.text_key, "en")
    assert expected
    assert (outcome.kind, outcome.detail, outcome.mends) == (
        OutcomeKind.FAILED,
        "the store says nothing",
        (expected,),
    )


async def test_a_change_that_does_not_go_with_the_agencys_policy_changes_nothing() -> None:
    """A store whose new words don't fit its agency stays whole as it was."""
    ports, known = empty_ports(), sources()
    locked = {"name": "strict", "window": {"original_route_days": 5}, "locked": ["window"]}
    agencies = [{"name": "Andina", "policy": {**locked, "otherwise": "hold"}}]
    await applied(ports, file_of(store(agency="Andina"), agencies=agencies), known)
    before = await kept_store(ports)
    wide = {**OWN, "window": {"original_route_days": 20, "payout_days": 60}}
    entry = store(agency="Andina", settings={"colour": "blue"}, policy=wide)
    outcomes = await applied(ports, file_of(entry, agencies=agencies), known)
    assert [each.kind for each in outcomes] == [
        OutcomeKind.NOTHING,
        OutcomeKind.NOTHING,
        OutcomeKind.FAILED,
    ]
    assert await kept_store(ports) == before


async def test_outcomes_come_in_the_plans_order_and_each_item_is_done_once() -> None:
    """Agencies, accounts, stores, then what is not in the file; each store is called once."""
    ports, platform = talking()
    await applied(ports, file_of(store("https://left.pe")), sources())
    platform.asked.clear()
    stores = [store(f"https://t{number}.pe") for number in (3, 1, 2)]
    file = file_of(*stores, agencies=[{"name": "Andina"}])
    outcomes = await applied(ports, file, sources(), at_once=2)
    assert [(each.item.name, each.kind) for each in outcomes] == [
        ("Andina", OutcomeKind.DONE),
        ("main", OutcomeKind.NOTHING),
        ("t3-pe", OutcomeKind.DONE),
        ("t1-pe", OutcomeKind.DONE),
        ("t2-pe", OutcomeKind.DONE),
        ("left-pe", OutcomeKind.NOTHING),
    ]
    assert sorted(each.address for each in platform.asked) == [
        "https://t1.pe",
        "https://t2.pe",
        "https://t3.pe",
    ]


async def test_a_store_whose_platform_has_an_app_waits_for_its_installation() -> None:
    """Without one-click keys the link is that of the app, and the store is prepared."""
    ports, platform = talking()
    *_, outcome = await applied(ports, file_of(store(connect="link")), sources())
    assert (outcome.kind, outcome.detail) == (
        OutcomeKind.WAITS,
        "open the link as the store's owner",
    )
    assert outcome.link == f"{PUBLIC_URL}/connect/fake/install?shop=tienda.pe"
    assert platform.asked == []
    async with ports.book.begin() as ledger:
        assert await ledger.store_ids() == []


async def test_a_store_that_is_connected_is_changed_in_spite_of_its_link() -> None:
    """Only a new store needs its owner's link; a known one is changed at once."""
    ports, known = empty_ports(), sources()
    await applied(ports, file_of(store()), known)
    entry = store(connect="link", settings={"colour": "blue"})
    *_, outcome = await applied(ports, file_of(entry), known)
    assert outcome.kind is OutcomeKind.DONE
    assert (await kept_store(ports)).settings["platform"] == {"colour": "blue"}
