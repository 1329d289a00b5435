"""Take in what the outside says: verify, store, answer. Nothing else happens here.

A delivery is durable, with its wake-up, before it is answered. What it means is
found out later, by `engine.digest`. Of the body only hash and hints are kept: the
rest is the buyer's personal data, and the store still has it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Received, Source, Store
from pef_adapters.platforms.contract import Delivery, Hint, HintKind, StoreConnection

_TOPIC_LETTERS = 80


def connection(store: Store) -> StoreConnection:
    """The store as its adapter sees it."""
    return StoreConnection(
        store_id=store.id,
        platform=store.platform,
        address=store.identity,
        mode=store.mode,
        language=store.language,
        callback_url=store.callback_url,
        settings=store.settings.get("platform", {}),
        secrets=store.secrets,
    )


async def from_store(ports: Ports, store: Store, delivery: Delivery) -> int | None:
    """Accept a store's webhook; answers the id it is kept under, None for a mere ping.

    Raises:
        WebhookRejected: the delivery is not this store's, or can't be read.
    """
    hints = ports.platforms.named(store.platform).receive(delivery, connection(store))
    wanted = tuple(hint for hint in hints if hint.kind is not HintKind.PING)
    if not wanted:
        return None
    return await keep(
        ports,
        source=Source.STORE,
        owner_id=store.id,
        topic=", ".join(sorted({hint.kind.value for hint in wanted})),
        body=delivery.body,
        hints=tuple(hint_record(hint) for hint in wanted),
    )


async def keep(
    ports: Ports,
    *,
    source: Source,
    owner_id: str,
    topic: str,
    body: bytes,
    hints: tuple[Mapping[str, Any], ...],
) -> int:
    """Store a verified delivery together with its wake-up; answers its id."""
    received = Received(
        id=0,
        source=source,
        owner_id=owner_id,
        topic=topic[:_TOPIC_LETTERS],
        body_sha256=hashlib.sha256(body).hexdigest(),
        hints=hints,
        received_at=ports.clock.now(),
    )
    async with ports.book.begin() as ledger:
        return await ledger.add_received(received)


def hint_record(hint: Hint) -> dict[str, Any]:
    """A hint as plain data for the ledger."""
    record = {key: value for key, value in asdict(hint).items() if value not in (None, "")}
    if hint.refund_ids is not None:
        record["refund_ids"] = sorted(hint.refund_ids)
    return record


def hint_of(record: Mapping[str, Any]) -> Hint:
    """The hint that `hint_record` wrote."""
    ids = record.get("refund_ids")
    return Hint(
        kind=HintKind(record["kind"]),
        order_id=record.get("order_id"),
        refund_id=record.get("refund_id"),
        refund_ids=None if ids is None else frozenset(ids),
        detail=record.get("detail", ""),
    )
