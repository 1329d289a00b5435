"""What the demo's stores have in common: how each is connected, asked and looked at.

Each store is a fake one on the real wire, in a process of its own. The demo presses its
buttons and looks at its orders by the fake's remote control, which our service never uses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import httpx

from pef_adapters.demo.processes import Program
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Refund

ACCOUNT = "demo"
"""The merchant account that pays the refunds of every store."""


@dataclass(slots=True)
class Scene:
    """One refund of the demo. `steps` fills as the ledger tells of them.

    `order` is the order's number as the store's own pages name it.
    """

    title: str
    shop: "Shop"
    order: str
    refund_id: str
    steps: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order as its store shows it; amounts are in `currency`, `notes` oldest first."""

    number: str
    total: Decimal
    refunded: Decimal
    currency: str
    notes: tuple[str, ...]


class Shop(Protocol):
    """One store of the demo.

    `name` is the platform as people write it, `store_id` the store's name in the ledger,
    `admin` the address of its page with the orders.
    """

    @property
    def name(self) -> str: ...

    @property
    def store_id(self) -> str: ...

    @property
    def admin(self) -> str: ...

    def program(self, folder: Path, service: str) -> Program:
        """The process of the store; `service` is our service's address."""

    async def connect(self, ports: Ports) -> None:
        """Connect the store to the service."""

    async def sell(self, rail: httpx.AsyncClient, now: datetime) -> None:
        """Have orders that are paid at the sandbox and can be refunded."""

    async def orders(self) -> list[ShownOrder]:
        """The orders that something was refunded of, oldest first."""

    async def tells(self, scene: Scene, refund: Refund) -> bool:
        """Whether the store's own records say of the scene's refund what the ledger says."""


def fake(module: str, home: str, log: Path, settings: Mapping[str, Any]) -> Program:
    """The program of a fake store at the address `home`, with settings of its own."""
    chosen = {"port": httpx.URL(home).port, "home": home, **settings}
    return Program(
        module=f"pef_adapters.testing.{module}",
        arguments=(json.dumps(chosen),),
        log=log,
        ready=f"{home}/",
    )


async def get(client: httpx.AsyncClient, path: str) -> Any:
    """What a remote control tells.

    Raises:
        httpx.HTTPStatusError: it refuses.
    """
    return (await client.get(path)).raise_for_status().json()


async def post(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    """What a remote control answers when it is told to do something.

    Raises:
        httpx.HTTPStatusError: it refuses.
    """
    return (await client.post(path, json=body)).raise_for_status().json()


async def paid_cip(rail: httpx.AsyncClient, cip: str, amount: str, paid_at: datetime) -> None:
    """Let the sandbox know a CIP that the buyer has paid; `amount` in soles, as text."""
    paid = {"cip": int(cip), "amount": amount, "paid_at": paid_at.isoformat()}
    await post(rail, "/sandbox/cips", paid)
