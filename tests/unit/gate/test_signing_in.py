"""Sign in: three things must fit, no answer tells which did not, and tries are few."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from pyotp import TOTP

from gate_world import ADMINISTRATOR, DEVICE, ORIGIN, PASSWORD, House, at_store
from pef_adapters.core.access import Actor, ActorKind, Role
from pef_adapters.core.errors import (
    NotAllowed,
    NotSignedIn,
    PefError,
    SettingInvalid,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.engine.gate import passwords, sign_in_codes
from pef_adapters.engine.gate.sign_in import (
    SignedIn,
    actor_of,
    change_password,
    confirm_totp,
    drop_totp,
    sign_in,
    sign_out,
    sign_out_everywhere,
    start_totp,
)

ANA = "ana@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def enter(
    house: House,
    email: str = ANA,
    password: str = PASSWORD,
    code: str = "",
    origin: str = ORIGIN,
) -> SignedIn:
    """Sign in as a browser does."""
    return await sign_in(house.ports, email, password, code, origin=origin, device=DEVICE)


async def with_codes(house: House) -> tuple[Actor, TOTP]:
    """Ana, with an app."""
    ana = await house.person(ANA, ADMINISTRATOR)
    app = TOTP((await start_totp(house.ports, ana)).secret)
    await confirm_totp(house.ports, ana, app.secret, app.at(house.world.clock.now()))
    house.world.clock.advance(seconds=60)
    return ana, app


async def refused(house: House, *given: str) -> str:
    """What a refused sign-in says."""
    with pytest.raises(PefError) as refusal:
        await enter(house, *given)
    return f"{refusal.value.code} {refusal.value}"


async def test_who_signs_in_is_known_by_the_token(house: House) -> None:
    """Address in any case, password and token lead to the person's present roles."""
    await house.person(ANA, at_store(Role.OWNER))
    new = await enter(house, f"  {ANA.upper()} ")
    actor, session, user = await actor_of(house.ports, new.token, origin="10.0.0.1")
    assert (actor.name, actor.origin, actor.kind) == (ANA, "10.0.0.1", ActorKind.PERSON)
    assert [power.place for power in actor.powers] == ["store/tienda-pe"]
    assert user is not None
    assert user.email == ANA
    assert session.csrf == new.session.csrf
    assert new.token not in repr(new)
    assert await house.outcomes("sign_in") == ["done"]


async def test_no_refusal_tells_what_was_wrong(house: House) -> None:
    """A wrong address, password or code, a missing code and a disabled person read the same."""
    _, app = await with_codes(house)
    await house.person("luis@tienda.pe", disabled_at=house.world.clock.now())
    code = app.at(house.world.clock.now())
    said = {
        await refused(house, "nadie@tienda.pe", PASSWORD, code),
        await refused(house, ANA, "another password", code),
        await refused(house, ANA, PASSWORD, "000000"),
        await refused(house, ANA, PASSWORD, ""),
        await refused(house, "luis@tienda.pe", PASSWORD, ""),
        await refused(house, "", "", ""),
    }
    assert len(said) == 1
    assert await house.outcomes("sign_in") == ["SIGN_IN_REFUSED"] * 6


async def test_unknown_address_costs_the_same_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One password is verified each time, whoever has the address and whatever is wrong."""
    await house.person(ANA)
    await house.person("luis@tienda.pe", disabled_at=house.world.clock.now())
    counted: list[str] = []
    really: Callable[..., bool] = passwords._verified

    def counting(kept: str, letters: bytes) -> bool:
        counted.append(kept.rpartition("$")[0].rpartition("$")[0])
        return really(kept, letters)

    monkeypatch.setattr(passwords, "_verified", counting)
    for email in (ANA, "nadie@tienda.pe", "luis@tienda.pe"):
        await refused(house, email, "another password")
    assert len(counted) == 3
    assert len(set(counted)) == 1, "each by the same parameters"


async def test_what_was_typed_as_an_address_is_kept_nowhere(house: House) -> None:
    """A password in the address field does not get into the audit."""
    await refused(house, "a secret in the wrong field", "x")
    assert "secret" not in await house.written()
    assert [entry.subject for entry in await house.audit()] == ["user/unknown"]


async def test_secrets_are_in_no_audit_log_or_repr(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Passwords, tokens and the app's secret stay out of whatever is written down."""
    caplog.set_level(logging.DEBUG)
    ana, app = await with_codes(house)
    new = await enter(house, code=app.at(house.world.clock.now()))
    await change_password(house.ports, ana, PASSWORD, NEW)
    user = await house.user(ANA)
    seen = await house.written() + caplog.text + repr(user) + repr(new)
    for secret in (PASSWORD, NEW, app.secret, new.token, new.session.csrf, user.password):
        assert secret not in seen


