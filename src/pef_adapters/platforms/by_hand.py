"""Refunds that a person presses here and not in a store: their names, and a store without a shop.

Such a refund is kept as an asked refund and read from there, whatever platform its store
has. A store of the platform "by_hand" has no shop at all: nothing is delivered by it, found
at it or told to it.
"""

import hashlib
import re
from datetime import datetime
from typing import Final

from pef_adapters.core.errors import SourceMismatch
from pef_adapters.platforms.contract import (
    BuyerMessages,
    Capabilities,
    Changes,
    Check,
    Delivery,
    Hint,
    OneClick,
    OrderReport,
    Provider,
    SharedInbox,
    StoreConnection,
    StoreRefund,
)
from pef_adapters.platforms.kept import read_kept

BY_HAND: Final = "by_hand"
_PREFIX: Final = "by-hand/"
_OWN_ID: Final = re.compile(f"{_PREFIX}[0-9a-f]{{32}}")
_NOTHING_TO_TELL: Final = Check(
    "by hand",
    passed=True,
    detail="this store has no shop to reach: its refunds are pressed in the console",
)


def own_id(key: str) -> str:
    """The name, in its store, of the refund that was pressed under this idempotency key."""
    return _PREFIX + hashlib.sha256(key.encode()).hexdigest()[:32]


def is_own_id(refund_id: str) -> bool:
    """Whether a refund's name in its store was made by `own_id`; no platform may make one."""
    return _OWN_ID.fullmatch(refund_id) is not None


def no_order_of(transaction_id: str) -> str:
    """What stands for the order of a payment that was refunded by hand, without an order."""
    return _PREFIX + transaction_id


def is_no_order(order_id: str) -> bool:
    """Whether there is no order behind it to be told anything."""
    return order_id.startswith(_PREFIX)


class ByHand:
    """Implements `platforms.contract.Platform` for a seller who has no shop that we could ask."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            platform=BY_HAND,
            partial_refunds=True,
            several_refunds=True,
            signed_webhooks=False,
            redelivers=False,
            announces_deletion=False,
            refund_can_be_deleted=False,
            answer_seconds=1,
            max_body_bytes=0,
        )

    @property
    def one_click(self) -> OneClick | None:
        return None

    @property
    def buyer_messages(self) -> BuyerMessages | None:
        return None

    @property
    def provider(self) -> Provider | None:
        return None

    @property
    def inbox(self) -> SharedInbox | None:
        return None

    def receive(self, delivery: Delivery, store: StoreConnection) -> tuple[Hint, ...]:
        del delivery, store
        raise SourceMismatch("a store without a shop delivers nothing")

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        return await read_kept(hint, store)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        del store
        # Pressed is registered, in one transaction: nothing can have been lost in between.
        return Changes((), since)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        """Nobody is there to be told; the console shows where its refunds stand."""

    async def connect(self, store: StoreConnection) -> tuple[Check, ...]:
        del store
        return (_NOTHING_TO_TELL,)

    async def check(self, store: StoreConnection) -> tuple[Check, ...]:
        del store
        return (_NOTHING_TO_TELL,)


def platform() -> ByHand:
    """Make the adapter; the entry point `pef_adapters.platforms` names this function."""
    return ByHand()
