"""What privacy laws asked of us by way of a platform, and what was done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pef_adapters.platforms.contract import PrivacyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyCase:
    """One request and its end. `id` is the platform's own name of it, per store.

    `buyers` are keyed hashes. `erased` and `kept` say by name how much of each was erased,
    and how much was kept and why (a text key): plain data for the record.
    """

    id: str
    store_id: str
    kind: PrivacyKind
    buyers: tuple[str, ...] = field(repr=False)
    order_ids: tuple[str, ...]
    received_at: datetime
    done_at: datetime | None = None
    erased: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
