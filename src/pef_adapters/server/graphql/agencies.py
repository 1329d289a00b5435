"""Agencies in the schema, with the stores that inherit from them."""

from datetime import datetime

import strawberry
from strawberry import relay

from pef_adapters.engine.gate.agencies import AgencyView
from pef_adapters.server.graphql.stores import Store, shown_store


@strawberry.type(description="An agency that looks after stores.")
class Agency(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    name: str = strawberry.field(description="Our own name of it.")
    title: str = strawberry.field(description="Its name for people.")
    stores: list[Store] = strawberry.field(description="Its stores, by name.")
    created_at: datetime = strawberry.field(description="When it was entered.")


def shown_agency(view: AgencyView) -> Agency:
    """An agency as the schema shows it."""
    return Agency(
        key=view.agency.name,
        name=view.agency.name,
        title=view.agency.title,
        stores=[shown_store(head) for head in view.stores],
        created_at=view.agency.created_at,
    )
