"""Who asks at the gate in tests: people by their role and place, and programs with tokens."""

from dataclasses import replace

from desk_world import DeskWorld
from engine_world import World
from pef_adapters.core.access import (
    HOUSE,
    PERSONS_ONLY,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Power,
    Role,
    agency_place,
    powers_of,
    store_place,
)
from pef_adapters.engine.records import Account, AuditEntry, AuditSearch, User

HERE = store_place("tienda-pe")
ELSEWHERE = store_place("otra-pe")


def person(role: Role, place: str = HERE, name: str = "rosa@tienda.pe") -> Actor:
    """Somebody signed in with this role."""
    return Actor(name, ActorKind.PERSON, powers_of((Grant(role, place),)), origin="192.0.2.7")


def machine(place: str = HERE) -> Actor:
    """A program that holds everything a token can, and what no token can as well."""
    everything = frozenset(Permission) | PERSONS_ONLY
    return Actor("token/erp", ActorKind.MACHINE, (Power(place, everything),))


def house_owner() -> Actor:
    """An owner of everything."""
    return person(Role.OWNER, HOUSE, "jefa@casa.pe")


async def known_as(world: World, actor: Actor, name: str) -> Actor:
    """The same actor with a user behind, who has a name of his own."""
    user = User(
        id="u1",
        email=actor.name,
        name=name,
        language="es_PE",
        created_by="test",
        created_at=world.clock.now(),
    )
    async with world.book.begin() as ledger:
        await ledger.add_user(user)
    return replace(actor, user_id="u1")


async def with_second_store(world: DeskWorld, account_id: str = "main") -> None:
    """Connect otra-pe too, to the same account or to one of its own."""
    store = await world.store()
    async with world.book.begin() as ledger:
        account = await ledger.account("main")
        assert isinstance(account, Account)
        await ledger.add_account(replace(account, id=account_id))
        await ledger.add_store(
            replace(store, id="otra-pe", identity="https://otra.pe", account_id=account_id)
        )


async def audits(world: World) -> list[AuditEntry]:
    """Every entry, newest first."""
    async with world.book.begin() as ledger:
        return await ledger.audits(AuditSearch())


__all__ = [
    "ELSEWHERE",
    "HERE",
    "agency_place",
    "audits",
    "house_owner",
    "known_as",
    "machine",
    "person",
    "with_second_store",
]
