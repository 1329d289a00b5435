"""Take in what the outside says: verify, store, answer. Nothing else happens here.

A delivery is durable, with its wake-up, before it is answered. What it means is
found out later, by `engine.digest`. Of the body only hash and hints are kept: the
rest is the buyer's personal data, and the store still has it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pef_adapters.core.errors import RequestIdReused
from pef_adapters.engine.asked_refunds import LONGEST_ID, keep_asked_refund, tell_of_reuse
from pef_adapters.engine.identity import buyer_mark
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Received, Source, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund
from pef_adapters.platforms.contract import (
    Delivery,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
)

_TOPIC_LETTERS = 80


async def from_store(ports: Ports, store: Store, delivery: Delivery) -> int | None:
    """Accept a store's webhook; answers the id it is kept under, None for a mere ping.

    Raises:
        WebhookRejected: the delivery is not this store's, or can't be read.
        RequestIdReused: it tells of a refund that was told otherwise before.
    """
    hints = ports.platforms.named(store.platform).receive(delivery, connection(ports, store))
    wanted = tuple(_nameless(ports, store, h) for h in hints if h.kind is not HintKind.PING)
    if not wanted:
        return None
    told = [hint.asked for hint in wanted if hint.asked is not None]
    try:
        return await _keep_hints(ports, store, wanted, told, delivery.body)
    except RequestIdReused:
        for asked in told:
            await tell_of_reuse(ports, store, asked)
        raise


async def _keep_hints(
    ports: Ports, store: Store, hints: tuple[Hint, ...], told: list[AskedRefund], body: bytes
) -> int:
    """All of a delivery, or nothing; `told` are refunds that this webhook alone tells of."""
    async with ports.book.begin() as ledger:
        for asked in told:
            await keep_asked_refund(ports, ledger, store, asked)
        return await keep_in(
            ports,
            ledger,
            source=Source.STORE,
            owner_id=store.id,
            topic=", ".join(sorted({hint.kind.value for hint in hints})),
            body=body,
            hints=tuple(hint_record(hint) for hint in hints),
            delivery_id=next((hint.delivery_id for hint in hints if hint.delivery_id), ""),
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
    async with ports.book.begin() as ledger:
        return await keep_in(
            ports,
            ledger,
            source=source,
            owner_id=owner_id,
            topic=topic,
            body=body,
            hints=hints,
        )


async def keep_in(
    ports: Ports,
    ledger: Ledger,
    *,
    source: Source,
    owner_id: str,
    topic: str,
    body: bytes,
    hints: tuple[Mapping[str, Any], ...],
    delivery_id: str = "",
) -> int:
    """As `keep`, inside a transaction of the caller's."""
    received = Received(
        id=0,
        source=source,
        owner_id=owner_id,
        topic=topic[:_TOPIC_LETTERS],
        body_sha256=hashlib.sha256(body).hexdigest(),
        hints=hints,
        received_at=ports.clock.now(),
        delivery_id=_bounded(delivery_id),
    )
    return await ledger.add_received(received)


def _bounded(delivery_id: str) -> str:
    """A stranger's name of a delivery may be of any length; what it stands for is not."""
    if len(delivery_id) <= LONGEST_ID:
        return delivery_id
    return hashlib.sha256(delivery_id.encode("utf-8", "replace")).hexdigest()


def _nameless(ports: Ports, store: Store, hint: Hint) -> Hint:
    """Whom a privacy request is about is kept as what nobody can read back."""
    if hint.privacy is None:
        return hint
    marks = tuple(buyer_mark(ports, store, buyer) for buyer in hint.privacy.buyers)
    name = _bounded(hint.privacy.request_id)
    return replace(hint, privacy=replace(hint.privacy, request_id=name, buyers=marks))


def hint_record(hint: Hint) -> dict[str, Any]:
    """A hint as plain data for the ledger."""
    record = {key: value for key, value in asdict(hint).items() if value not in (None, "")}
    record.pop("asked", None)  # kept in a table of its own
    if hint.refund_ids is not None:
        record["refund_ids"] = sorted(hint.refund_ids)
    if hint.at is not None:
        record["at"] = hint.at.isoformat()
    return record


def hint_of(record: Mapping[str, Any]) -> Hint:
    """The hint that `hint_record` wrote, but for what it keeps elsewhere."""
    ids = record.get("refund_ids")
    return Hint(
        kind=HintKind(record["kind"]),
        order_id=record.get("order_id"),
        refund_id=record.get("refund_id"),
        refund_ids=None if ids is None else frozenset(ids),
        detail=record.get("detail", ""),
        privacy=_privacy(record.get("privacy")),
        delivery_id=record.get("delivery_id", ""),
        at=datetime.fromisoformat(record["at"]) if "at" in record else None,
    )


def _privacy(record: Mapping[str, Any] | None) -> PrivacyRequest | None:
    if record is None:
        return None
    return PrivacyRequest(
        kind=PrivacyKind(record["kind"]),
        request_id=record["request_id"],
        buyers=tuple(record["buyers"]),
        order_ids=tuple(record["order_ids"]),
    )
