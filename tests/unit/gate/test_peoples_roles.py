"""Who gives which role: nobody more than he has, nobody his own, and never the last key away."""

import asyncio
from dataclasses import replace

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    FOREIGN,
    MINE,
    ORIGIN,
    PASSWORD,
    SISTER,
    House,
    at_agency,
    at_store,
    roles,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import HOUSE, Grant, Role
from pef_adapters.core.errors import NotAllowed, NotSignedIn, NotThere, PefError, SettingInvalid
from pef_adapters.engine.gate.sessions import actor_of
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.gate.users import change_grants, disable, enable, look, users

EVA, MAX = "eva@tienda.pe", "max@tienda.pe"
AGENT_HERE = at_store(Role.AGENT)


@pytest.mark.parametrize(
    ("mine", "wanted", "error"),
    [
        # an agent or approver edits no people, and so does not even see them
        (at_store(Role.AGENT), [at_store(Role.OWNER)], NotThere),
        (at_store(Role.APPROVER), [at_store(Role.APPROVER)], NotThere),
        # an owner stays in the store and below an administrator
        (at_store(Role.OWNER), [at_store(Role.OWNER)], None),
        (at_store(Role.OWNER), [at_store(Role.AGENCY_ADMINISTRATOR)], NotAllowed),
        (at_store(Role.OWNER), [at_store(Role.AGENT, SISTER)], NotThere),
        (at_store(Role.OWNER), [at_store(Role.AGENT, FOREIGN)], NotThere),
        (at_store(Role.OWNER), [at_agency(Role.AGENT)], NotThere),
        (at_store(Role.OWNER), [Grant(Role.AGENT, HOUSE)], NotAllowed),
        # an owner of the agency reaches its stores; its administrator makes others
        (at_agency(Role.OWNER), [at_store(Role.OWNER, SISTER)], None),
        (at_agency(Role.OWNER), [at_agency(Role.AGENCY_ADMINISTRATOR)], NotAllowed),
        (at_agency(Role.OWNER), [at_store(Role.AGENT, FOREIGN)], NotThere),
        (at_agency(Role.AGENCY_ADMINISTRATOR), [at_agency(Role.AGENCY_ADMINISTRATOR)], None),
        (at_agency(Role.AGENCY_ADMINISTRATOR), [at_agency(Role.AGENT, "costa")], NotThere),
        (at_agency(Role.AGENCY_ADMINISTRATOR), [ADMINISTRATOR], NotAllowed),
        # the house
        (ADMINISTRATOR, [ADMINISTRATOR], None),
        (ADMINISTRATOR, [at_agency(Role.AGENT, "no-such")], NotThere),
        (ADMINISTRATOR, [at_store(Role.AGENT, "no-such")], NotThere),
        (ADMINISTRATOR, [Grant(Role.AGENT, "elsewhere")], SettingInvalid),
        (ADMINISTRATOR, [Grant(Role.AGENT, "agency/")], SettingInvalid),
        (Grant(Role.OWNER, HOUSE), [ADMINISTRATOR], NotAllowed),
    ],
)
async def test_nobody_gives_more_than_he_has(
    house: House, mine: Grant, wanted: list[Grant], error: type[PefError] | None
) -> None:
    """Each escalation is refused, changes nothing and is kept; what is allowed is given."""
    actor = await house.person(MAX, mine)
    await house.person(EVA, AGENT_HERE)
    if error is None:
        given = await change_grants(house.ports, actor, EVA, wanted)
        assert given.grants == tuple(wanted)
        assert roles((await house.user(EVA)).grants) == roles(wanted)
        assert await house.outcomes("change_grants") == ["done"]
        return
    with pytest.raises(error):
        await change_grants(house.ports, actor, EVA, wanted)
    assert (await house.user(EVA)).grants == (AGENT_HERE,)
    assert await house.outcomes("change_grants") == [error.code]


async def test_nobody_takes_what_he_could_not_give(house: House) -> None:
    """A store's owner can't take a role above his own from somebody in his store."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    above = at_store(Role.AGENCY_ADMINISTRATOR)
    await house.person(EVA, above)
    with pytest.raises(NotAllowed):
        await change_grants(house.ports, max_, EVA, [])
    assert (await house.user(EVA)).grants == (above,)
    await change_grants(house.ports, max_, EVA, [above, AGENT_HERE])


async def test_roles_elsewhere_are_neither_shown_nor_touched(house: House) -> None:
    """An owner replaces the roles in his store; those of other agencies stay unseen."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    far = at_agency(Role.OWNER, "costa")
    await house.person(EVA, far, AGENT_HERE)
    seen = await look(house.ports, max_, EVA)
    assert seen.grants == (AGENT_HERE,)
    after = await change_grants(house.ports, max_, EVA, [at_store(Role.APPROVER)])
    assert roles(after.grants) == {f"approver@store/{MINE}"}
    assert roles((await house.user(EVA)).grants) == {
        "owner@agency/costa",
        f"approver@store/{MINE}",
    }