async def test_tries_at_one_address_are_few(house: House) -> None:
    """The eleventh try in a quarter of an hour is refused, even with the right password."""
    await house.person(ANA)
    for _ in range(10):
        await refused(house, ANA, "wrong")
    for _ in range(3):
        with pytest.raises(TooManyTries):
            await enter(house)
    assert (await house.outcomes("sign_in"))[10:] == ["TOO_MANY_TRIES"], "the first one is kept"
    house.world.clock.advance(minutes=15)
    await enter(house)


async def test_success_forgets_the_tries_at_the_address(house: House) -> None:
    """Nine slips, then the right password: ten more tries are free."""
    await house.person(ANA)
    for _ in range(2):
        for _ in range(9):
            await refused(house, ANA, "wrong")
        await enter(house)


async def test_tries_from_one_origin_are_few(house: House) -> None:
    """Whoever tries many addresses from one place is stopped; others are not."""
    await house.person(ANA)
    for number in range(50):
        await refused(house, f"{number}@tienda.pe", "wrong")
    with pytest.raises(TooManyTries):
        await enter(house)
    await enter(house, origin="10.9.9.9")


async def test_tries_at_once_count_as_many(house: House) -> None:
    """Parallel guesses don't get past the limit."""
    await house.person(ANA)
    guesses = (enter(house, ANA, f"guess {number}") for number in range(20))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(type(answer) is SignInRefused for answer in answers) == 10
    assert sum(type(answer) is TooManyTries for answer in answers) == 10


async def test_a_code_is_good_once(house: House) -> None:
    """A code that was used, for signing in or to confirm the app, opens nothing again."""
    _, app = await with_codes(house)
    code = app.at(house.world.clock.now())
    await enter(house, code=code)
    assert "SIGN_IN_REFUSED" in await refused(house, ANA, PASSWORD, code)


async def test_a_code_sent_twice_at_once_opens_one_session(house: House) -> None:
    """Of two parallel sign-ins with one code, one succeeds."""
    _, app = await with_codes(house)
    code = app.at(house.world.clock.now())
    answers = await asyncio.gather(
        enter(house, code=code), enter(house, code=code), return_exceptions=True
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert sum(isinstance(answer, SignInRefused) for answer in answers) == 1


@pytest.mark.parametrize(
    ("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
async def test_codes_of_the_neighbouring_steps_fit(steps: int, fits: bool) -> None:  # noqa: FBT001
    """One step of thirty seconds before and after is taken, and no more."""
    house = await House.opened()
    secret = sign_in_codes.new_secret()
    now = house.world.clock.now()
    code = TOTP(secret).at(now + timedelta(seconds=30 * steps))
    found = sign_in_codes.step_of(secret, f" {code[:3]} {code[3:]} ", now, used=0)
    assert (found is not None) is fits


async def test_an_older_step_than_the_last_one_is_refused(house: House) -> None:
    """After a newer code was used, the one before it is worth nothing."""
    secret, now = sign_in_codes.new_secret(), house.world.clock.now()
    newest = sign_in_codes.step_of(secret, TOTP(secret).at(now), now, used=0)
    assert newest is not None
    before = TOTP(secret).at(now - timedelta(seconds=30))
    assert sign_in_codes.step_of(secret, before, now, used=newest) is None


async def test_codes_are_confirmed_before_they_count(house: House) -> None:
    """A wrong code, or a secret that is none of ours, turns nothing on; twice is refused."""
    ana = await house.person(ANA)
    start = await start_totp(house.ports, ana)
    assert "otpauth://totp/" in start.uri
    assert start.secret not in repr(start)
    with pytest.raises(SignInRefused):
        await confirm_totp(house.ports, ana, start.secret, "abcdef")
    with pytest.raises(SettingInvalid):
        await confirm_totp(house.ports, ana, "AAAA", "123456")
    assert not (await house.user(ANA)).totp
    code = TOTP(start.secret).at(house.world.clock.now())
    await confirm_totp(house.ports, ana, start.secret, code)
    with pytest.raises(SettingInvalid):
        await start_totp(house.ports, ana)


async def test_codes_are_dropped_by_password_alone(house: House) -> None:
    """An open browser is not enough to turn the codes off, and its guesses are counted."""
    ana, _ = await with_codes(house)
    with pytest.raises(SignInRefused):
        await drop_totp(house.ports, ana, "wrong")
    assert (await house.user(ANA)).totp
    await drop_totp(house.ports, ana, PASSWORD)
    assert not (await house.user(ANA)).totp
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await drop_totp(house.ports, ana, "wrong")
    with pytest.raises(TooManyTries):
        await drop_totp(house.ports, ana, PASSWORD)


async def test_old_hashes_are_renewed_at_sign_in(house: House) -> None:
    """A hash by other parameters is replaced when its password is known."""
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await house.person(ANA, password=weak)
    await enter(house)
    kept = (await house.user(ANA)).password
    assert kept != weak
    assert not passwords.is_outdated(kept)
    await enter(house)


async def test_sessions_end(house: House) -> None:
    """Twelve hours without use end one, and seven days end it however much it is used."""
    await house.person(ANA)
    idle = await enter(house)
    house.world.clock.advance(hours=12)
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, idle.token, origin=ORIGIN)
    busy, used = await enter(house), 0
    with pytest.raises(NotSignedIn):  # noqa: PT012 - it is used until it ends
        while True:
            house.world.clock.advance(hours=6)
            await actor_of(house.ports, busy.token, origin=ORIGIN)
            used += 1
    assert used == 7 * 4 - 1


async def test_use_is_written_once_a_minute(house: House) -> None:
    """A page that asks often does not write each time."""
    await house.person(ANA)
    new, seen = await enter(house), set()
    for _ in range(10):
        house.world.clock.advance(seconds=20)
        await actor_of(house.ports, new.token, origin=ORIGIN)
        async with house.world.book.begin() as ledger:
            kept = await ledger.session(new.session.token_sha256)
        assert kept is not None
        seen.add(kept.seen_at)
    assert len(seen) == 4


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "x" * 10_000])
async def test_nonsense_is_nobody(house: House, token: str) -> None:
    """Whatever is no token of ours is refused alike."""
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, token, origin=ORIGIN)


