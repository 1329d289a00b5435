"""Who asks, the programs that may, and the audit, in the schema."""

from datetime import datetime

import strawberry
from strawberry import relay
from strawberry.scalars import JSON

from pef_adapters.core.access import Actor, ActorKind, Permission, Role
from pef_adapters.core.texts import explain, known
from pef_adapters.engine import records
from pef_adapters.engine.gate import users
from pef_adapters.server.graphql.context import Info
from pef_adapters.server.graphql.fields import answers


@strawberry.type(description="Permissions that hold in one place.")
class Power:
    """See the schema's description."""

    place: str = strawberry.field(description='"house", "agency/NAME" or "store/NAME".')
    permissions: list[Permission] = strawberry.field(description="What is allowed there.")


@strawberry.type(description="Whoever asks: a program with a token, or a person.")
class Viewer:
    """See the schema's description."""

    name: str = strawberry.field(description="The name that is kept with what is done.")
    is_person: bool = strawberry.field(description="Whether it is a person; programs can't decide.")
    powers: list[Power] = strawberry.field(description="What is allowed, by place.")


@strawberry.type(description="A token for a program; its letters are never shown again.")
class MachineToken(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    name: str = strawberry.field(description="Its name.")
    place: str = strawberry.field(description="Where it holds.")
    permissions: list[Permission] = strawberry.field(description="What it allows.")
    created_by: str = strawberry.field(description="Who made it.")
    created_at: datetime = strawberry.field(description="When.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    used_at: datetime | None = strawberry.field(description="When it was last used.")


@strawberry.type(description="A role in a place.")
class Grant:
    """See the schema's description."""

    role: Role = strawberry.field(description="The role.")
    place: str = strawberry.field(description='"house", "agency/NAME" or "store/NAME".')


@strawberry.type(description="Somebody who can sign in, as far as you may see.")
class Person:
    """See the schema's description."""

    email: str = strawberry.field(description="The e-mail address, which names the person.")
    name: str = strawberry.field(description="The name.")
    language: str = strawberry.field(description="The language of the console for the person.")
    grants: list[Grant] = strawberry.field(description="The roles in your places.")
    has_codes: bool = strawberry.field(description="Whether signing in takes a one-time code.")
    created_at: datetime = strawberry.field(description="When the person was entered.")
    disabled_at: datetime | None = strawberry.field(description="Since when nobody is let in.")


@strawberry.type(description="One sign-in or change, done or refused; never changed.")
class AuditEntry(relay.Node):
    """See the schema's description."""

    key: relay.NodeID[str]
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who.")
    what: str = strawberry.field(description="What was asked for, as a stable name.")
    subject: str = strawberry.field(description="What it was about, such as refund/NAME.")
    store: str | None = strawberry.field(description="The store that it belongs to.")
    agency: str | None = strawberry.field(description="The agency that it belongs to.")
    outcome: str = strawberry.field(description='"done", or the code of what refused it.')
    origin: str = strawberry.field(description="The network address that asked; may be empty.")
    detail: JSON = strawberry.field(description="Figures of it, by name.")

    @answers("What was asked for, as a sentence.")
    def means(self, info: Info) -> str:
        key = f"audit.{self.what}"
        return explain(key, info.context.language) if known(key) else self.what


def shown_viewer(actor: Actor) -> Viewer:
    """Who asks, as the schema shows it."""
    return Viewer(
        name=actor.name,
        is_person=actor.kind is ActorKind.PERSON,
        powers=[Power(place=p.place, permissions=sorted(p.permissions)) for p in actor.powers],
    )


def shown_token(token: records.MachineToken) -> MachineToken:
    """A token as the schema shows it."""
    return MachineToken(
        key=token.id,
        name=token.name,
        place=token.place,
        permissions=list(token.permissions),
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        used_at=token.used_at,
    )


def shown_person(person: users.Person) -> Person:
    """Somebody as the schema shows him."""
    return Person(
        email=person.email,
        name=person.name,
        language=person.language,
        grants=[Grant(role=grant.role, place=grant.place) for grant in person.grants],
        has_codes=person.has_codes,
        created_at=person.created_at,
        disabled_at=person.disabled_at,
    )


def shown_audit(entry: records.AuditEntry) -> AuditEntry:
    """An entry as the schema shows it."""
    return AuditEntry(
        key=str(entry.id),
        at=entry.at,
        actor=entry.actor,
        what=entry.what,
        subject=entry.subject,
        store=entry.store_id,
        agency=entry.agency,
        outcome=entry.outcome,
        origin=entry.origin,
        detail=JSON(dict(entry.detail)),
    )