async def test_nobody_changes_his_own(house: House) -> None:
    """Neither roles nor being let in, whatever he is."""
    max_ = await house.person(MAX, ADMINISTRATOR)
    for call in (
        change_grants(house.ports, max_, MAX, [ADMINISTRATOR, AGENT_HERE]),
        disable(house.ports, max_, MAX),
        enable(house.ports, max_, MAX),
    ):
        with pytest.raises(NotAllowed):
            await call


async def test_each_sees_the_people_of_his_places(house: House) -> None:
    """By e-mail address; nobody of another agency, and no secret of anybody."""
    max_ = await house.person(MAX, at_agency(Role.OWNER))
    await house.person(EVA, AGENT_HERE, totp="JBSWY3DPEHPK3PXP")
    await house.person("luz@costa.pe", at_agency(Role.OWNER, "costa"))
    await house.person("pia@casa.pe")
    seen = await users(house.ports, max_)
    assert [person.email for person in seen] == [EVA, MAX]
    assert [person.has_codes for person in seen] == [True, False]
    assert "argon2" not in repr(seen)
    assert "JBSWY3DPEHPK3PXP" not in repr(seen)
    everybody = await users(house.ports, operator())
    assert [person.email for person in everybody] == [EVA, "luz@costa.pe", MAX, "pia@casa.pe"]
    agent = await house.person("ali@tienda.pe", AGENT_HERE)
    assert await users(house.ports, agent) == []


async def test_foreign_people_read_like_nobody(house: House) -> None:
    """Somebody of another agency and an address that nobody has get one answer."""
    max_ = await house.person(MAX, at_agency(Role.AGENCY_ADMINISTRATOR))
    await house.person("luz@costa.pe", at_agency(Role.AGENT, "costa"))
    said = set()
    for email in ("luz@costa.pe", "nadie@costa.pe"):
        for call in (
            look(house.ports, max_, email),
            disable(house.ports, max_, email),
            enable(house.ports, max_, email),
            change_grants(house.ports, max_, email, [AGENT_HERE]),
        ):
            with pytest.raises(NotThere) as refusal:
                await call
            said.add(str(refusal.value).replace(email, "EMAIL"))
    assert len(said) == 1


async def test_the_last_administrator_stays(house: House) -> None:
    """Neither taken from nor disabled, not even by the operator; a disabled one is none."""
    await house.person(MAX, ADMINISTRATOR)
    await house.person("old@tienda.pe", ADMINISTRATOR, disabled_at=house.world.clock.now())
    for call in (
        change_grants(house.ports, operator(), MAX, [Grant(Role.OWNER, HOUSE)]),
        disable(house.ports, operator(), MAX),
    ):
        with pytest.raises(NotAllowed):
            await call
    await change_grants(house.ports, operator(), MAX, [ADMINISTRATOR, AGENT_HERE])
    await house.person(EVA, ADMINISTRATOR)
    await disable(house.ports, operator(), MAX)


async def test_two_administrators_who_remove_each_other_leave_one(house: House) -> None:
    """Done at once, one of the two is refused."""
    max_ = await house.person(MAX, ADMINISTRATOR)
    eva = await house.person(EVA, ADMINISTRATOR)
    answers = await asyncio.gather(
        change_grants(house.ports, max_, EVA, []),
        change_grants(house.ports, eva, MAX, []),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 1


async def test_who_is_disabled_is_out_at_once(house: House) -> None:
    """Sessions end; let in again he signs in anew, with the roles he had."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, AGENT_HERE)
    inside = await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    await disable(house.ports, max_, EVA)
    with pytest.raises(NotSignedIn):
        await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    await enable(house.ports, max_, EVA)
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, inside.token, origin=ORIGIN)
    again = await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    actor, _, _ = await actor_of(house.ports, again.token, origin=ORIGIN)
    assert [power.place for power in actor.powers] == [f"store/{MINE}"]


async def test_a_session_without_its_user_let_in_is_nobodys(house: House) -> None:
    """Should a session outlive the disabling, it still opens nothing."""
    await house.person(EVA, AGENT_HERE)
    inside = await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    async with house.world.book.begin() as ledger:
        user = await ledger.user_by_email(EVA)
        assert user is not None
        await ledger.save_user(replace(user, disabled_at=house.world.clock.now()))
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, inside.token, origin=ORIGIN)


async def test_nobody_disables_whom_others_need(house: House) -> None:
    """Who also works elsewhere, or is above, is not this owner's to disable."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, AGENT_HERE, at_store(Role.AGENT, FOREIGN))
    await house.person("jefa@andes.pe", at_store(Role.AGENCY_ADMINISTRATOR))
    for email in (EVA, "jefa@andes.pe"):
        with pytest.raises(NotAllowed):
            await disable(house.ports, max_, email)
        assert (await house.user(email)).disabled_at is None


async def test_a_deed_in_several_stores_is_seen_by_their_agency(house: House) -> None:
    """What belongs to two stores of one agency is that agency's; of two agencies, the house's."""
    await house.person(EVA, AGENT_HERE)
    await change_grants(house.ports, operator(), EVA, [at_store(Role.AGENT, SISTER)])
    await change_grants(house.ports, operator(), EVA, [at_store(Role.AGENT, FOREIGN)])
    kept = [(entry.store_id, entry.agency) for entry in await house.audit()]
    assert kept == [(None, "andes"), (None, None)]
