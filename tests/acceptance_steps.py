"""What acceptance tests do to a running stage, and what they wait for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pef_adapters.core.states import State
from pef_adapters.demo.stage import Stage
from pef_adapters.engine.records import Refund

_PATIENCE_SECONDS = 60


async def eventually(look: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look until it is so; fail, saying what never came, after a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if await look():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never came: {what}")


async def refund_of(stage: Stage, refund_id: str) -> Refund | None:
    """Our refund behind the store's refund id, if it is registered."""
    async with stage.ports.book.begin() as ledger:
        return await ledger.find_refund(stage.store_id, refund_id)


async def reaches(stage: Stage, refund_id: str, *states: State) -> Refund:
    """Wait until the store's refund is in one of the states."""

    async def there() -> bool:
        refund = await refund_of(stage, refund_id)
        return refund is not None and refund.state in states

    await eventually(there, f"refund {refund_id} in {states}")
    refund = await refund_of(stage, refund_id)
    assert refund is not None
    return refund


async def order_says(stage: Stage, order: int, refund_id: str, state: State) -> dict[str, Any]:
    """Wait until the store's own order carries the refund's state; answers the order."""

    async def told() -> bool:
        record = (await shown(stage, order))["record"] or {}
        return bool(record.get(refund_id, {}).get("state") == state)

    await eventually(told, f"order {order} saying {state}")
    return await shown(stage, order)


async def shown(stage: Stage, order: int) -> dict[str, Any]:
    """The order as its owner sees it."""
    answer = await stage.store.get(f"/_store/orders/{order}")
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def paid_order(stage: Stage, total: str, cip: str) -> int:
    """A new order, paid by a new CIP that the sandbox knows."""
    order = await stage.store.post(
        "/_store/orders", json={"total": total, "transaction_id": cip, "paid": True}
    )
    seeded = {"cip": int(cip), "amount": total}
    (await stage.sandbox.post("/sandbox/cips", json=seeded)).raise_for_status()
    return int(order.raise_for_status().json()["id"])


async def payments_of(stage: Stage, refund: Refund) -> int:
    """How often the sandbox really paid this refund, under whatever id."""
    payments = await stage.payments()
    return sum(n for key, n in payments.items() if key.startswith(f"{refund.id}-"))
