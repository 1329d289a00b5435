"""Each valid delivery a hundred times, shuffled, with the service restarted in the middle.

Also what belongs to repetition: how long a delivery's name is remembered, and two secrets at
once while one is rotated out.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from pef_adapters.core.states import State
from pef_adapters.engine.ports import RailStatus
from webhook_house import APP_SECRETS, House
from webhook_http import Letter, Reply, post
from webhook_shops import SHOPS, Pressed, Shop, ShopifyApp, deliver, find, told_by_rail

# At once: races between copies are part of it.
_AT_ONCE: Final = 8
_TRIES_WHILE_DOWN: Final = 200
_PAUSE_SECONDS: Final = 0.02


@dataclass(slots=True)
class Repeated:
    """How often what was told, and every effect that came more than once, or never."""

    sent: dict[str, int] = field(default_factory=dict)
    refunds: int = 0
    restarts: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def deliveries(self) -> int:
        return sum(self.sent.values())


async def replay(
    house: House, seed: int, *, refunds: int = 2, times: int = 100, restarts: int = 1
) -> Repeated:
    """Refunds of each adapter, and all that platform and rail ever say of them, over and over."""
    rng, found, before = Random(seed), Repeated(), house.restarts
    pressed = [(shop, await shop.press(house)) for make in SHOPS for shop in [make()] * refunds]
    letters = [each for shop, refund in pressed for each in _all_told(house, shop, refund, times)]
    for shop, _ in pressed:
        found.sent[shop.name] = len(letters) // len(SHOPS)
    for _, refund in pressed:
        house.rail.fact(refund.merchant_refund_id, RailStatus.REFUNDED, "REFUNDED")
    rng.shuffle(letters)
    await _storm(house, letters, restarts, found)
    for _ in range(10):
        await house.later(minutes=1)
    for shop, refund in pressed:
        await _one_effect(house, shop, refund, found)
    found.refunds, found.restarts = len(pressed), house.restarts - before
    return found


def _all_told(house: House, shop: Shop, refund: Pressed, times: int) -> list[Letter]:
    """Each of its deliveries `times` times, and some copies under another name or writing."""
    rail = [
        told_by_rail(event, cip=refund.cip, name=refund.merchant_refund_id, number=number)
        for number, event in enumerate(("refund.processing", "refund.refunded"), 1)
    ]
    own = [shop.created(house, refund), shop.changed(house, refund)]
    copies = [tell(house, refund, copy) for copy in (1, 2) for tell in (shop.created, shop.changed)]
    return (own + rail) * times + copies


async def _storm(house: House, letters: Sequence[Letter], restarts: int, found: Repeated) -> None:
    size = max(len(letters) // (restarts + 1), 1)
    parts = [letters[at : at + size] for at in range(0, len(letters), size)]
    for number, part in enumerate(parts):
        stopping = [house.restart()] if 0 < number <= restarts else []
        await asyncio.gather(*stopping, _deliver_all(house, part, found))
    await house.settle()


async def _deliver_all(house: House, letters: Sequence[Letter], found: Repeated) -> None:
    for at in range(0, len(letters), _AT_ONCE):
        batch = letters[at : at + _AT_ONCE]
        for letter, reply in zip(
            batch,
            await asyncio.gather(*(_until_answered(house, each) for each in batch)),
            strict=True,
        ):
            if not _acknowledged(reply):
                found.wrong.append(f"{letter.path}: a genuine one was answered {reply.statuses}")


async def _until_answered(house: House, letter: Letter) -> Reply:
    """As every platform does: what was not answered is sent again."""
    for _ in range(_TRIES_WHILE_DOWN):
        try:
            reply = await post(house.port, letter)
        except ConnectionError:
            reply = Reply((), b"", 0, 0)
        if reply.statuses:
            return reply
        await asyncio.sleep(_PAUSE_SECONDS)
    raise RuntimeError("the service never came back")


def _acknowledged(reply: Reply) -> bool:
    """VTEX's protocol has only 500 for a refund that was taken in and is not paid yet."""
    return reply.accepted or b'"code":"refund-in-progress"' in reply.text


async def _one_effect(house: House, shop: Shop, refund: Pressed, found: Repeated) -> None:
    """One refund, one attempt, one request to the rail, one booking."""
    name = refund.merchant_refund_id
    effects = {
        "requests to the rail": house.rail.sends.count(name),
        "bookings": len(house.rail.paid_out([name])),
        "attempts": await _attempts(house, refund),
    }
    for effect, number in effects.items():
        if number != 1:
            found.wrong.append(f"{shop.name}: {number} {effect} instead of one")
    known = await find(house, refund)
    if known is None or known.state is not State.REFUNDED:
        found.wrong.append(f"{shop.name}: the refund is {known and known.state}")


async def _attempts(house: House, refund: Pressed) -> int:
    async with house.ports.book.begin() as ledger:
        of_order = await ledger.refunds_of_order(refund.store_id, refund.order_id)
        generations = sum(each.generation for each in of_order)
        second = await ledger.attempt(f"{refund.our_id}-2")
    return generations + (second is not None)


async def names_kept(house: House, days: Iterable[int] = (1, 29)) -> list[str]:
    """A named delivery is known by its name for thirty days, and has no second effect after."""
    shop, wrong = ShopifyApp(), list[str]()
    refund = await shop.press(house)
    letter = shop.created(house, refund)
    first, passed = _number(await deliver(house, letter)), 0
    for day in days:
        await house.later(days=day - passed)
        passed = day
        if _number(await deliver(house, letter)) != first:
            wrong.append(f"after {day} days the delivery's name was forgotten")
    await house.later(days=40)
    await house.later(days=1)
    if not (await deliver(house, letter)).accepted:
        wrong.append("a very late copy was refused")
    if len(house.rail.paid_out([refund.merchant_refund_id])) != 1:
        wrong.append("a very late copy paid again")
    return wrong


def _number(reply: Reply) -> int | None:
    """Under which number a delivery was kept."""
    if not reply.accepted:
        return None
    number: int | None = json.loads(reply.text.partition(b"\r\n\r\n")[2])["received"]
    return number


async def rotation(house: House, seed: int, *, deliveries: int = 12) -> tuple[int, list[str]]:
    """An hour in which Shopify still signs with the older secret, now and then; then it is out."""
    rng, wrong = Random(seed), list[str]()
    for number in range(deliveries):
        shop = ShopifyApp(APP_SECRETS[number % 2])
        refund = await shop.press(house)
        house.clock.advance(seconds=rng.randint(1, 2 * 3600 // deliveries - 1))
        if not (await deliver(house, shop.created(house, refund))).accepted:
            wrong.append("a delivery was dropped while a secret was rotated")
        elif await find(house, refund) is None:
            wrong.append("a delivery was taken in and came to nothing")
    await house.change_store(ShopifyApp.store_id, client_secret=APP_SECRETS[0])
    for secret, expected in ((APP_SECRETS[1], 401), (APP_SECRETS[0], 200)):
        shop = ShopifyApp(secret)
        reply = await deliver(house, shop.created(house, await shop.press(house)))
        if reply.status != expected:
            wrong.append(f"after the rotation {expected} was expected, not {reply.statuses}")
    await house.change_store(ShopifyApp.store_id, client_secret=",".join(APP_SECRETS))
    return deliveries, wrong
