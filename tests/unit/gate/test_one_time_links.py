"""One-time links: the first administrator's, invitations and new passwords, each used once."""

import asyncio
from typing import Any

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    MINE,
    ORIGIN,
    PASSWORD,
    House,
    at_agency,
    at_store,
    roles,
    token_in,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import Actor, ActorKind, Role
from pef_adapters.core.errors import (
    NotAllowed,
    NotSignedIn,
    NotThere,
    PefError,
    SettingInvalid,
    SignInLinkRefused,
    SignInRefused,
)
from pef_adapters.engine import onboarding
from pef_adapters.engine.gate.links import first_link, invite, open_link, reset_link
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.gate.sessions import actor_of
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.gate.users import change_grants, disable
from pef_adapters.engine.records import User

ROSA, EVA = "rosa@tienda.pe", "eva@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def accept(house: House, link: str, **given: Any) -> User:
    """Use a link as the page does."""
    told = {"name": "Eva", "password": NEW, "language": "en", **given}
    return await accept_link(house.ports, token_in(link), **told)


async def begun(house: House) -> str:
    """The first link, which must be there."""
    link = await first_link(house.ports)
    assert link is not None
    return link


async def owner(house: House) -> Actor:
    """Rosa, who owns one store."""
    return await house.person(ROSA, at_store(Role.OWNER))


async def test_the_first_link_makes_an_administrator(house: House) -> None:
    """Its holder says the address; afterwards there is no such link any more."""
    link = await begun(house)
    assert link.startswith("https://refunds.example/console/link/")
    told = await open_link(house.ports, token_in(link))
    assert (told.purpose, told.email) == ("first", "")
    user = await accept(house, link, email=" Eva@Tienda.pe ")
    assert (user.email, user.grants) == (EVA, (ADMINISTRATOR,))
    await sign_in(house.ports, EVA, NEW, "", origin=ORIGIN, device=DEVICE)
    assert await first_link(house.ports) is None


async def test_two_who_open_the_first_link_at_once_make_one_administrator(house: House) -> None:
    """By one link or by two of them, the second one is refused."""
    one, two = await begun(house), await begun(house)
    answers = await asyncio.gather(
        *(accept(house, link, email=f"{n}@tienda.pe") for n, link in enumerate((one, one, two))),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, SignInLinkRefused) for answer in answers) == 2
    async with house.world.book.begin() as ledger:
        assert len(await ledger.users()) == 1


async def test_an_invitation_gives_its_roles_once(house: House) -> None:
    """To look does not use it; to accept does, and nobody can say another address."""
    rosa = await owner(house)
    link = await invite(house.ports, rosa, EVA, [at_store(Role.APPROVER)], "zh_Hans")
    for _ in range(2):
        told = await open_link(house.ports, token_in(link))
        assert (told.purpose, told.email, told.language) == ("invite", EVA, "zh_Hans")
    user = await accept(house, link, email="mallory@evil.example")
    assert (user.email, roles(user.grants)) == (EVA, {f"approver@store/{MINE}"})
    assert user.created_by == ROSA
    with pytest.raises(SignInLinkRefused):
        await accept(house, link)
    with pytest.raises(SignInLinkRefused):
        await open_link(house.ports, token_in(link))


async def test_two_who_look_at_once_both_see_it(house: House) -> None:
    """A preview beside the person does not make a link look used."""
    link = await begun(house)
    seen = await asyncio.gather(*(open_link(house.ports, token_in(link)) for _ in range(5)))
    assert len(seen) == 5


