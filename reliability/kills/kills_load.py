"""The load: refunds pressed one after the other, as many under way as the house can bear."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from random import Random

import httpx
import psycopg

from kills_stage import Stage
from pef_adapters.core.states import CARE, Owner, State

_TOTAL = Decimal("90.00")
_FIRST_CIP = 20_000_001
_EACH = 3
_DOUBLE = 0.01
_MOST_UNDER_WAY = 200
_AT_ONCE = 8
# Their next step is nobody's, or a person's.
DONE = [str(s) for s in State if CARE[s].owner in (Owner.NOBODY, Owner.PERSON)]


@dataclass(slots=True)
class Load:
    """What was pressed: when, and of which order."""

    stage: Stage
    dice: Random
    wanted: int
    pressed: dict[str, datetime] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)

    async def sell(self) -> None:
        """Orders that are paid at the rail, three refunds each; nobody is told of them."""
        number = self.wanted // _EACH + 4
        paid_at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
        for cip in map(str, range(_FIRST_CIP, _FIRST_CIP + number)):
            order = {"total": str(_TOTAL), "transaction_id": cip, "paid": True}
            made = await self.stage.store.post("/_store/orders", json=order)
            self.orders[int(made.raise_for_status().json()["id"])] = cip
            paid = {"cip": int(cip), "amount": str(_TOTAL), "paid_at": paid_at}
            (await self.stage.rail.post("/sandbox/cips", json=paid)).raise_for_status()

    async def press_all(self) -> None:
        """Press until enough is pressed; of each order in turn, so that its refunds meet."""
        presses = self._presses()
        await asyncio.gather(*(self._press_some(presses) for _ in range(_AT_ONCE)))

    async def follow(self, told: Callable[[str], None]) -> None:
        """Look, again and again, how far the ledger has come."""
        said = 0.0
        while True:
            with suppress(psycopg.OperationalError):
                self.states = await states_of(self.stage.dsn)
            if time.monotonic() > said + 10:
                said = time.monotonic()
                told(f"{len(self.pressed)} pressed, {dict(self.states)}")
            await asyncio.sleep(0.4)

    @property
    def done(self) -> int:
        return sum(count for state, count in self.states.items() if state in DONE)

    @property
    def enough(self) -> bool:
        return len(self.pressed) >= self.wanted

    def _presses(self) -> Iterator[tuple[int, Decimal, int]]:
        for order in self.orders:
            rest = _TOTAL
            for turn in range(_EACH):
                cents = self.dice.randrange(100, int(rest * 100) // (_EACH - turn))
                amount = Decimal(cents) / 100
                # In the same instant twice: together they may be more than was paid.
                twice = 2 if turn == _EACH - 1 and self.dice.random() < _DOUBLE else 1
                amount = rest if twice > 1 else amount
                rest -= amount
                yield order, amount, twice

    async def _press_some(self, presses: Iterator[tuple[int, Decimal, int]]) -> None:
        for order, amount, times in presses:
            if self.enough:
                return
            bound = min(_MOST_UNDER_WAY, self.wanted // 3)
            while len(self.pressed) - self.done >= bound:  # noqa: ASYNC110 - a count, not an event
                await asyncio.sleep(0.05)
            now = datetime.now(UTC)
            body = {"amount": str(amount), "reason": "kill -9", "times": times}
            answer = await self.stage.store.post(f"/_store/orders/{order}/refunds", json=body)
            if answer.status_code == HTTPStatus.CONFLICT:
                continue  # a double press took the rest of this order before
            for refund in answer.raise_for_status().json()["refund_ids"]:
                self.pressed[str(refund)] = now


async def settling(rail: httpx.AsyncClient) -> None:
    """The bank pays what is under way, every second."""
    while True:
        await asyncio.sleep(1)
        with suppress(httpx.TransportError):
            await rail.post("/sandbox/settle")


async def states_of(dsn: str) -> Counter[str]:
    """How many refunds the ledger has in each state; those with an untold order are "untold"."""
    async with await psycopg.AsyncConnection.connect(dsn) as conn:
        found = await conn.execute(
            "SELECT CASE WHEN state = ANY(%s) AND written_revision < revision THEN 'untold'"
            " ELSE state END, count(*) FROM refunds GROUP BY 1",
            (DONE,),
        )
        return Counter({str(state): int(number) for state, number in await found.fetchall()})


async def until(look: Callable[[], bool], seconds: float) -> bool:
    """Whether it became so in time."""
    ends = time.monotonic() + seconds
    while not look() and time.monotonic() < ends:  # noqa: ASYNC110 - looked up in a database
        await asyncio.sleep(0.2)
    return look()
