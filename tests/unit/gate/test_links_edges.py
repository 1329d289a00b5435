"""Links, sessions and passkeys: whole records, and bounds where one more or less is another."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    FOREIGN,
    MINE,
    ORIGIN,
    PASSWORD,
    House,
    at_store,
    token_in,
)
from passkey_device import Device
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import Actor, ActorKind, Permission, Power, Role
from pef_adapters.core.access.places import store_place
from pef_adapters.core.errors import (
    NotAllowed,
    NotSignedIn,
    PefError,
    SettingInvalid,
    SignInLinkRefused,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.engine.gate import links, links_accepted, passwords, sign_in_codes
from pef_adapters.engine.gate.links import LinkFor, Purpose
from pef_adapters.engine.gate.passkeys import keep_passkey, offer_registration
from pef_adapters.engine.gate.sessions import actor_of, new_session
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.records import Session, User

ANA, EVA = "ana@tienda.pe", "eva@tienda.pe"
NEW = "seis alpacas suben la cuesta"


# links


async def test_a_link_says_what_it_is_for(house: House) -> None:
    """Purpose, person and language, and nothing else."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT), language="zh_Hans")
    invited = await links.invite(house.ports, boss, "max@x.pe", [at_store(Role.AGENT)], "en")
    lost = await links.reset_link(house.ports, boss, EVA)
    assert await links.open_link(house.ports, token_in(invited)) == LinkFor(
        Purpose.INVITE, "max@x.pe", "", "en"
    )
    assert await links.open_link(house.ports, token_in(lost)) == LinkFor(
        Purpose.RESET, EVA, "Eva", "zh_Hans"
    )


async def test_an_accepted_invitation_makes_this_user(house: House) -> None:
    """Name tidied, roles once each, made by whoever invited, now."""
    boss = await house.person(ANA, ADMINISTRATOR)
    here = at_store(Role.AGENT)
    link = await links.invite(house.ports, boss, EVA, [here, here], "en")
    user = await accept(house, link, name="  Eva   Luz ", language="zh_Hans")
    assert user == User(
        id=user.id,
        email=EVA,
        name="Eva Luz",
        language="zh_Hans",
        password=user.password,
        grants=(here,),
        created_by=ANA,
        created_at=house.world.clock.now(),
    )
    assert await house.user(EVA) == user
    assert await passwords.matches(user.password, NEW)


async def accept(house: House, link: str, **given: Any) -> User:
    """Use a link as the page does."""
    told = {"name": "Eva", "password": NEW, "language": "en", "origin": ORIGIN, **given}
    return await links_accepted.accept_link(house.ports, token_in(link), **told)


async def test_the_first_administrator_is_made_by_the_first_link(house: House) -> None:
    """His record says so, and a link without a name of its own takes none that is empty."""
    link = await links.first_link(house.ports)
    assert link is not None
    with pytest.raises(SettingInvalid) as refused:
        await accept(house, link, email=EVA, name="  ")
    assert str(refused.value) == "give a name of at most 100 letters"
    with pytest.raises(SettingInvalid) as refused:
        await accept(house, link, email=EVA, language="fr")
    assert str(refused.value) == "give a language of es_PE, en, zh_Hans"
    user = await accept(house, link, email=EVA, name="x" * 100)
    assert (user.created_by, user.grants, user.name) == ("first link", (ADMINISTRATOR,), "x" * 100)
    boss = await house.person(ANA, ADMINISTRATOR)
    next_link = await links.invite(house.ports, boss, "max@x.pe", [at_store(Role.AGENT)], "en")
    assert (await accept(house, next_link, name="M")).name == "M"


@pytest.mark.parametrize("drops", [True, False])
async def test_a_reset_changes_this_and_nothing_else(house: House, *, drops: bool) -> None:
    """Name, language and password are new, passkeys gone, codes only where the phone is lost."""
    boss = await house.person(ANA, ADMINISTRATOR)
    secret = sign_in_codes.new_secret()
    passkey = {"id": "a", "public_key": "b", "sign_count": 0}
    eva = await house.person(EVA, at_store(Role.AGENT), totp=secret, passkeys=(passkey,))
    link = await links.reset_link(house.ports, boss, EVA, drops_codes=drops)
    before = await house.user(eva.name)
    after = await accept(house, link, name="Evita", language="zh_Hans")
    assert after == replace(
        before,
        name="Evita",
        language="zh_Hans",
        password=after.password,
        passkeys=(),
        totp="" if drops else secret,
    )
    assert await house.user(EVA) == after


async def test_a_reset_keeps_the_name_where_none_is_typed(house: House) -> None:
    """The form may leave it out."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT))
    link = await links.reset_link(house.ports, boss, EVA)
    assert (await accept(house, link, name=" ")).name == "Eva"


async def test_a_new_password_forgets_the_tries_at_the_old_one(house: House) -> None:
    """Whoever was kept out by tries from here signs in right after the link."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT))
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await sign_in(house.ports, EVA, "wrong", "", origin=ORIGIN, device=DEVICE)
    link = await links.reset_link(house.ports, boss, EVA)
    await accept(house, link)
    await sign_in(house.ports, EVA, NEW, "", origin=ORIGIN, device=DEVICE)


