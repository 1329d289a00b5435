"""Who may give which role where, and how an e-mail address is written. Changes nothing.

Nobody gives or takes more than he has: it takes the permission to edit people in that
place, and there every permission of the role.
"""

from collections.abc import Iterable
from dataclasses import replace

from pef_adapters.core.access import HOUSE, ROLES, Actor, Grant, Permission, Place, agency_of
from pef_adapters.core.access.places import store_of, store_place
from pef_adapters.core.errors import NotAllowed, NotThere, SettingInvalid
from pef_adapters.engine.gate.auditing import Deed
from pef_adapters.engine.known import no_store
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import StoreHead, User

_MOST_LETTERS = 254


def clean_email(typed: str) -> str:
    """The address as it is kept: without spaces around it, in lower case.

    Raises:
        SettingInvalid: it is no e-mail address.
    """
    email = typed.strip().lower()
    name, at, host = email.partition("@")
    usable = name and at and "." in host.strip(".") and "@" not in host
    # What only looks like another address must not be taken for it.
    usable = usable and typed.isascii()
    # Other actors are named with a slash, and nobody may be taken for them.
    usable = usable and not {" ", "/"} & {*email} and email.isprintable()
    if not usable or len(email) > _MOST_LETTERS:
        raise SettingInvalid("give an e-mail address like ana@tienda.pe")
    return email


def no_user(email: str) -> NotThere:
    """The answer where nobody has this address, or nobody whom the actor may see."""
    return NotThere(f"there is no user {email}; see `pef user list`")


async def demand_in_place(
    ledger: Ledger, actor: Actor, place: Place, permissions: Iterable[Permission]
) -> None:
    """Let pass whom all of this is allowed in the place.

    Raises:
        SettingInvalid: it is no place at all.
        NotThere: there is no such agency or store, or none that he may see.
        NotAllowed: he may see it, and lacks one of these there.
    """
    heads = await ledger.store_heads()
    await _demand_place(ledger, actor, place, heads)
    if not all(may_in_place(actor, each, place, heads) for each in permissions):
        raise NotAllowed


async def demand_may_give(ledger: Ledger, actor: Actor, grants: Iterable[Grant]) -> None:
    """Let pass who may give each of these roles, which is also what it takes to take them.

    Raises:
        SettingInvalid, NotThere, NotAllowed: as for `demand_in_place`.
    """
    for grant in grants:
        needed = ROLES[grant.role] | {Permission.EDIT_PEOPLE}
        await demand_in_place(ledger, actor, grant.place, needed)


async def seen_grants(ledger: Ledger, actor: Actor, user: User) -> tuple[Grant, ...]:
    """Those of somebody's roles that stand in places whose people the actor edits."""
    heads, edit = await ledger.store_heads(), Permission.EDIT_PEOPLE
    return tuple(g for g in user.grants if may_in_place(actor, edit, g.place, heads))


async def seen_user(ledger: Ledger, actor: Actor, email: str) -> User:
    """Somebody, locked, of whom the actor sees a role; in the house everybody is seen.

    Raises:
        NotThere: nobody, or nobody whom he may see.
    """
    found = await ledger.user_by_email(email)
    user = await ledger.lock_user(found.id) if found else None
    if user is None:
        raise no_user(email)
    everybody = actor.may_in_house(Permission.EDIT_PEOPLE)
    if not everybody and not await seen_grants(ledger, actor, user):
        raise no_user(email)
    return user


def may_in_place(
    actor: Actor, permission: Permission, place: Place, heads: Iterable[StoreHead]
) -> bool:
    """Whether this is allowed in a place; a store that is gone is the house's."""
    if place == HOUSE or actor.may_in_house(permission):
        return actor.may_in_house(permission)
    if (agency := agency_of(place)) is not None:
        return actor.may_in_agency(permission, agency)
    return any(
        head.id == store_of(place) and actor.may(permission, head.id, head.agency) for head in heads
    )


async def belonging(ledger: Ledger, deed: Deed, places: Iterable[Place]) -> None:
    """Note in a deed the store and the agency to which all of it belongs, if to one."""
    found = {await _belongs_to(ledger, place) for place in places}
    stores, agencies = {store for store, _ in found}, {agency for _, agency in found}
    deed.store_id = stores.pop() if len(stores) == 1 else None
    deed.agency = agencies.pop() if len(agencies) == 1 else None


async def of_account(ledger: Ledger, deed: Deed, account_id: str) -> None:
    """Note in a deed where a merchant account belongs.

    What is of one store can be read by its owner; of several, by their agency if it is one.
    """
    heads = [head for head in await ledger.store_heads() if head.account_id == account_id]
    await belonging(ledger, deed, [store_place(head.id) for head in heads])


async def _belongs_to(ledger: Ledger, place: Place) -> tuple[str | None, str | None]:
    head = await ledger.store_head(store_of(place) or "")
    return (head.id, head.agency) if head else (None, agency_of(place))


def words_of(grants: Iterable[Grant]) -> list[str]:
    """Roles as the audit keeps them, such as "owner at store/tienda-pe"."""
    return [f"{grant.role} at {grant.place}" for grant in grants]


def merged(user: User, grants: Iterable[Grant]) -> User:
    """The user with these roles too, each once."""
    return replace(user, grants=tuple(dict.fromkeys((*user.grants, *grants))))


async def _demand_place(ledger: Ledger, actor: Actor, place: Place, heads: list[StoreHead]) -> None:
    see, agency, store = Permission.SEE_STORES, agency_of(place), store_of(place)
    if place != HOUSE and not agency and not store:
        raise SettingInvalid(f"{place[:80]!r} is no place; give house, agency/NAME or store/ID")
    seen = may_in_place(actor, see, place, heads)
    if agency and not (seen and await _is_agency(ledger, agency, heads)):
        raise NotThere(f"there is no agency {agency}; see `pef agency list`")
    if store and not (seen and any(head.id == store for head in heads)):
        raise no_store(store)


async def _is_agency(ledger: Ledger, agency: str, heads: list[StoreHead]) -> bool:
    """An agency is kept by its name, or is only named by its stores."""
    return any(head.agency == agency for head in heads) or bool(await ledger.agency(agency))
