"""Who may do what where: the roles' table, the places, and what an actor may."""

import pytest

from pef_adapters.core.access import Actor, ActorKind
from pef_adapters.core.access.actor import Power
from pef_adapters.core.access.places import (
    HOUSE,
    agency_of,
    agency_place,
    covers,
    store_of,
    store_place,
)
from pef_adapters.core.access.roles import (
    PERSONS_ONLY,
    ROLES,
    Grant,
    Permission,
    Role,
    powers_of,
)

_P = Permission
TABLE = {
    Role.AGENT: {_P.SEE_REFUNDS, _P.SPEAK, _P.SEE_PAYOUTS, _P.SEE_POLICY, _P.SEE_STORES},
    Role.APPROVER: {
        _P.SEE_REFUNDS,
        _P.SPEAK,
        _P.SEE_PAYOUTS,
        _P.SEE_POLICY,
        _P.SEE_STORES,
        _P.APPROVE,
        _P.SEE_AUDIT,
    },
    Role.OWNER: set(_P) - {_P.EDIT_AGENCY},
    Role.AGENCY_ADMINISTRATOR: set(_P),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_allows_exactly_its_row(role: Role) -> None:
    """No role gains or loses a permission unseen."""
    assert ROLES[role] == TABLE[role]


def test_machines_never_decide_settle_or_name_people() -> None:
    """What takes somebody who can be asked is closed to tokens."""
    assert {_P.APPROVE, _P.SETTLE_REFUNDS, _P.EDIT_PEOPLE} == PERSONS_ONLY


def test_places_are_written_and_read_back() -> None:
    """A place tells what it is, and only that."""
    assert (agency_place("sur"), store_place("lima")) == ("agency/sur", "store/lima")
    assert (agency_of("agency/sur"), agency_of("store/sur"), agency_of(HOUSE)) == (
        "sur",
        None,
        None,
    )
    assert (store_of("store/lima"), store_of("agency/lima"), store_of(HOUSE)) == (
        "lima",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("place", "agency", "covered"),
    [
        (HOUSE, None, True),
        (HOUSE, "sur", True),
        ("store/lima", None, True),
        ("store/cusco", None, False),
        ("agency/sur", "sur", True),
        ("agency/sur", "norte", False),
        ("agency/sur", None, False),
        ("agency/", "", False),
    ],
)
def test_a_place_covers_what_lies_in_it(place: str, agency: str | None, *, covered: bool) -> None:
    """The house covers all, an agency its stores, a store itself."""
    assert covers(place, "lima", agency) is covered


def actor(*places: str) -> Actor:
    """Somebody who may see refunds in these places, and edit stores in none."""
    seeing = frozenset({_P.SEE_REFUNDS})
    return Actor("rosa@tienda.pe", ActorKind.PERSON, tuple(Power(p, seeing) for p in places))


@pytest.mark.parametrize(
    ("place", "store", "house", "agency"),
    [
        (HOUSE, True, True, True),
        ("agency/sur", True, False, True),
        ("agency/norte", False, False, False),
        ("store/lima", True, False, False),
        ("store/cusco", False, False, False),
    ],
)
def test_a_permission_holds_in_its_place_alone(
    place: str, *, store: bool, house: bool, agency: bool
) -> None:
    """In a store, in the whole house, in an agency: each is asked for by itself."""
    rosa = actor(place)
    assert rosa.may(_P.SEE_REFUNDS, "lima", "sur") is store
    assert rosa.may_in_house(_P.SEE_REFUNDS) is house
    assert rosa.may_in_agency(_P.SEE_REFUNDS, "sur") is agency


def test_another_permission_holds_nowhere() -> None:
    """What was not given is not allowed, wherever something else was."""
    rosa = actor(HOUSE, "agency/sur", "store/lima")
    assert not rosa.may(_P.EDIT_STORES, "lima", "sur")
    assert not rosa.may_in_house(_P.EDIT_STORES)
    assert not rosa.may_in_agency(_P.EDIT_STORES, "sur")
    assert rosa.places(_P.EDIT_STORES) == frozenset()
    assert rosa.places(_P.SEE_REFUNDS) == {HOUSE, "agency/sur", "store/lima"}


def test_an_actor_without_more_has_no_account_and_no_address() -> None:
    """A command at the house's own machine comes from nowhere."""
    assert (actor().user_id, actor().origin) == ("", "")


def test_grants_become_powers_in_their_places() -> None:
    """A role in a place gives its permissions there."""
    (power,) = powers_of((Grant(Role.APPROVER, "store/lima"),))
    assert (power.place, power.permissions) == ("store/lima", ROLES[Role.APPROVER])