@pytest.mark.parametrize("kind", ["first", "invite", "reset"])
async def test_links_expire(house: House, kind: str) -> None:
    """Each is good for 72 hours, and looking does not make it last longer."""
    if kind == "first":
        link = await begun(house)
    else:
        await house.person(EVA)
        roles_given = [at_store(Role.AGENT)]
        link = (
            await invite(house.ports, operator(), "otra@tienda.pe", roles_given, "en")
            if kind == "invite"
            else await reset_link(house.ports, operator(), EVA)
        )
    house.world.clock.advance(hours=71)
    await open_link(house.ports, token_in(link))
    house.world.clock.advance(hours=1)
    with pytest.raises(SignInLinkRefused):
        await open_link(house.ports, token_in(link))
    with pytest.raises(SignInLinkRefused):
        await accept(house, link, email="nueva@tienda.pe")


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "x" * 10_000])
async def test_nonsense_is_no_link(house: House, token: str) -> None:
    """Whatever is no token of a link is refused alike."""
    with pytest.raises(SignInLinkRefused):
        await open_link(house.ports, token)


@pytest.mark.parametrize(
    "given",
    [
        {"password": "short"},
        {"password": EVA},
        {"name": " "},
        {"name": "x" * 101},
        {"name": "E\x00va"},
        {"language": "fr"},
    ],
)
async def test_a_form_that_wont_do_leaves_the_link_good(
    house: House, given: dict[str, str]
) -> None:
    """Whoever mistypes can try again."""
    link = await invite(house.ports, await owner(house), EVA, [at_store(Role.AGENT)], "en")
    with pytest.raises(SettingInvalid):
        await accept(house, link, **given)
    await accept(house, link)


async def test_who_is_a_user_already_proves_it_and_keeps_his_roles(house: House) -> None:
    """An invitation never sets the password of somebody who has one."""
    await house.person(EVA, at_agency(Role.AGENT, "costa"))
    link = await invite(house.ports, await owner(house), EVA, [at_store(Role.AGENT)], "en")
    with pytest.raises(SignInRefused):
        await accept(house, link, password=NEW)
    user = await accept(house, link, password=PASSWORD, name="Mallory")
    assert user.name == "Eva"
    assert roles(user.grants) == {"agent@agency/costa", f"agent@store/{MINE}"}


async def test_what_the_inviter_may_no_longer_give_is_not_given(house: House) -> None:
    """Roles taken from the inviter, or the inviter disabled, end his invitations."""
    rosa = await owner(house)
    first = await invite(house.ports, rosa, EVA, [at_store(Role.AGENT)], "en")
    second = await invite(house.ports, rosa, "luz@tienda.pe", [at_store(Role.AGENT)], "en")
    await change_grants(house.ports, operator(), ROSA, [at_store(Role.AGENT)])
    with pytest.raises(SignInLinkRefused):
        await accept(house, first)
    await change_grants(house.ports, operator(), ROSA, [at_store(Role.OWNER)])
    await disable(house.ports, operator(), ROSA)
    with pytest.raises(SignInLinkRefused):
        await accept(house, second)


async def test_a_new_password_ends_sessions_and_older_links(house: House) -> None:
    """After a reset nobody is in by the old password, its sessions, or another reset link."""
    await house.person(EVA)
    inside = await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    one = await reset_link(house.ports, operator(), EVA)
    two = await reset_link(house.ports, operator(), EVA)
    assert (await open_link(house.ports, token_in(one))).name == "Eva"
    await accept(house, one)
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, inside.token, origin=ORIGIN)
    with pytest.raises(SignInLinkRefused):
        await accept(house, two)
    with pytest.raises(SignInRefused):
        await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    await sign_in(house.ports, EVA, NEW, "", origin=ORIGIN, device=DEVICE)