async def test_signing_out_ends_sessions(house: House) -> None:
    """One browser, or all of them."""
    ana = await house.person(ANA)
    first, second, third = [await enter(house) for _ in range(3)]
    await sign_out(house.ports, first.token)
    await sign_out(house.ports, "never was one")
    await actor_of(house.ports, second.token, origin=ORIGIN)
    assert await sign_out_everywhere(house.ports, ana) == 2
    for gone in (first, second, third):
        with pytest.raises(NotSignedIn):
            await actor_of(house.ports, gone.token, origin=ORIGIN)


async def test_another_password_ends_the_other_sessions(house: House) -> None:
    """The browser that asks stays; the old password and all other browsers are out."""
    ana = await house.person(ANA)
    here, there = await enter(house), await enter(house)
    with pytest.raises(SignInRefused):
        await change_password(house.ports, ana, "wrong", NEW)
    await change_password(
        house.ports, ana, PASSWORD, NEW, keep_token_sha256=here.session.token_sha256
    )
    await actor_of(house.ports, here.token, origin=ORIGIN)
    with pytest.raises(NotSignedIn):
        await actor_of(house.ports, there.token, origin=ORIGIN)
    await refused(house)
    await enter(house, password=NEW)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "access.password_short"),
        ("x" * 1025, "access.password_short"),
        ("ana.perez@tienda.pe", "access.password_is_email"),
        ("ANA.Perez@tienda.pe", "access.password_is_email"),
        ("Password1234", "access.password_common"),
        ("zzzzzzzzzzzzzz", "access.password_common"),
        ("doce letras!", None),
        ("密码密码密码密码密码密码一二", None),
    ],
)
async def test_weak_passwords_are_not_taken(house: House, password: str, why: str | None) -> None:
    """Short, guessable and well-known passwords are refused, with a text that says why."""
    email = "ana.perez@tienda.pe"
    assert passwords.weakness(password, email) == why
    ana = await house.person(email)
    if why is None:
        await change_password(house.ports, ana, PASSWORD, password)
    else:
        with pytest.raises(SettingInvalid) as refusal:
            await change_password(house.ports, ana, PASSWORD, password)
        assert password not in str(refusal.value)


async def test_only_persons_of_ours_have_a_password(house: House) -> None:
    """Who a platform proved, and a program, have nothing of this to change."""
    shop = Actor("shopify/42", ActorKind.PERSON, ())
    with pytest.raises(NotAllowed):
        await start_totp(house.ports, shop)
    with pytest.raises(NotAllowed):
        await change_password(house.ports, shop, PASSWORD, NEW)
    with pytest.raises(NotAllowed):
        await drop_totp(house.ports, shop, PASSWORD)
    with pytest.raises(NotSignedIn):
        await sign_out_everywhere(house.ports, shop)
