"""Attacks on the gate: each of these once worked, or would if a line were forgotten."""

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    FOREIGN,
    MINE,
    PASSWORD,
    House,
    at_agency,
    at_store,
    token_in,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import (
    ROLES,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Power,
    Role,
    store_place,
)
from pef_adapters.core.errors import (
    NotAllowed,
    PefError,
    SettingInvalid,
    SignInLinkRefused,
)
from pef_adapters.engine.departures import leave
from pef_adapters.engine.gate import agencies
from pef_adapters.engine.gate.audits import audits
from pef_adapters.engine.gate.links import invite, reset_link
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.gate.tokens import make_token
from pef_adapters.engine.gate.users import change_grants, disable, enable
from pef_adapters.engine.records import AuditSearch, User

EVA, MAX, ROSA = "eva@tienda.pe", "max@tienda.pe", "rosa@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def accept(house: House, link: str, password: str = NEW) -> User:
    """Use a link as the page does."""
    token = token_in(link)
    return await accept_link(house.ports, token, name="Eva", password=password, language="en")


async def read_by(house: House, reader: Actor) -> list[str]:
    """What somebody finds in the audit."""
    return [entry.what for entry in await audits(house.ports, reader, AuditSearch())]


@pytest.mark.parametrize("maker", ["owner", "operator", "platform"])
async def test_a_reset_link_is_worth_no_more_than_when_it_was_made(
    house: House, maker: str
) -> None:
    """Whose powers grew since is not taken over by an older link to a new password."""
    power = Power(store_place(MINE), ROLES[Role.OWNER])
    makers = {
        "owner": await house.person(MAX, at_store(Role.OWNER)),
        "operator": operator(),
        "platform": Actor("shopify/42", ActorKind.PERSON, (power,)),
    }
    await house.person(EVA, at_store(Role.AGENT))
    link = await reset_link(house.ports, makers[maker], EVA, drops_codes=True)
    grown = [at_store(Role.AGENT), at_store(Role.OWNER, FOREIGN)]
    await change_grants(house.ports, operator(), EVA, grown)
    with pytest.raises(SignInLinkRefused):
        await accept(house, link)
    assert (await house.user(EVA)).password == house.kept


async def test_a_reset_link_dies_with_its_makers_powers(house: House) -> None:
    """Who may no longer give the roles, or was disabled, has handed out a dead link."""
    rosa = await house.person(ROSA, at_store(Role.OWNER))
    max_ = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    links = [await reset_link(house.ports, actor, EVA) for actor in (rosa, max_)]
    await change_grants(house.ports, operator(), ROSA, [at_store(Role.AGENT)])
    await disable(house.ports, operator(), MAX)
    for link in links:
        with pytest.raises(SignInLinkRefused):
            await accept(house, link)


async def test_an_administrators_reset_link_still_fits_who_got_a_role(house: House) -> None:
    """What its maker could give now, too, is no reason to refuse; the store's owner reads it."""
    boss = await house.person(ROSA, ADMINISTRATOR)
    owner = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    link = await reset_link(house.ports, boss, EVA)
    await change_grants(house.ports, boss, EVA, [at_store(Role.APPROVER)])
    await accept(house, link)
    assert "accept_link" in await read_by(house, owner)


