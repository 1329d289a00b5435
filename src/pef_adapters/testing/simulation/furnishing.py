"""What a world is furnished with: our adapters on virtual time, and merchant accounts."""

from typing import Any

from pef_adapters.core.policy import Mode
from pef_adapters.engine.records import Account
from pef_adapters.platforms.contract import Platform
from pef_adapters.platforms.registry import load
from pef_adapters.testing.clock import VirtualClock
from pef_adapters.testing.simulation.clock import SkewedClock
from pef_adapters.testing.simulation.rail_wire import HOST as RAIL_HOST
from pef_adapters.testing.simulation.shops.kinds import KINDS


class Adapters:
    """The installed adapters, on virtual time where they look at a clock."""

    def __init__(self, clock: SkewedClock, world: VirtualClock) -> None:
        async def sleep(seconds: float) -> None:
            world.advance(seconds=seconds)

        on_time: dict[str, dict[str, Any]] = {
            "shopify": {"sleep": sleep},
            "vtex": {"now": clock.now},
        }
        made = {kind.platform: type(load(kind.platform)) for kind in KINDS}
        self._made = {name: make(**on_time.get(name, {})) for name, make in made.items()}

    def named(self, platform: str) -> Platform:
        return self._made[platform]


def account(number: int, clock: VirtualClock) -> Account:
    """A merchant account with keys of its own."""
    name = f"merchant-{number}"
    return Account(
        id=name,
        mode=Mode.SANDBOX,
        base_url=f"https://{RAIL_HOST}",
        service_id=f"999{number}",
        settings={},
        secrets={"access_key": f"SBX-{name}", "secret_key": f"simulated-rail-secret-{number}"},
        created_at=clock.now(),
    )
