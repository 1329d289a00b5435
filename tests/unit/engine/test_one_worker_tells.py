"""Two workers with one refund: the buyer hears once, and whoever dies meanwhile is followed."""

import asyncio
from typing import Any

import pytest

from desk_world import DeskWorld
from engine_world import Killed
from pef_adapters.core.states import State
from pef_adapters.engine.advance import advance
from pef_adapters.testing.fake_platform import FakePlatform


class SlowMail:
    """A store's mail that looks whether a message stands there, and only then writes it."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.dies = False

    async def tell_buyer(self, order_id: str, text: str, marker: str, store: Any) -> None:
        """As WooCommerce's adapter does it."""
        del order_id, text, store
        if self.dies:
            raise Killed
        there = marker in self.mails
        for _ in range(20):  # the other worker's turns
            await asyncio.sleep(0)
        if not there:
            self.mails.append(marker)


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> SlowMail:
    """The store's mail, in place of the fake platform's own."""
    slow = SlowMail()
    monkeypatch.setattr(FakePlatform, "buyer_messages", property(lambda _: slow))
    return slow


async def test_two_workers_mail_the_buyer_once(mail: SlowMail) -> None:
    """Two workers that ask the buyer of one refund at the same time write one mail."""
    world = await DeskWorld().open_old()
    mail.dies = True
    await world.press()
    with pytest.raises(Killed):
        await world.run()
    mail.dies = False
    refund = await world.refund()
    assert refund.state is State.AWAITING_BENEFICIARY
    world.clock.advance(minutes=5)
    await asyncio.gather(advance(world.ports, refund.id), advance(world.ports, refund.id))
    assert len(mail.mails) == 1


async def test_whoever_claimed_and_died_is_followed(mail: SlowMail) -> None:
    """A worker that dies between its claim and the mail is followed within minutes."""
    world = await DeskWorld().open_old()
    mail.dies = True
    await world.press()
    with pytest.raises(Killed):
        await world.run()
    mail.dies = False
    await world.later(minutes=2)
    assert len(mail.mails) == 1
