"""People and their addresses: whole records, and bounds where one more or less is another."""

from dataclasses import replace

import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    ORIGIN,
    PASSWORD,
    SISTER,
    House,
    at_agency,
    at_store,
)
from pef_adapters.core.access import Role
from pef_adapters.core.errors import (
    NotAllowed,
    SettingInvalid,
)
from pef_adapters.engine.gate.sessions import new_session
from pef_adapters.engine.gate.sign_in import sign_in
from pef_adapters.engine.gate.users import Person, change_grants, disable, enable, look, users
from pef_adapters.engine.gate.users_grants import clean_email
from pef_adapters.engine.records import AuditEntry

ANA, EVA = "ana@tienda.pe", "eva@tienda.pe"
NEW = "seis alpacas suben la cuesta"


# addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana@Tienda.PE ", ANA),
        ("a@b.c", "a@b.c"),
        (f"{'x' * 249}@b.pe", f"{'x' * 249}@b.pe"),
        (f"{'x' * 250}@b.pe", None),
        ("@b.pe", None),
        ("ana", None),
        ("ana@", None),
        ("ana@pe", None),
        ("ana@.pe.", None),
        ("ana@b@c.pe", None),
        ("ana perez@b.pe", None),
        ("shopify/ana@b.pe", None),
        ("aña@b.pe", None),
        ("a\x07na@b.pe", None),
    ],
)
def test_an_address_is_kept_in_one_spelling(typed: str, kept: str | None) -> None:
    """Small letters without spaces around, at most 254, and nothing that looks like another."""
    if kept is not None:
        assert clean_email(typed) == kept
        return
    with pytest.raises(SettingInvalid) as refused:
        clean_email(typed)
    assert str(refused.value) == "give an e-mail address like ana@tienda.pe"


# people


async def test_a_person_is_shown_whole_and_without_secrets(house: House) -> None:
    """All but what opens something; roles elsewhere are not among those that are shown."""
    far = at_agency(Role.OWNER, "costa")
    await house.person(EVA, at_store(Role.AGENT), far, totp="JBSWY3DPEHPK3PXP", language="en")
    rosa = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    shown = await look(house.ports, rosa, " EVA@tienda.pe ")
    assert shown == Person(
        id=f"U-{EVA}",
        email=EVA,
        name="Eva",
        language="en",
        grants=(at_store(Role.AGENT),),
        has_codes=True,
        created_by="a test",
        created_at=house.world.clock.now(),
        disabled_at=None,
    )
    changed = await change_grants(house.ports, rosa, EVA, [at_store(Role.APPROVER)] * 2)
    assert changed == replace(shown, grants=(at_store(Role.APPROVER),))
    assert (await house.user(EVA)).grants == (far, at_store(Role.APPROVER))
    assert await users(house.ports, rosa) == [
        changed,
        await look(house.ports, rosa, "rosa@tienda.pe"),
    ]


async def test_who_is_disabled_is_signed_out_and_stays_so_since_the_first_time(
    house: House,
) -> None:
    """All sessions end at once, and a second disabling does not change the day."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT))
    await sign_in(house.ports, EVA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    since = house.world.clock.now()
    await disable(house.ports, boss, EVA)
    async with house.world.book.begin() as ledger:
        assert await ledger.sessions_of(f"U-{EVA}") == []
    house.world.clock.advance(days=1)
    await disable(house.ports, boss, EVA)
    assert (await house.user(EVA)).disabled_at == since
    await enable(house.ports, boss, EVA)
    assert (await house.user(EVA)).disabled_at is None
    assert (await look(house.ports, boss, EVA)).disabled_at is None


async def test_who_is_let_in_again_signs_in_anew(house: House) -> None:
    """A session that outlived the disabling ends when he is let in again."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT))
    await disable(house.ports, boss, EVA)
    now = house.world.clock.now()
    left = new_session(EVA, now, origin=ORIGIN, device=DEVICE, user_id=f"U-{EVA}")
    async with house.world.book.begin() as ledger:
        await ledger.add_session(left.session)
    await enable(house.ports, boss, EVA)
    async with house.world.book.begin() as ledger:
        assert await ledger.sessions_of(f"U-{EVA}") == []


async def test_whoever_changes_somebody_must_reach_all_that_he_has(house: House) -> None:
    """A role at a store that is gone holds nobody back; one elsewhere does."""
    boss = await house.person(ANA, ADMINISTRATOR)
    await house.person(EVA, at_store(Role.AGENT), at_store(Role.AGENT, "gone-pe"))
    await disable(house.ports, boss, EVA)
    assert (await house.user(EVA)).disabled_at is not None
    rosa = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    await house.person("max@tienda.pe", at_store(Role.AGENT), at_store(Role.AGENT, SISTER))
    with pytest.raises(NotAllowed):
        await disable(house.ports, rosa, "max@tienda.pe")


@pytest.mark.parametrize("more", [0, 1, 99, 100, 101, 250])
async def test_who_disabled_somebody_is_found_however_long_ago(house: House, more: int) -> None:
    """Behind any number of later entries about him; where no entry says so, nobody below may."""
    rosa = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    eva = await house.person(EVA, at_store(Role.AGENT))
    boss = await house.person(ANA, ADMINISTRATOR)
    by = boss if more % 2 else rosa
    await disable(house.ports, by, EVA)
    async with house.world.book.begin() as ledger:
        for _ in range(more):
            await ledger.add_audit(
                AuditEntry(
                    at=house.world.clock.now(),
                    actor=eva.name,
                    what="sign_in",
                    subject=f"user/{EVA}",
                    outcome="SIGN_IN_REFUSED",
                )
            )
    if by is rosa:
        await enable(house.ports, rosa, EVA)
        return
    with pytest.raises(NotAllowed) as refused:
        await enable(house.ports, rosa, EVA)
    assert str(refused.value) == "whoever disabled this person stands above you; ask there"


@pytest.mark.parametrize("entries", [0, 1, 2])
async def test_a_disabling_that_no_entry_tells_is_the_houses_to_undo(
    house: House, entries: int
) -> None:
    """Refused attempts are no cause either."""
    now = house.world.clock.now()
    rosa = await house.person("rosa@tienda.pe", at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT), disabled_at=now)
    async with house.world.book.begin() as ledger:
        for _ in range(entries):
            await ledger.add_audit(
                AuditEntry(
                    at=now,
                    actor=rosa.name,
                    what="disable",
                    subject=f"user/{EVA}",
                    outcome="NOT_ALLOWED",
                )
            )
    with pytest.raises(NotAllowed):
        await enable(house.ports, rosa, EVA)
    boss = await house.person(ANA, ADMINISTRATOR)
    await enable(house.ports, boss, EVA)
    await enable(house.ports, rosa, EVA)