async def test_who_accepts_by_a_password_has_ten_tries(house: House) -> None:
    """The eleventh waits even with the right one, and the link stays good."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT))
    link = await links.invite(house.ports, boss, EVA, [at_store(Role.APPROVER)], "en")
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await accept(house, link, password="wrong")
    with pytest.raises(TooManyTries):
        await accept(house, link, password=PASSWORD)
    house.world.clock.advance(minutes=16)
    joined = await accept(house, link, password=PASSWORD, name="Other", language="zh_Hans")
    assert joined.grants == (at_store(Role.AGENT), at_store(Role.APPROVER))
    assert (joined.name, joined.language) == ("Eva", "en")


@pytest.mark.parametrize("left", [True, False])
async def test_an_invitation_from_a_platform_dies_with_its_store(
    house: House, *, left: bool
) -> None:
    """It is good while the store is connected by which its maker was proved."""
    everything = frozenset(Permission)
    guest = Actor("fake/42", ActorKind.PERSON, (Power(store_place(MINE), everything),))
    link = await links.invite(house.ports, guest, EVA, [at_store(Role.AGENT)], "en")
    if left:
        async with house.world.book.begin() as ledger:
            store = await ledger.store(MINE)
            assert store is not None
            gone = {**store.settings, "left_at": "2026-11-23"}
            await ledger.add_store(replace(store, settings=gone))
        with pytest.raises(SignInLinkRefused):
            await accept(house, link)
        return
    assert (await accept(house, link)).created_by == "fake/42"


async def test_a_persons_invitation_outlives_a_store_that_left(house: House) -> None:
    """Who has an account is not bound to the store that he was made for."""
    rosa = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    link = await links.invite(house.ports, rosa, EVA, [at_store(Role.AGENT)], "en")
    async with house.world.book.begin() as ledger:
        store = await ledger.store(MINE)
        assert store is not None
        gone = {**store.settings, "left_at": "2026-11-23"}
        await ledger.add_store(replace(store, settings=gone))
    assert (await accept(house, link)).created_by == "rosa@tienda.pe"
    shop = await links.invite(house.ports, operator(), "max@x.pe", [at_store(Role.AGENT)], "en")
    assert (await accept(house, shop)).created_by == operator().name


async def test_what_is_no_invitation_is_refused_in_words(house: House) -> None:
    """Without a role, or in a language of nobody here, none is made."""
    boss = await house.person(ANA, ADMINISTRATOR)
    for grants, language in (([], "en"), ([at_store(Role.AGENT)], "fr")):
        with pytest.raises(SettingInvalid) as refused:
            await links.invite(house.ports, boss, EVA, grants, language)
        assert str(refused.value) == "give a role, and a language of es_PE, en, zh_Hans"
    program = Actor("token/erp", ActorKind.MACHINE, boss.powers)
    with pytest.raises(NotAllowed):
        await links.invite(house.ports, program, EVA, [at_store(Role.AGENT)], "en")
    with pytest.raises(NotAllowed):
        await links.reset_link(house.ports, program, ANA)


# sessions


async def test_a_session_is_whole(house: House) -> None:
    """What the browser said is cut at 200 letters; it ends twelve hours after now."""
    await house.person(ANA, ADMINISTRATOR)
    new = await sign_in(house.ports, ANA, PASSWORD, "", origin="o" * 201, device="d" * 201)
    now = house.world.clock.now()
    assert new.session == Session(
        token_sha256=new.session.token_sha256,
        user_id=f"U-{ANA}",
        name=ANA,
        powers=(),
        csrf=new.session.csrf,
        origin="o" * 200,
        device="d" * 200,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=12),
    )
    assert min(len(new.token), len(new.session.csrf)) >= 43
    assert new.token != new.session.csrf


async def test_a_platforms_session_is_of_all_its_stores(house: House) -> None:
    """It counts only while every store is connected by which somebody was proved."""
    see = frozenset({Permission.SEE_REFUNDS})
    both = [Power(store_place(MINE), see), Power(store_place(FOREIGN), see)]
    for powers, good in ((both, True), ([*both, Power(store_place("gone"), see)], False)):
        now = house.world.clock.now()
        new = new_session("fake/42", now, origin=ORIGIN, device=DEVICE, powers=powers)
        async with house.world.book.begin() as ledger:
            await ledger.add_session(new.session)
        if good:
            actor, _, _ = await actor_of(house.ports, new.token, origin=ORIGIN)
            assert actor.powers == tuple(both)
        else:
            with pytest.raises(NotSignedIn):
                await actor_of(house.ports, new.token, origin=ORIGIN)


# passkeys


async def test_a_passkeys_name_has_at_most_sixty_letters(house: House) -> None:
    """Sixty are taken, and one more is refused in words."""
    ana = await house.person(ANA, ADMINISTRATOR)
    for name, good in (("x" * 60, True), ("x" * 61, False)):
        options = await offer_registration(house.ports, ana, PASSWORD)
        answer = Device().make(options)
        if good:
            await keep_passkey(house.ports, ana, answer, name)
            continue
        with pytest.raises(PefError) as refused:
            await keep_passkey(house.ports, ana, answer, name)
        assert str(refused.value) == "give the passkey a name of 1 to 60 letters"
    (kept,) = (await house.user(ANA)).passkeys
    assert kept["name"] == "x" * 60
