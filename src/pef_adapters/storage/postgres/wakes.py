"""What the ledger needs from the job queue: wake-ups in its own transaction."""

from datetime import datetime
from typing import Protocol

from pef_adapters.engine.records import Refund
from pef_adapters.storage.postgres.pool import Connection


class Wakes(Protocol):
    """Defers jobs on the caller's connection, so that they commit with its rows."""

    async def wake_refund(self, conn: Connection, refund: Refund, at: datetime | None) -> None: ...

    async def wake_received(
        self, conn: Connection, received_id: int, at: datetime | None
    ) -> None: ...

    async def wake_checkout(
        self, conn: Connection, checkout_id: str, at: datetime | None
    ) -> None: ...
