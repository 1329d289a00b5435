"""Merchant accounts in the schema; their keys stay where they are."""

from datetime import date, datetime

import strawberry
from strawberry import relay

from pef_adapters.core.policy import Mode
from pef_adapters.engine.gate.accounts import AccountView
from pef_adapters.server.graphql.stores import Store, shown_store


@strawberry.type(description="A merchant account at PagoEfectivo; stores can share one.")
class Account(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    name: str = strawberry.field(description="Our own name of it.")
    mode: Mode = strawberry.field(description="Live, or for trying out.")
    service_id: str = strawberry.field(description="PagoEfectivo's number of it.")
    keys_until: date | None = strawberry.field(description="The day its keys end, where known.")
    documents_until: date | None = strawberry.field(
        description="The day its documents have to be renewed, where known."
    )
    stores: list[Store] = strawberry.field(description="Its stores, by name.")
    created_at: datetime = strawberry.field(description="When it was entered.")


def shown_account(view: AccountView) -> Account:
    """An account as the schema shows it."""
    return Account(
        key=view.id,
        name=view.id,
        mode=view.mode,
        service_id=view.service_id,
        keys_until=view.keys_until,
        documents_until=view.documents_until,
        stores=[shown_store(head) for head in view.stores],
        created_at=view.created_at,
    )
