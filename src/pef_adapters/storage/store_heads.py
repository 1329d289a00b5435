"""What of a kept store can be read without opening a secret; the same in both ledgers."""

from collections.abc import Mapping
from typing import Any

from pef_adapters.core.policy import Mode
from pef_adapters.engine.records import StoreHead


def head_of(store: Mapping[str, Any]) -> StoreHead:
    """The head of a store, from its plain fields by their names."""
    agency = store["settings"].get("agency")
    return StoreHead(
        id=store["id"],
        platform=store["platform"],
        identity=store["identity"],
        account_id=store["account_id"],
        mode=Mode(store["mode"]),
        language=store["language"],
        agency=str(agency) if agency else None,
        settings=store["settings"],
        created_at=store["created_at"],
    )
