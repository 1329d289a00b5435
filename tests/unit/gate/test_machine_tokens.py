"""Tokens for programs: never more than their maker has, shown once, ended when they must."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from gate_world import (
    ADMINISTRATOR,
    FOREIGN,
    MINE,
    ORIGIN,
    SISTER,
    House,
    at_agency,
    at_store,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import (
    HOUSE,
    PERSONS_ONLY,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Power,
    Role,
    agency_place,
    store_place,
)
from pef_adapters.core.errors import (
    NotAllowed,
    NotSignedIn,
    NotThere,
    PefError,
    SettingInvalid,
    TooManyTries,
)
from pef_adapters.engine.gate.audits import audits
from pef_adapters.engine.gate.sessions import sha256
from pef_adapters.engine.gate.tokens import actor_by_token, make_token, revoke_token, tokens
from pef_adapters.engine.gate.users import disable
from pef_adapters.engine.records import AuditSearch, MachineToken

MAX = "max@tienda.pe"
SEE = Permission.SEE_REFUNDS
HERE = store_place(MINE)


async def made(
    house: House, actor: Actor | None = None, name: str = "erp", **changes: Any
) -> tuple[MachineToken, str]:
    """A token to look at one store's refunds for thirty days, but for `changes`."""
    told = {"place": HERE, "permissions": [SEE], "days": 30, **changes}
    return await make_token(
        house.ports,
        actor or operator(),
        name,
        told["place"],
        told["permissions"],
        days=told["days"],
    )


async def test_a_program_is_known_by_its_token(house: House) -> None:
    """It is a machine of that name, with these permissions in that place and no others."""
    token, letters = await made(house, permissions=[SEE, Permission.PAY_OUT, SEE])
    assert re.fullmatch(r"pef_[A-Za-z0-9_-]{43}", letters)
    actor = await actor_by_token(house.ports, letters, origin=ORIGIN)
    assert (actor.name, actor.kind, actor.origin) == ("token/erp", ActorKind.MACHINE, ORIGIN)
    assert actor.powers == (Power(HERE, frozenset({SEE, Permission.PAY_OUT})),)
    assert token.permissions == (SEE, Permission.PAY_OUT)


async def test_letters_are_kept_nowhere(house: House) -> None:
    """Neither in the record nor in the audit."""
    token, letters = await made(house)
    assert letters not in repr(token) + await house.written()
    assert token.token_sha256 not in repr(token) + await house.written()
    (entry,) = await house.audit()
    assert (entry.subject, entry.store_id, entry.detail["name"]) == (
        f"token/{token.id}",
        MINE,
        "erp",
    )


@pytest.mark.parametrize("permission", sorted(PERSONS_ONLY))
async def test_what_takes_a_person_is_refused(house: House, permission: Permission) -> None:
    """Not even the operator gives it to a program."""
    with pytest.raises(SettingInvalid):
        await made(house, permissions=[SEE, permission])


async def test_what_takes_a_person_is_dropped_from_an_old_record(house: House) -> None:
    """Should the ledger hold such a token, it still may not do that."""
    token, _ = await made(house)
    letters = "pef_" + "x" * 43
    other = replace(token, id="T2", name="two", permissions=(SEE, Permission.APPROVE))
    async with house.world.book.begin() as ledger:
        await ledger.add_token(replace(other, token_sha256=sha256(letters)))
    actor = await actor_by_token(house.ports, letters, origin=ORIGIN)
    assert actor.powers == (Power(HERE, frozenset({SEE})),)