@pytest.mark.parametrize("drops", [False, True])
async def test_a_new_password_leaves_the_codes_unless_the_phone_is_lost(
    house: House,
    drops: bool,  # noqa: FBT001
) -> None:
    """The second factor goes only where whoever made the link said so."""
    await house.person(EVA, totp="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    link = await reset_link(house.ports, operator(), EVA, drops_codes=drops)
    assert bool((await accept(house, link)).totp) is not drops


async def test_a_disabled_person_is_not_let_in_by_a_link(house: House) -> None:
    """Links that were made before are worth nothing then."""
    await house.person(EVA)
    reset = await reset_link(house.ports, operator(), EVA)
    more = await invite(house.ports, operator(), EVA, [at_store(Role.OWNER)], "en")
    await disable(house.ports, operator(), EVA)
    for link, password in ((reset, NEW), (more, PASSWORD)):
        with pytest.raises(SignInLinkRefused):
            await accept(house, link, password=password)


@pytest.mark.parametrize(
    ("grants", "error"),
    [
        ([at_agency(Role.AGENT)], NotThere),
        ([at_store(Role.AGENT, "ajena-pe")], NotThere),
        ([at_store(Role.AGENT, "no-such")], NotThere),
        ([ADMINISTRATOR], NotAllowed),
        ([at_store(Role.AGENCY_ADMINISTRATOR)], NotAllowed),
        ([at_store(Role.AGENT), at_store(Role.AGENT, "ajena-pe")], NotThere),
        ([], SettingInvalid),
    ],
)
async def test_nobody_invites_into_what_is_not_his(
    house: House, grants: list[Any], error: type[PefError]
) -> None:
    """Other stores, agencies, the house, and roles above the own are refused and kept."""
    with pytest.raises(error):
        await invite(house.ports, await owner(house), EVA, grants, "en")


async def test_foreign_and_missing_places_read_the_same(house: House) -> None:
    """The refusal differs by the name that was asked for and by nothing else."""
    rosa, said = await owner(house), set()
    for name in ("ajena-pe", "no-such"):
        with pytest.raises(NotThere) as refusal:
            await invite(house.ports, rosa, EVA, [at_store(Role.AGENT, name)], "en")
        said.add(str(refusal.value).replace(name, "NAME"))
    assert len(said) == 1


async def test_nobody_resets_whom_he_could_not_make(house: House) -> None:
    """Himself, a colleague with more roles, a stranger, and any program are refused."""
    rosa = await owner(house)
    await house.person(EVA, at_store(Role.AGENT), at_agency(Role.AGENT, "costa"))
    await house.person("luz@costa.pe", at_agency(Role.OWNER, "costa"))
    program = Actor("token/erp", ActorKind.MACHINE, operator().powers)
    for actor, email, error in (
        (rosa, ROSA, NotAllowed),
        (rosa, EVA, NotAllowed),
        (rosa, "luz@costa.pe", NotThere),
        (rosa, "nadie@costa.pe", NotThere),
        (program, EVA, NotAllowed),
    ):
        with pytest.raises(error):
            await reset_link(house.ports, actor, email)


async def test_links_of_people_and_of_stores_are_worlds_apart(house: House) -> None:
    """The token of a person's link connects no store."""
    link = await begun(house)
    with pytest.raises(NotThere):
        await onboarding.accept_invitation(house.ports, token_in(link), {}, "https://x.example")
    await open_link(house.ports, token_in(link))


async def test_no_link_is_in_the_audit(house: House) -> None:
    """Deeds are kept with roles and names, and without tokens or passwords."""
    rosa = await owner(house)
    links = [
        await invite(house.ports, rosa, EVA, [at_store(Role.AGENT)], "en"),
        await reset_link(house.ports, operator(), ROSA),
    ]
    for link in links:
        await accept(house, link)
    written = await house.written()
    assert [link for link in links if token_in(link) in written] == []
    assert NEW not in written
    assert await house.outcomes("accept_link") == ["done", "done"]
    first = (await house.audit())[0]
    assert (first.actor, first.subject) == (ROSA, f"user/{EVA}")
    assert (first.store_id, first.agency) == (MINE, "andes")


@pytest.mark.parametrize(
    "email", ["", "ana", "@x.pe", "a@b", "a b@c.pe", "a@b@c.pe", "operator/ana@c.pe", "a\x00@b.pe"]
)
async def test_addresses_must_be_addresses(house: House, email: str) -> None:
    """What could never receive a link is refused."""
    with pytest.raises(SettingInvalid):
        await invite(house.ports, operator(), email, [at_store(Role.AGENT)], "en")