@pytest.mark.parametrize("above", ["house", "agency", "operator"])
async def test_whom_somebody_above_disabled_stays_out(house: House, above: str) -> None:
    """A store's owner does not let in again whom the house or the agency has put out."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    actors = {
        "house": await house.person(ROSA, ADMINISTRATOR),
        "agency": await house.person("luz@andes.pe", at_agency(Role.AGENCY_ADMINISTRATOR)),
        "operator": operator(),
    }
    await disable(house.ports, actors[above], EVA)
    for _ in range(2):
        with pytest.raises(NotAllowed):
            await enable(house.ports, owner, EVA)
        # To disable her once more makes it nobody else's deed.
        await disable(house.ports, owner, EVA)
    assert (await house.user(EVA)).disabled_at
    await enable(house.ports, actors[above], EVA)
    assert not (await house.user(EVA)).disabled_at


async def test_an_owner_lets_in_again_whom_an_owner_disabled(house: House) -> None:
    """However many tries at the address were refused meanwhile."""
    first, second = [await house.person(e, at_store(Role.OWNER)) for e in (MAX, ROSA)]
    await house.person(EVA, at_store(Role.AGENT))
    await disable(house.ports, first, EVA)
    for number in range(130):
        with pytest.raises(PefError):
            await sign_in(house.ports, EVA, PASSWORD, "", origin=f"10.1.{number}.1", device=DEVICE)
    await enable(house.ports, second, EVA)
    assert not (await house.user(EVA)).disabled_at


@pytest.mark.parametrize("grant", [at_store(Role.AGENT, FOREIGN), at_agency(Role.AGENT, "costa")])
async def test_what_is_tried_at_a_foreign_place_stands_in_no_foreign_audit(
    house: House, grant: Grant
) -> None:
    """Neither roles, links, tokens nor agencies that were refused are read over there."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    there = await house.person(ROSA, at_agency(Role.AGENCY_ADMINISTRATOR, "costa"))
    await house.person(EVA, at_store(Role.AGENT))
    tries = (
        change_grants(house.ports, owner, EVA, [at_store(Role.AGENT), grant]),
        change_grants(house.ports, owner, EVA, [grant]),
        invite(house.ports, owner, EVA, [grant], "en"),
        make_token(house.ports, owner, "erp", grant.place, [Permission.SEE_REFUNDS], days=1),
        agencies.make(house.ports, owner, "costa", "Costa"),
        agencies.change(house.ports, owner, "costa", "Costa", {}),
    )
    for each in tries:
        with pytest.raises(PefError):
            await each
    assert await read_by(house, there) == []
    assert len(await house.audit()) == len(tries) - 1, "a change of what is not there is none"


async def test_what_is_kept_draws_nothing_on_a_terminal(house: House) -> None:
    """A name of control letters, or of any length, does not forge lines of a listing."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    for name in ("x\x1b[2J\nforged\u202e", "y" * 5000):
        with pytest.raises(NotAllowed):
            await agencies.make(house.ports, owner, name, "Costa")
    for entry in await house.audit():
        assert entry.subject.isprintable()
        assert len(entry.subject) <= 300


async def test_tokens_elsewhere_are_not_shown_to_who_disables(house: House) -> None:
    """Of the tokens that somebody once made, a store's owner sees his store's alone."""
    eva = await house.person(EVA, at_store(Role.OWNER), at_store(Role.OWNER, FOREIGN))
    owner = await house.person(MAX, at_store(Role.OWNER))
    for name, store in (("here", MINE), ("there", FOREIGN)):
        place = store_place(store)
        await make_token(house.ports, eva, name, place, [Permission.SEE_REFUNDS], days=9)
    await change_grants(house.ports, operator(), EVA, [at_store(Role.OWNER)])
    assert [token.name for token in await disable(house.ports, owner, EVA)] == ["here"]
    left = await disable(house.ports, operator(), EVA)
    assert {token.name for token in left} == {"here", "there"}


async def test_a_token_that_takes_a_person_is_refused_and_kept(house: House) -> None:
    """Who asked for it can be read."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    with pytest.raises(SettingInvalid):
        await make_token(
            house.ports, owner, "z" * 500, store_place(MINE), [Permission.APPROVE], days=10**12
        )
    (entry,) = await house.audit()
    assert entry.outcome == "SETTING_INVALID"
    assert entry.detail["permissions"] == ["approvals:decide"]


async def test_a_new_password_ends_the_passkeys(house: House) -> None:
    """Who got in before by a passkey of his own making does not get in again."""
    await house.person(EVA, at_store(Role.AGENT), passkeys=({"id": "thief"},))
    await accept(house, await reset_link(house.ports, operator(), EVA))
    assert (await house.user(EVA)).passkeys == ()


@pytest.mark.parametrize("kind", ["invite", "reset"])
async def test_links_of_a_platforms_person_die_when_the_store_leaves(
    house: House, kind: str
) -> None:
    """Whom its platform proved has nothing to give once the app was removed."""
    power = Power(store_place(MINE), ROLES[Role.OWNER])
    actor = Actor("shopify/42", ActorKind.PERSON, (power,))
    links = [await invite(house.ports, actor, EVA, [at_store(Role.OWNER)], "en") for _ in range(2)]
    await accept(house, links[0])
    if kind == "reset":
        links[1] = await reset_link(house.ports, actor, EVA)
    async with house.world.book.begin() as ledger:
        store = await ledger.store(MINE)
    assert store is not None
    await leave(house.ports, store, at=None)
    with pytest.raises(SignInLinkRefused):
        await accept(house, links[1])
