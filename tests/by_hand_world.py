"""A world in which people press refunds here, beside or without a store that has a button."""

from dataclasses import replace
from typing import Any

from engine_world import CIP, World
from pef_adapters.core.money import Money
from pef_adapters.engine import by_hand
from pef_adapters.engine.by_hand import Found, Press
from pef_adapters.engine.records import Refund
from pef_adapters.platforms.by_hand import BY_HAND, ByHand
from pef_adapters.platforms.contract import Platform
from pef_adapters.testing.fake_platform import FakePlatform

ROSA = "rosa@tienda.pe"


class BothPlatforms:
    """The fake store platform, and the one that has no shop."""

    def __init__(self, fake: FakePlatform) -> None:
        self._fake = fake

    def named(self, platform: str) -> Platform:
        return ByHand() if platform == BY_HAND else self._fake.named(platform)


class ByHandWorld(World):
    """The usual store, with its policy for double presses switched off."""

    async def start(self, **changes: Any) -> "ByHandWorld":
        """Open; `platform=BY_HAND` makes it a store without a shop."""
        self.ports = replace(self.ports, platforms=BothPlatforms(self.platform))
        policy = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
        await self.open(**{"settings": {"policy": policy}, **changes})
        return self

    async def find(self, transaction_id: str = CIP) -> Found:
        return await by_hand.find(self.ports, "tienda-pe", transaction_id)

    async def press_here(self, minor: int, rest: int = 12980, **changes: Any) -> Refund:
        """Press a refund of so many céntimos, having been shown this rest."""
        return await self.press_at("tienda-pe", minor, rest, **changes)

    async def press_at(self, store: str, minor: int, rest: int, **changes: Any) -> Refund:
        """Press it in this store."""
        pressed = Press(
            transaction_id=CIP,
            order_number="",
            amount=Money(minor, "PEN"),
            expected_rest=Money(rest, "PEN"),
            reason="Producto agotado",
            person=ROSA,
            key="form-1",
        )
        return await by_hand.press(self.ports, store, replace(pressed, **changes))

    async def now(self, refund: Refund) -> Refund:
        """The refund as it stands."""
        async with self.book.begin() as ledger:
            found = await ledger.refund(refund.id)
        assert found is not None
        return found
