"""Attacks on passwords, codes and addresses: guessing, locking others out, looking alike."""

import pytest
from pyotp import TOTP

from gate_world import DEVICE, FOREIGN, ORIGIN, PASSWORD, House, at_store, token_in
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import Role
from pef_adapters.core.errors import PefError, SettingInvalid, SignInRefused, TooManyTries
from pef_adapters.engine.gate import sign_in_codes
from pef_adapters.engine.gate.links import invite
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.gate.sign_in import SignedIn, sign_in
from pef_adapters.engine.records import User

EVA, MAX = "eva@tienda.pe", "max@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def accept(house: House, link: str, password: str = NEW) -> User:
    """Use a link as the page does."""
    token = token_in(link)
    return await accept_link(
        house.ports, token, name="Eva", password=password, language="en", origin=ORIGIN
    )


async def enter(house: House, code: str = "", origin: str = ORIGIN) -> SignedIn:
    """Eva signs in with her password."""
    return await sign_in(house.ports, EVA, PASSWORD, code, origin=origin, device=DEVICE)


async def wrong(house: House, tries: int, origin: str = ORIGIN) -> None:
    """So many wrong passwords at Eva's address."""
    for _ in range(tries):
        with pytest.raises(SignInRefused):
            await sign_in(house.ports, EVA, "wrong", "", origin=origin, device=DEVICE)


async def with_app(house: House) -> TOTP:
    """Eva, with an app for codes."""
    secret = sign_in_codes.new_secret()
    await house.person(EVA, at_store(Role.AGENT), totp=secret)
    return TOTP(secret)


def wrong_code(app: TOTP, house: House) -> str:
    """Six figures that fit no step near now."""
    now = int(house.world.clock.now().timestamp())
    good = {app.at(now + 30 * step) for step in range(-3, 4)}
    return next(f"{number:06}" for number in range(10) if f"{number:06}" not in good)


async def test_invitations_buy_no_tries_at_codes(house: House) -> None:
    """Who knows a password gets no new tries by accepting invitations to that address."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    app = await with_app(house)
    bad = wrong_code(app, house)
    refusals = list[type[PefError]]()
    for _ in range(4):
        link = await invite(house.ports, owner, EVA, [at_store(Role.AGENT)], "en")
        for _ in range(5):
            with pytest.raises(PefError) as refusal:
                await enter(house, bad)
            refusals.append(type(refusal.value))
        try:
            await accept(house, link, PASSWORD)
        except TooManyTries:
            refusals.append(TooManyTries)
    assert refusals.count(SignInRefused) <= 10


async def test_codes_are_guessed_twenty_times_a_day(house: House) -> None:
    """From however many places: then even the right code is refused, in the same words."""
    app = await with_app(house)
    bad = wrong_code(app, house)
    for number in range(20):
        with pytest.raises(SignInRefused):
            await enter(house, bad, f"10.2.{number}.1")
    good = app.at(house.world.clock.now())
    with pytest.raises(SignInRefused) as refusal:
        await enter(house, good, "10.3.0.1")
    assert str(refusal.value) == SignInRefused.default_message()
    assert (await house.audit())[-1].detail == {"codes": "too many wrong ones"}
    house.world.clock.advance(days=1)
    await enter(house, app.at(house.world.clock.now()), "10.3.0.1")


async def test_a_good_code_forgets_the_wrong_ones(house: House) -> None:
    """Nobody is kept out by slips of weeks."""
    app = await with_app(house)
    for _ in range(4):
        for _ in range(8):
            with pytest.raises(SignInRefused):
                await enter(house, wrong_code(app, house))
        await enter(house, app.at(house.world.clock.now()))
        house.world.clock.advance(minutes=2)


async def test_nobody_is_locked_out_from_one_place(house: House) -> None:
    """Wrong passwords from one network address keep out that address, and not the person."""
    await house.person(EVA)
    await wrong(house, 10, "10.4.0.1")
    for _ in range(200):
        with pytest.raises(TooManyTries):
            await enter(house, origin="10.4.0.1")
    await enter(house, origin="10.5.0.1")


async def test_many_places_have_few_tries_together(house: House) -> None:
    """A hundred tries at one address in a quarter of an hour, from wherever they come."""
    await house.person(EVA)
    for number in range(20):
        await wrong(house, 5, f"10.6.{number}.1")
    with pytest.raises(TooManyTries):
        await enter(house)
    house.world.clock.advance(minutes=15)
    await enter(house)


async def test_a_network_of_ipv6_is_one_place(house: House) -> None:
    """Who holds 2^64 addresses has no more tries than who holds one."""
    await house.person(EVA)
    for number in range(10):
        await wrong(house, 1, f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyTries):
        await enter(house, origin="2001:db8:1:2:ffff::1")
    await enter(house, origin="2001:db8:1:3::1")


@pytest.mark.parametrize(
    "email",
    ["\u0435va@tienda.pe", "eva@ti\u0435nda.pe", "\uff45va@tienda.pe", "eva\u200b@tienda.pe"],
)
async def test_no_address_only_looks_like_anothers(house: House, email: str) -> None:
    """Letters of other alphabets, wide ones and unseen ones are refused."""
    with pytest.raises(SettingInvalid):
        await invite(house.ports, operator(), email, [at_store(Role.OWNER)], "en")


async def test_an_invitation_in_capitals_takes_nobodys_account(house: House) -> None:
    """Whatever case and spaces it is written in, its owner's password is asked for."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.OWNER, FOREIGN))
    link = await invite(house.ports, owner, "  EVA@Tienda.PE\t", [at_store(Role.AGENT)], "en")
    with pytest.raises(SignInRefused):
        await accept(house, link)
    assert (await house.user(EVA)).password == house.kept
