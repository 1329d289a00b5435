"""Tokens, passwords and one-time codes at their exact bounds: one more or one less is another."""

from datetime import timedelta
from typing import Any

import pytest
from pyotp import TOTP

from gate_world import (
    ADMINISTRATOR,
    MINE,
    ORIGIN,
    PASSWORD,
    House,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import HOUSE, Grant, Permission, Role
from pef_adapters.core.access.places import store_place
from pef_adapters.core.errors import (
    NotSignedIn,
    SettingInvalid,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.engine.gate import passwords, sign_in_codes
from pef_adapters.engine.gate.sign_in import confirm_totp, drop_totp, start_totp
from pef_adapters.engine.gate.tokens import actor_by_token, make_token, revoke_token
from pef_adapters.engine.gate.users import disable, enable
from pef_adapters.engine.records import MachineToken

ANA, EVA = "ana@tienda.pe", "eva@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def token_kept(house: House, token_id: str) -> MachineToken:
    """A token as it is kept."""
    async with house.world.book.begin() as ledger:
        found = await ledger.token(token_id)
    assert found is not None
    return found


async def made(house: House, name: str = "erp", **changes: Any) -> tuple[MachineToken, str]:
    """A token of the operator's for one store."""
    told = {"place": store_place(MINE), "permissions": [Permission.SEE_REFUNDS], "days": 30}
    told |= changes
    return await make_token(
        house.ports, operator(), name, told["place"], told["permissions"], days=told["days"]
    )


# tokens


@pytest.mark.parametrize("days", [1, 366])
async def test_a_token_is_whole_and_good_for_its_days(house: House, days: int) -> None:
    """Its record says all that it may, and it ends at that second."""
    token, letters = await made(house, days=days)
    now = house.world.clock.now()
    assert token == MachineToken(
        id=token.id,
        name="erp",
        token_sha256=token.token_sha256,
        place=store_place(MINE),
        permissions=(Permission.SEE_REFUNDS,),
        created_by=operator().name,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    assert await token_kept(house, token.id) == token
    house.world.clock.advance(seconds=days * 86_400 - 1)
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    house.world.clock.advance(seconds=1)
    with pytest.raises(NotSignedIn) as refused:
        await actor_by_token(house.ports, letters, origin=ORIGIN)
    assert str(refused.value) == "this token is unknown, revoked or expired"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": 0}, "a token is good for 1 to 366 days"),
        ({"days": 367}, "a token is good for 1 to 366 days"),
        ({"days": -5}, "a token is good for 1 to 366 days"),
        ({"permissions": []}, "give the token at least one permission"),
        (
            {"permissions": [Permission.EDIT_PEOPLE, Permission.APPROVE]},
            "no token can hold approvals:decide, people:edit: it takes a person",
        ),
        ({"name": ""}, "name a token in at most 40 letters, figures, dots and hyphens"),
        ({"name": "-a"}, "name a token in at most 40 letters, figures, dots and hyphens"),
        ({"name": "x" * 41}, "name a token in at most 40 letters, figures, dots and hyphens"),
    ],
)
async def test_what_is_no_token_is_refused_in_words(
    house: House, changes: dict[str, Any], said: str
) -> None:
    """Each mistake has its sentence, and nothing is kept."""
    with pytest.raises(SettingInvalid) as refused:
        await made(house, **changes)
    assert str(refused.value) == said


async def test_a_name_of_forty_letters_is_one_and_only_once(house: House) -> None:
    """The longest name is taken; the same in other letters is the same name."""
    name = "a" + "B._-9" * 7 + "zzzz"
    assert len(name) == 40
    await made(house, name=name)
    with pytest.raises(SettingInvalid) as refused:
        await made(house, name=name.upper())
    said = f"a token {name.upper()} was made before; choose another name"
    assert str(refused.value) == said


async def test_a_use_is_written_after_a_whole_minute(house: House) -> None:
    """A second less leaves what was written; just a minute writes anew."""
    token, letters = await made(house)
    first = house.world.clock.now()
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    house.world.clock.advance(seconds=59)
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    assert (await token_kept(house, token.id)).used_at == first
    house.world.clock.advance(seconds=1)
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    assert (await token_kept(house, token.id)).used_at == first + timedelta(minutes=1)


async def test_a_wrong_token_may_be_tried_fifty_times(house: House) -> None:
    """From one address; the next is told to wait, and a good token is let in all the same."""
    _, letters = await made(house)
    for _ in range(50):
        with pytest.raises(NotSignedIn):
            await actor_by_token(house.ports, "pef_" + "x" * 43, origin=ORIGIN)
    with pytest.raises(TooManyTries) as refused:
        await actor_by_token(house.ports, "nonsense", origin=ORIGIN)
    said = "too many tries in a short time; wait fifteen minutes, then try again"
    assert str(refused.value) == said
    await actor_by_token(house.ports, letters, origin=ORIGIN)
    with pytest.raises(NotSignedIn):
        await actor_by_token(house.ports, "nonsense", origin="10.0.0.1")


async def test_tokens_that_still_count_are_shown_to_who_disables(house: House) -> None:
    """Neither a revoked one nor one that ends at this very second."""
    boss = await house.person(ANA, ADMINISTRATOR)
    eva = await house.person(EVA, Grant(Role.OWNER, HOUSE))
    found = []
    for name, days in (("ends", 1), ("goes-on", 2), ("revoked", 3)):
        token, _ = await make_token(
            house.ports, eva, name, store_place(MINE), [Permission.SEE_REFUNDS], days=days
        )
        found.append(token)
    await revoke_token(house.ports, boss, found[2].id)
    house.world.clock.advance(seconds=86_399)
    names = [token.name for token in await disable(house.ports, boss, EVA)]
    assert sorted(names) == ["ends", "goes-on"]
    house.world.clock.advance(seconds=1)
    assert [token.name for token in await enable(house.ports, boss, EVA)] == ["goes-on"]


# passwords and codes


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("x" * 11 + "y", None),
        ("x" * 10 + "y", "access.password_short"),
        ("xy" * 512, None),
        ("xy" * 512 + "z", "access.password_short"),
        ("ep.aidr@lobarac", None),
        ("ep.adneit@zerep.ana", None),
        ("ep.adneit@lobarac", "access.password_is_email"),
        ("carabolcarabol", "access.password_is_email"),
        ("carabolCARABOLcarabol", "access.password_is_email"),
        ("carabolcarabolcarabolcarabol", None),
        ("carabolx@tienda", None),
        ("\ud800 surrogate letters", None),
    ],
)
def test_a_password_is_not_made_of_the_address(password: str, why: str | None) -> None:
    """Neither the address, forwards or backwards, nor its name twice or three times."""
    assert passwords.weakness(password, "carabol@tienda.pe") == why


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "choose a password of 12 to 1024 letters"),
        (ANA, "choose a password that is not your e-mail address"),
        ("aaaaaaaaaaaaaa", "this password is among the most common; choose another"),
    ],
)
def test_a_weak_password_is_refused_in_words(password: str, said: str) -> None:
    """Each reason has its sentence, and a good one passes."""
    with pytest.raises(SettingInvalid) as refused:
        passwords.check_new(password, "ana@t.pe" if password != ANA else ANA)
    assert str(refused.value) == said
    passwords.check_new(NEW, ANA)


