"""How a store is shown, in words and as JSON."""

from typing import Any

from pef_adapters.engine.records import Store


def row(store: Store) -> tuple[object, ...]:
    """A line of `pef store list`."""
    agency = store.settings.get("agency") or ""
    return store.id, store.platform, store.identity, store.mode, store.account_id, agency


def record(store: Store) -> dict[str, Any]:
    """The store as plain data, without a secret."""
    return {
        "id": store.id,
        "platform": store.platform,
        "address": store.identity,
        "mode": store.mode,
        "account": store.account_id,
        "webhook_address": store.callback_url,
        "agency": store.settings.get("agency"),
        "operators": dict(store.settings.get("people", {})),
    }