@pytest.mark.parametrize(
    ("mine", "place", "permission", "error"),
    [
        (at_store(Role.OWNER), HERE, Permission.PAY_OUT, None),
        (at_store(Role.OWNER), HERE, Permission.EDIT_AGENCY, NotAllowed),
        (at_store(Role.OWNER), store_place(SISTER), SEE, NotThere),
        (at_store(Role.OWNER), store_place(FOREIGN), SEE, NotThere),
        (at_store(Role.OWNER), agency_place("andes"), SEE, NotThere),
        (at_store(Role.OWNER), HOUSE, SEE, NotAllowed),
        (at_store(Role.OWNER), "elsewhere", SEE, SettingInvalid),
        (at_store(Role.AGENT), HERE, SEE, NotAllowed),
        (at_store(Role.APPROVER), HERE, Permission.SEE_AUDIT, NotAllowed),
        (at_agency(Role.AGENCY_ADMINISTRATOR), agency_place("andes"), Permission.EDIT_AGENCY, None),
        (at_agency(Role.AGENCY_ADMINISTRATOR), store_place(SISTER), SEE, None),
        (at_agency(Role.AGENCY_ADMINISTRATOR), agency_place("costa"), SEE, NotThere),
        (at_agency(Role.AGENCY_ADMINISTRATOR), HOUSE, SEE, NotAllowed),
        (ADMINISTRATOR, HOUSE, SEE, None),
        (ADMINISTRATOR, store_place("no-such"), SEE, NotThere),
    ],
)
async def test_a_token_never_has_more_than_its_maker(
    house: House, mine: Grant, place: str, permission: Permission, error: type[PefError] | None
) -> None:
    """Only who connects programs in a place makes one there, with what he has himself."""
    actor = await house.person(MAX, mine)
    if error is None:
        token, _ = await made(house, actor, place=place, permissions=[permission])
        assert token.created_by == MAX
        return
    with pytest.raises(error):
        await made(house, actor, place=place, permissions=[permission])
    assert await tokens(house.ports, operator()) == []
    assert await house.outcomes("make_token") in ([error.code], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"days": 0},
        {"days": 367},
        {"permissions": []},
        {"name": ""},
        {"name": "x" * 41},
        {"name": "two words"},
        {"name": "-rf"},
    ],
)
async def test_what_cant_be_a_token_is_refused(house: House, changes: dict[str, Any]) -> None:
    """Days, permissions and names outside the bounds are named."""
    with pytest.raises(SettingInvalid):
        await made(house, **changes)


async def test_names_are_never_used_twice(house: House) -> None:
    """What a program did is kept by its name, so the name stays its own, whatever its case."""
    token, _ = await made(house)
    await revoke_token(house.ports, operator(), token.id)
    with pytest.raises(SettingInvalid):
        await made(house, name="ERP")


async def test_programs_make_and_revoke_no_tokens(house: House) -> None:
    """A stolen token can't give itself another life."""
    token, letters = await made(house, permissions=set(Permission) - PERSONS_ONLY)
    program = await actor_by_token(house.ports, letters, origin=ORIGIN)
    powerful = replace(program, powers=operator().powers)
    for each in (program, powerful):
        with pytest.raises(NotAllowed):
            await made(house, each, name="child")
    with pytest.raises(NotThere):
        await revoke_token(house.ports, program, token.id)
    with pytest.raises(NotAllowed):
        await revoke_token(house.ports, powerful, token.id)
    assert await tokens(house.ports, program) == []


async def test_tokens_end(house: House) -> None:
    """When they expire and when they are revoked; other tokens go on."""
    first, one = await made(house, name="one", days=1)
    second, two = await made(house, name="two", days=2)
    _, three = await made(house, name="three", days=366)
    house.world.clock.advance(days=1)
    await actor_by_token(house.ports, two, origin=ORIGIN)
    revoked = await revoke_token(house.ports, operator(), second.id)
    assert revoked.revoked_at == house.world.clock.now()
    house.world.clock.advance(hours=1)
    again = await revoke_token(house.ports, operator(), second.id)
    assert again.revoked_at == revoked.revoked_at
    for gone in (one, two):
        with pytest.raises(NotSignedIn):
            await actor_by_token(house.ports, gone, origin=ORIGIN)
    await actor_by_token(house.ports, three, origin=ORIGIN)
    assert [token.name for token in await tokens(house.ports, operator())][-1] == first.name


