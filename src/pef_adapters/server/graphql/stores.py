"""Stores in the schema; nothing here opens a store's secrets."""

from datetime import datetime

import strawberry
from strawberry import relay

from pef_adapters.core.policy import Mode
from pef_adapters.engine.records import StoreHead, StoreHealth


@strawberry.type(description="A connected store.")
class Store(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    name: str = strawberry.field(description="Our own name of it, as on the console.")
    platform: str = strawberry.field(description="Its shop software.")
    address: str = strawberry.field(description="Where it stands, as its platform names it.")
    account: str = strawberry.field(description="The merchant account that its money is in.")
    mode: Mode = strawberry.field(description="Live, or for trying out.")
    language: str = strawberry.field(description="The language of the notes on its orders.")
    agency: str | None = strawberry.field(description="The agency that looks after it.")
    connected_at: datetime = strawberry.field(description="When it was connected.")


def shown_store(head: StoreHead) -> Store:
    """A store as the schema shows it."""
    return Store(
        key=head.id,
        name=head.id,
        platform=head.platform,
        address=head.identity,
        account=head.account_id,
        mode=head.mode,
        language=head.language,
        agency=head.agency,
        connected_at=head.created_at,
    )


@strawberry.type(description="One thing that a check of a store looked at.")
class StoreCheck:
    """See the schema's description."""

    name: str = strawberry.field(description="What was looked at.")
    passed: bool = strawberry.field(description="Whether it is as it should be.")
    detail: str = strawberry.field(description="What was found; may be empty.")
    mend: str = strawberry.field(description="How to mend it; empty where nothing is broken.")


def shown_checks(health: StoreHealth) -> list[StoreCheck]:
    """What a check found, as the schema shows it."""
    return [
        StoreCheck(
            name=str(found.get("name", "")),
            passed=bool(found.get("passed")),
            detail=str(found.get("detail") or ""),
            mend=str(found.get("mend") or ""),
        )
        for found in health.checks
    ]
