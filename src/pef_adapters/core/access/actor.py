"""Somebody who asks for something: a person who signed in, or a machine with a token."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pef_adapters.core.access.places import HOUSE, Place, agency_of, covers

if TYPE_CHECKING:
    from pef_adapters.core.access.roles import Permission


class ActorKind(StrEnum):
    """Who stands behind a call."""

    PERSON = "person"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Power:
    """Permissions that hold in one place."""

    place: Place
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks. `name` is kept with what is done: an e-mail address, or "token/NAME".

    `origin` is the network address that asks, for the audit; empty where there is none.
    """

    name: str
    kind: ActorKind
    powers: tuple[Power, ...]
    user_id: str = ""
    origin: str = ""

    def may(self, permission: Permission, store_id: str, agency: str | None) -> bool:
        """Whether it is allowed in this store, which belongs to this agency or to none."""
        return any(
            permission in power.permissions and covers(power.place, store_id, agency)
            for power in self.powers
        )

    def may_in_house(self, permission: Permission) -> bool:
        """Whether it is allowed everywhere."""
        return any(p.place == HOUSE and permission in p.permissions for p in self.powers)

    def may_in_agency(self, permission: Permission, agency: str) -> bool:
        """Whether it is allowed in all stores of an agency, and in the agency itself."""
        return any(
            permission in power.permissions
            and (power.place == HOUSE or agency_of(power.place) == agency)
            for power in self.powers
        )

    def places(self, permission: Permission) -> frozenset[Place]:
        """Every place in which it is allowed."""
        return frozenset(p.place for p in self.powers if permission in p.permissions)
