"""People of a small house for the gate's tests: their records, and actors as they sign in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from engine_world import World
from pef_adapters.core.access import (
    HOUSE,
    Actor,
    Grant,
    Role,
    agency_place,
    store_place,
)
from pef_adapters.engine.gate import passwords
from pef_adapters.engine.gate.sessions import person
from pef_adapters.engine.ports import LedgerBook, Ports
from pef_adapters.engine.records import AuditEntry, AuditSearch, User

PASSWORD = "cuatro llamas cruzan el puente"
ORIGIN, DEVICE = "190.12.3.4", "Firefox"
ADMINISTRATOR = Grant(Role.AGENCY_ADMINISTRATOR, HOUSE)
MINE, SISTER, FOREIGN = "tienda-pe", "hermana-pe", "ajena-pe"
"""Two stores of the agency Andes, and one of the agency Costa."""


def at_store(role: Role, store: str = MINE) -> Grant:
    """A role in a store."""
    return Grant(role, store_place(store))


def at_agency(role: Role, agency: str = "andes") -> Grant:
    """A role in an agency."""
    return Grant(role, agency_place(agency))


@dataclass(slots=True)
class House:
    """A world with three stores of two agencies, and people in it."""

    world: World
    kept: str = ""

    @classmethod
    async def opened(cls, book: LedgerBook | None = None) -> Self:
        """The three stores, and nobody yet; on the twin, or on another ledger."""
        world = await World(book).open(settings={"agency": "andes"})
        async with world.book.begin() as ledger:
            store = await ledger.store(MINE)
            assert store is not None
            for name, agency in ((SISTER, "andes"), (FOREIGN, "costa")):
                other = replace(
                    store, id=name, identity=f"https://{name}.pe", settings={"agency": agency}
                )
                await ledger.add_store(other)
        return cls(world, await passwords.hashed(PASSWORD))

    @property
    def ports(self) -> Ports:
        return self.world.ports

    async def person(self, email: str, *grants: Grant, **changes: object) -> Actor:
        """Somebody with these roles, kept, as he signs in."""
        user = User(
            id=f"U-{email}",
            email=email,
            name=email.partition("@")[0].title(),
            language="en",
            password=self.kept,
            grants=grants,
            created_by="a test",
            created_at=self.world.clock.now(),
        )
        user = replace(user, **changes)  # type: ignore[arg-type]
        async with self.world.book.begin() as ledger:
            assert await ledger.add_user(user)
        return person(user, ORIGIN)

    async def user(self, email: str) -> User:
        """Somebody's record as it is now."""
        async with self.world.book.begin() as ledger:
            found = await ledger.user_by_email(email)
        assert found is not None
        return found

    async def audit(self) -> list[AuditEntry]:
        """Every entry, oldest first."""
        async with self.world.book.begin() as ledger:
            return (await ledger.audits(AuditSearch(limit=10_000)))[::-1]

    async def outcomes(self, what: str) -> list[str]:
        """How each deed of a kind went, oldest first."""
        return [entry.outcome for entry in await self.audit() if entry.what == what]

    async def written(self) -> str:
        """All that the audit holds, as text."""
        return "\n".join(map(repr, await self.audit()))


def token_in(link: str) -> str:
    """The token at the end of a link."""
    return link.rpartition("/")[2]


def roles(grants: Iterable[Grant]) -> set[str]:
    """Roles with their places, to compare."""
    return {f"{grant.role}@{grant.place}" for grant in grants}
