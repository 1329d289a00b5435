"""What somebody changed by hand since a store was last applied from a file."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pef_adapters.engine.policies import owner_of_store
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import PublishedPolicy, Store, StoreHead
from pef_adapters.engine.settings_as_code.facts import Difference, Facts, differences, store_facts

APPLIED = "applied"


def applied_now(facts: Facts, by: str, at: datetime) -> dict[str, Any]:
    """What is kept of an application: what it said, when, who, and a digest of it."""
    said = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return {"at": at.isoformat(), "by": by, "digest": digest, "facts": json.loads(said)}


def drift(store: Store | StoreHead, published: PublishedPolicy | None) -> tuple[Difference, ...]:
    """What differs now from what was last applied; empty where nothing ever was."""
    applied = store.settings.get(APPLIED)
    if not isinstance(applied, Mapping):
        return ()
    # What an application left open may be anything.
    found = differences(store_facts(store, published), applied["facts"])
    return tuple(Difference(each.name, each.after, each.before) for each in found)


async def drift_of(ledger: Ledger, store: Store | StoreHead) -> tuple[Difference, ...]:
    """As `drift`, with the store's policy looked up; `before` is what was applied."""
    if APPLIED not in store.settings:
        return ()
    return drift(store, await ledger.newest_policy(owner_of_store(store.id)))
