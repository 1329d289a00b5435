"""The four roles as one table: role → permissions. Surfaces ask for a permission, never a role."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pef_adapters.core.access.actor import Power
from pef_adapters.core.access.places import Place


class Permission(StrEnum):
    """One thing that somebody may do; also the scopes of machine tokens."""

    SEE_REFUNDS = "refunds:see"
    ACT_ON_REFUNDS = "refunds:act"
    SETTLE_REFUNDS = "refunds:settle"
    SPEAK = "approvals:speak"
    APPROVE = "approvals:decide"
    SEE_PAYOUTS = "payouts:see"
    PAY_OUT = "payouts:act"
    SEE_POLICY = "policies:see"
    EDIT_POLICY = "policies:edit"
    SEE_STORES = "stores:see"
    EDIT_STORES = "stores:edit"
    EDIT_ACCOUNTS = "accounts:edit"
    EDIT_AGENCY = "agency:edit"
    SEE_AUDIT = "audit:see"
    EDIT_PEOPLE = "people:edit"


class Role(StrEnum):
    """What somebody is in a place."""

    AGENT = "agent"
    APPROVER = "approver"
    OWNER = "owner"
    AGENCY_ADMINISTRATOR = "agency_administrator"


_AGENT = frozenset(
    {
        Permission.SEE_REFUNDS,
        Permission.SPEAK,
        Permission.SEE_PAYOUTS,
        Permission.SEE_POLICY,
        Permission.SEE_STORES,
    }
)
ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.AGENT: _AGENT,
        Role.APPROVER: _AGENT | {Permission.APPROVE, Permission.SEE_AUDIT},
        Role.OWNER: frozenset(Permission) - {Permission.EDIT_AGENCY},
        Role.AGENCY_ADMINISTRATOR: frozenset(Permission),
    }
)
PERSONS_ONLY = frozenset({Permission.APPROVE, Permission.SETTLE_REFUNDS, Permission.EDIT_PEOPLE})
"""What no machine token can hold: it takes somebody who can be asked."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a place."""

    role: Role
    place: Place


def powers_of(grants: tuple[Grant, ...]) -> tuple[Power, ...]:
    """What these roles allow, by place."""
    return tuple(Power(grant.place, ROLES[grant.role]) for grant in grants)