async def test_many_passwords_in_one_loop_are_compared(house: House) -> None:
    """The seats of the loop are made once and used again."""
    kept = await passwords.hashed(NEW)
    assert [await passwords.matches(kept, each) for each in (NEW, PASSWORD, NEW)] == [
        True,
        False,
        True,
    ]
    assert not await passwords.matches("", NEW)
    assert not passwords.is_outdated(kept)
    assert house.kept


async def test_codes_to_confirm_are_tried_ten_times(house: House) -> None:
    """The eleventh waits, even a good one, until fifteen minutes have passed."""
    ana = await house.person(ANA)
    start = await start_totp(house.ports, ana)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await confirm_totp(house.ports, ana, start.secret, "x")
    for minutes, refusal in ((0, TooManyTries), (15, None)):
        house.world.clock.advance(minutes=minutes)
        code = TOTP(start.secret).at(house.world.clock.now())
        if refusal is None:
            await confirm_totp(house.ports, ana, start.secret, code)
            continue
        with pytest.raises(refusal):
            await confirm_totp(house.ports, ana, start.secret, code)


async def test_a_good_code_forgets_the_tries_before_it(house: House) -> None:
    """Right after it there are ten tries again, at the password too."""
    ana = await house.person(ANA)
    start = await start_totp(house.ports, ana)
    for _ in range(9):
        with pytest.raises(SignInRefused):
            await confirm_totp(house.ports, ana, start.secret, "x")
    code = TOTP(start.secret).at(house.world.clock.now())
    await confirm_totp(house.ports, ana, start.secret, code)
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await drop_totp(house.ports, ana, "wrong")
    with pytest.raises(TooManyTries):
        await drop_totp(house.ports, ana, PASSWORD)


async def test_codes_that_are_asked_for_already_are_not_replaced(house: House) -> None:
    """A second secret is refused, and the first stays."""
    first = sign_in_codes.new_secret()
    ana = await house.person(ANA, totp=first)
    other = sign_in_codes.new_secret()
    code = TOTP(other).at(house.world.clock.now())
    with pytest.raises(SettingInvalid) as refused:
        await confirm_totp(house.ports, ana, other, code)
    assert str(refused.value) == "one-time codes are asked for already; drop them first"
    assert (await house.user(ANA)).totp == first


async def test_a_secrets_address_names_house_and_person(house: House) -> None:
    """An app shows whose code it is, and a secret has 160 bits in base 32."""
    start = await start_totp(house.ports, await house.person(ANA))
    assert start.uri == (
        f"otpauth://totp/PagoEfectivo%20refunds:ana%40tienda.pe?secret={start.secret}"
        "&issuer=PagoEfectivo%20refunds"
    )
    assert len(start.secret) == 32
    assert sign_in_codes.is_secret(start.secret)
    for odd in ("", "AAAA", start.secret[:-8], start.secret + "AAAAAAAA", "á", "1" * 32):
        assert not sign_in_codes.is_secret(odd)
