"""How stores stand: what a check found, what was heard, and what needs a mend."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from engine_world import World
from pef_adapters.core.calendar import lima_date
from pef_adapters.core.errors import PlatformUnreachable
from pef_adapters.core.money import Money
from pef_adapters.core.texts import LANGUAGES, advise, explain
from pef_adapters.engine import health
from pef_adapters.engine.departures import leave
from pef_adapters.engine.health import Standing, check_and_keep, check_if_old, is_well, standings
from pef_adapters.engine.janitor import poll_stores
from pef_adapters.engine.records import StoreHealth
from pef_adapters.engine.upkeep import renew_account
from pef_adapters.platforms.contract import Check


async def _standing(world: World) -> Standing:
    async with world.book.begin() as ledger:
        (found,) = await standings(world.ports, ledger, await ledger.store_heads())
    return found


async def _kept(world: World) -> list[StoreHealth]:
    async with world.book.begin() as ledger:
        return await ledger.healths(["tienda-pe"])


def _keys(standing: Standing) -> list[str]:
    return [trouble.key for trouble in standing.troubles]


async def test_a_check_is_kept_and_a_well_store_needs_nothing() -> None:
    """What a check found is there for the next who looks."""
    world = await World().open()
    assert _keys(await _standing(world)) == ["health.never_checked"]
    found = await check_and_keep(world.ports, "tienda-pe")
    assert await _kept(world) == [found]
    standing = await _standing(world)
    assert is_well(standing.head, standing.health)
    assert _keys(standing) == []


async def test_a_failed_check_brings_its_own_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails is a trouble in its own words."""
    world = await World().open()

    async def failing(*_: Any) -> tuple[Check, ...]:
        return (Check("keys", passed=False, detail="may only read", mend="make new keys"),)

    monkeypatch.setattr(world.platform, "check", failing)
    await check_and_keep(world.ports, "tienda-pe")
    (trouble,) = (await _standing(world)).troubles
    assert (trouble.detail, trouble.mend) == ("keys: may only read", "make new keys")


async def test_a_store_that_can_not_be_asked_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the store is kept like any other failed check."""
    world = await World().open()

    async def unreachable(*_: Any) -> tuple[Check, ...]:
        raise PlatformUnreachable

    monkeypatch.setattr(world.platform, "check", unreachable)
    found = await check_and_keep(world.ports, "tienda-pe")
    assert [check["passed"] for check in found.checks] == [False]
    assert _keys(await _standing(world)) == ["health.check_failed"]


async def test_each_store_is_checked_once_a_day_by_the_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The poll checks a store whose last check is a day old, and a fault stops no other."""
    world = await World().open()
    async with world.book.begin() as ledger:
        first = await ledger.store("tienda-pe")
        assert first is not None
        await ledger.add_store(dataclasses.replace(first, id="otra", identity="https://otra.pe"))
    checked: list[str] = []
    real = health.check_store

    async def counted(ports: Any, name: str) -> tuple[Check, ...]:
        checked.append(name)
        if name == "tienda-pe":
            raise PlatformUnreachable
        return await real(ports, name)

    monkeypatch.setattr(health, "check_store", counted)
    await poll_stores(world.ports)
    assert sorted(checked) == ["otra", "tienda-pe"]
    await poll_stores(world.ports)
    assert len(checked) == 2
    world.clock.advance(hours=25)
    assert await check_if_old(world.ports, "otra")
    assert not await check_if_old(world.ports, "otra")


async def test_a_refund_that_no_webhook_told_shows_that_none_comes() -> None:
    """A store is silent when its refunds are found by the poll only, not when it is quiet."""
    world = await World().open()
    await check_and_keep(world.ports, "tienda-pe")
    assert _keys(await _standing(world)) == []
    await world.press("15")
    await world.run()
    assert _keys(await _standing(world)) == []
    world.clock.advance(hours=3)
    world.platform.press("16", Money(100, "PEN"), at=world.clock.now())
    await world.poll()
    assert _keys(await _standing(world)) == ["health.webhook_silent"]


@pytest.mark.parametrize(
    ("days", "key"),
    [(31, None), (30, "expire"), (0, "expire"), (-1, "over")],
)
async def test_keys_and_documents_are_told_before_and_after_their_end(
    days: int, key: str | None
) -> None:
    """A month before the last good day a person is warned, and after it told."""
    world = await World().open()
    await check_and_keep(world.ports, "tienda-pe")
    last = lima_date(world.clock.now()) + timedelta(days=days)
    await renew_account(world.ports, "main", kyc_until=last, keys_until=last)
    expected = [f"health.keys_{key}", f"health.documents_{key}"] if key else []
    assert _keys(await _standing(world)) == expected


async def test_a_store_that_left_says_so_with_its_alarm() -> None:
    """Where our app was removed, that is what stands there, and the open alarm beside it."""
    world = await World().open()
    await check_and_keep(world.ports, "tienda-pe")
    async with world.book.begin() as ledger:
        store = await ledger.store("tienda-pe")
    assert store is not None
    await leave(world.ports, store, at=None)
    standing = await _standing(world)
    assert _keys(standing) == ["health.store_left", "code.STORE_UNINSTALLED"]
    assert not is_well(standing.head, standing.health)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_trouble_has_its_words_and_its_mend(language: str) -> None:
    """Whatever health finds, a person reads what it is and what to do."""
    figures = {"store": "tienda-pe", "account": "main", "day": "2027-01-01"}
    for name in (
        *("store_left", "never_checked", "check_failed", "webhook_silent"),
        *("keys_expire", "keys_over", "documents_expire", "documents_over"),
    ):
        assert "…" not in explain(f"health.{name}", language, figures)
        assert advise(f"health.{name}", language, figures)
