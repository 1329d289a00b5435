"""Stores that must not touch each other."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from engine_world import World
from pef_adapters.core.errors import (
    NotThere,
    PlatformUnreachable,
    SecretUnreadable,
    SettingInvalid,
)
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.engine import onboarding
from pef_adapters.engine.onboarding import StoreRequest, add_store


async def test_two_addresses_with_one_name_stay_apart() -> None:
    """A new store can't take over another one's row."""
    world = await World().open()
    request = StoreRequest(
        platform="fake", address="https://tienda.pe/shop", account_id="main", settings={}
    )
    first, _ = await add_store(world.ports, request, {"consumer_key": "A"}, "https://r.example")
    other = replace(request, address="https://tienda-pe.shop")
    with pytest.raises(SettingInvalid):
        await add_store(world.ports, other, {"consumer_key": "B"}, "https://r.example")
    async with world.book.begin() as ledger:
        kept = await ledger.store(first.id)
    assert kept is not None
    assert kept.identity == "https://tienda.pe/shop"


async def test_one_click_succeeds_while_the_store_is_busy_with_it() -> None:
    """A store that can't be called back while it waits for us is connected all the same."""
    world = await World().open()
    world.platform.trouble = PlatformUnreachable()
    given = {"platform": "fake", "address": "https://tienda.pe", "account_id": "main"}
    payload = json.dumps({**given, "settings": {}, "policy": {}, "language": "en", "mode": None})
    async with world.book.begin() as ledger:
        expires_at = world.clock.now() + timedelta(hours=1)
        await ledger.add_invitation(hashlib.sha256(b"t").hexdigest(), payload, expires_at)
    keys = {"consumer_key": "new"}
    store, checks = await onboarding.accept_invitation(world.ports, "t", keys, "https://r")
    assert store.secrets["consumer_key"] == "new"
    assert [check.passed for check in checks] == [False]


@pytest.mark.parametrize("fault", [NotThere("x"), SecretUnreadable()], ids=lambda e: e.code)
async def test_one_broken_store_does_not_stop_the_polls_of_others(fault: Exception) -> None:
    """A store whose adapter is gone or whose secrets are unreadable stands alone."""
    world = await World().open()
    async with world.book.begin() as ledger:
        good = await ledger.store("tienda-pe")
        assert good is not None
        broken = replace(
            good, id="aaa", platform="gone", identity="https://aaa", created_at=good.created_at
        )
        await ledger.add_store(broken)
    plain = world.platform.named

    def named(platform: str) -> object:
        if platform == "gone":
            raise fault
        return plain(platform)

    world.platform.named = named  # type: ignore[method-assign,assignment]
    world.platform.press("15", Money(3000, "PEN"), at=world.clock.now())
    await world.poll()
    assert (await world.refund()).state is State.PENDING