async def test_use_is_kept_once_a_minute(house: House) -> None:
    """Often used, seldom written."""
    token, letters = await made(house)
    seen = set()
    for _ in range(6):
        await actor_by_token(house.ports, letters, origin=ORIGIN)
        async with house.world.book.begin() as ledger:
            kept = await ledger.token(token.id)
        assert kept is not None
        seen.add(kept.used_at)
        house.world.clock.advance(seconds=20)
    assert len(seen) == 2


async def test_a_call_does_not_undo_a_revocation(house: House) -> None:
    """Calls and a revocation at once: afterwards the token is revoked."""
    token, letters = await made(house)
    for _ in range(5):
        house.world.clock.advance(minutes=2)
        await asyncio.gather(
            *(actor_by_token(house.ports, letters, origin=ORIGIN) for _ in range(3)),
            revoke_token(house.ports, operator(), token.id),
            return_exceptions=True,
        )
    async with house.world.book.begin() as ledger:
        kept = await ledger.token(token.id)
    assert kept is not None
    assert kept.revoked_at is not None


async def test_wrong_tokens_are_counted_by_origin(house: House) -> None:
    """After fifty wrong ones the answer is to wait; a good token is served all the same."""
    _, letters = await made(house)
    for number in range(50):
        with pytest.raises(NotSignedIn):
            await actor_by_token(house.ports, f"pef_{number:043}", origin=ORIGIN)
    for wrong in ("", "pef_", "\ud800", "Bearer", "x" * 10_000):
        with pytest.raises(TooManyTries):
            await actor_by_token(house.ports, wrong, origin=ORIGIN)
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    with pytest.raises(NotSignedIn):
        await actor_by_token(house.ports, "", origin="10.9.9.9")


async def test_each_sees_the_tokens_of_his_places(house: House) -> None:
    """A foreign token is neither listed nor revoked, and reads like one that never was."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    mine, _ = await made(house, max_, name="mine")
    far, _ = await made(house, name="far", place=store_place(FOREIGN))
    await made(house, name="all", place=HOUSE)
    assert [token.name for token in await tokens(house.ports, max_)] == ["mine"]
    said = set()
    for name in (far.id, "T-no-such"):
        with pytest.raises(NotThere) as refusal:
            await revoke_token(house.ports, max_, name)
        said.add(str(refusal.value).replace(name, "ID"))
    assert len(said) == 1
    await revoke_token(house.ports, max_, mine.id)


async def test_who_disables_somebody_is_shown_his_tokens(house: House) -> None:
    """They go on, until somebody revokes them; ended ones are not named."""
    max_ = await house.person(MAX, at_store(Role.OWNER))
    _, letters = await made(house, max_, name="goes-on")
    old, _ = await made(house, max_, name="revoked")
    await made(house, name="others")
    await revoke_token(house.ports, max_, old.id)
    left = await disable(house.ports, operator(), MAX)
    assert [token.name for token in left] == ["goes-on"]
    await actor_by_token(house.ports, letters, origin=ORIGIN)


@pytest.mark.parametrize(
    ("grants", "seen"),
    [
        ([at_store(Role.APPROVER)], ["mine"]),
        ([at_store(Role.AGENT)], []),
        ([at_agency(Role.OWNER)], ["agency", "sister", "mine"]),
        ([at_store(Role.AGENT), at_store(Role.OWNER, FOREIGN)], ["far"]),
        ([ADMINISTRATOR], ["house", "agency", "far", "sister", "mine"]),
    ],
)
async def test_the_audit_is_read_as_far_as_a_role_reaches(
    house: House, grants: list[Grant], seen: list[str]
) -> None:
    """Own stores and agencies; what belongs to neither is the house's."""
    for name, place in (
        ("mine", HERE),
        ("sister", store_place(SISTER)),
        ("far", store_place(FOREIGN)),
        ("agency", agency_place("andes")),
        ("house", HOUSE),
    ):
        await made(house, name=name, place=place)
    actor = await house.person(MAX, *grants)
    everything = AuditSearch(reach=None, agencies=frozenset({"andes", "costa"}))
    found = await audits(house.ports, actor, everything)
    assert [entry.detail["name"] for entry in found] == seen
