"""Who may do what, where: roles, permissions and the places they hold in. Pure."""

from pef_adapters.core.access.actor import Actor, ActorKind, Power
from pef_adapters.core.access.places import HOUSE, Place, agency_of, agency_place, store_place
from pef_adapters.core.access.roles import (
    PERSONS_ONLY,
    ROLES,
    Grant,
    Permission,
    Role,
    powers_of,
)

__all__ = [
    "HOUSE",
    "PERSONS_ONLY",
    "ROLES",
    "Actor",
    "ActorKind",
    "Grant",
    "Permission",
    "Place",
    "Power",
    "Role",
    "agency_of",
    "agency_place",
    "powers_of",
    "store_place",
]
