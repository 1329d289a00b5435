"""Passkeys: made by who knows the password, good for one site, one challenge and one person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gate_world import ADMINISTRATOR, DEVICE, ORIGIN, PASSWORD, House, at_store
from passkey_device import Device
from pef_adapters.core.access import Actor, ActorKind, Role
from pef_adapters.core.errors import (
    NotAllowed,
    NotThere,
    PefError,
    SettingInvalid,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.engine.gate import links, links_accepted
from pef_adapters.engine.gate.passkey_answers import site_of
from pef_adapters.engine.gate.passkeys import (
    MOST_PASSKEYS,
    drop_passkey,
    keep_passkey,
    offer_registration,
    offer_sign_in,
    passkeys_of,
    sign_in_by_passkey,
)
from pef_adapters.engine.gate.sessions import SignedIn
from pef_adapters.engine.gate.sign_in import actor_of, change_password

ANA, LUIS = "ana@tienda.pe", "luis@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def add(house: House, actor: Actor, device: Device, name: str = "Laptop") -> None:
    """Make a passkey as a browser does."""
    options = await offer_registration(house.ports, actor, PASSWORD)
    await keep_passkey(house.ports, actor, device.make(options), name)


async def enter(house: House, answer: str) -> SignedIn:
    """Sign in with the browser's answer."""
    return await sign_in_by_passkey(house.ports, answer, origin=ORIGIN, device=DEVICE)


async def asked(house: House) -> str:
    """A new challenge for signing in."""
    return await offer_sign_in(house.ports, origin=ORIGIN)


@pytest.fixture
async def ana(house: House) -> Actor:
    """An owner without passkeys."""
    return await house.person(ANA, at_store(Role.OWNER))


@pytest.fixture
async def device(house: House, ana: Actor) -> Device:
    """Ana's device, with a passkey of hers."""
    await add(house, ana, made := Device())
    return made


async def refusal(house: House, answer: str) -> str:
    """What a refused sign-in says; nobody is signed in by it."""
    with pytest.raises(SignInRefused) as refused:
        await enter(house, answer)
    return f"{refused.value.code} {refused.value}"


async def test_a_passkey_signs_in_again_and_again(house: House, device: Device) -> None:
    """Without a name or a password the session is the person's, and its sign count is kept."""
    for count in (1, 2):
        new = await enter(house, device.sign(await asked(house)))
        actor, session, _ = await actor_of(house.ports, new.token, origin=ORIGIN)
        assert (actor.name, actor.kind) == (ANA, ActorKind.PERSON)
        assert (session.device, session.origin) == (DEVICE, ORIGIN)
        assert (await house.user(ANA)).passkeys[0]["sign_count"] == count
    assert await house.outcomes("add_passkey") == ["done"]
    assert await house.outcomes("sign_in") == ["done"] * 2


async def test_a_device_that_does_not_count_signs_in(house: House, device: Device) -> None:
    """Passkeys that go to several devices always say zero, which is taken."""
    for _ in range(2):
        device.count = -1
        await enter(house, device.sign(await asked(house)))


async def test_only_the_public_half_is_kept(house: House, ana: Actor, device: Device) -> None:
    """A record holds what the sign-in needs and what its person knows it by."""
    user = await house.user(ANA)
    (kept,) = user.passkeys
    assert set(kept) == {"id", "public_key", "sign_count", "name", "created_at", "transports"}
    assert kept["transports"] == ["internal"]
    assert json.loads(json.dumps(kept)) == kept
    (shown,) = passkeys_of(user)
    assert (shown.name, shown.created_at) == ("Laptop", house.world.clock.now())
    options = json.loads(await offer_registration(house.ports, ana, PASSWORD))
    assert [each["id"] for each in options["excludeCredentials"]] == [shown.id]
    assert device.handle.decode() == user.id


async def test_a_browser_is_asked_for_what_proves_the_person(house: House, ana: Actor) -> None:
    """A passkey is found without a name, and its holder is verified, at both ends."""
    made = json.loads(await offer_registration(house.ports, ana, PASSWORD))
    assert made["rp"]["id"] == "refunds.example"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    used = json.loads(await asked(house))
    assert (used["rpId"], used["userVerification"]) == ("refunds.example", "required")
    assert used["allowCredentials"] == []


async def with_wrong_origin(_: House, device: Device, options: str) -> str:
    """A page of another site asked for it."""
    device.origin = "https://refunds.example.evil.example"
    return device.sign(options)


async def with_wrong_host(_: House, device: Device, options: str) -> str:
    """It is for another host."""
    device.host = "evil.example"
    return device.sign(options)


async def with_wrong_key(_: House, device: Device, options: str) -> str:
    """Another key signed, under this passkey's name."""
    device.key = Device().key
    return device.sign(options)


async def unverified(_: House, device: Device, options: str) -> str:
    """Somebody only touched the device."""
    device.is_verified = False
    return device.sign(options)


async def with_foreign_passkey(_: House, device: Device, options: str) -> str:
    """A passkey that we never heard of, for a person whom there is."""
    foreign = Device()
    foreign.handle = device.handle
    return foreign.sign(options)


async def for_another_person(house: House, device: Device, options: str) -> str:
    """Ana's passkey, for somebody else."""
    await house.person(LUIS, ADMINISTRATOR)
    device.handle = b"U-luis@tienda.pe"
    return device.sign(options)


async def for_nobody(_: House, device: Device, options: str) -> str:
    """For a person whom there is not."""
    device.handle = b"U-nobody"
    return device.sign(options)


async def for_unreadable(_: House, device: Device, options: str) -> str:
    """For what no name can be."""
    device.handle = b"U\x00\xff"
    return device.sign(options)


async def too_late(house: House, device: Device, options: str) -> str:
    """The challenge is older than five minutes."""
    house.world.clock.advance(seconds=301)
    return device.sign(options)


async def replayed(house: House, device: Device, options: str) -> str:
    """The challenge was answered before, by an answer that was taken."""
    answer = device.sign(options)
    await enter(house, answer)
    return answer


async def answered_twice(house: House, device: Device, options: str) -> str:
    """The challenge was answered before; this one is signed anew."""
    await enter(house, device.sign(options))
    return device.sign(options)


async def with_own_challenge(_: House, device: Device, options: str) -> str:
    """Nobody put this challenge."""
    return device.sign(json.dumps({**json.loads(options), "challenge": "AAAA"}))


async def with_challenge_to_make_one(house: House, device: Device, _: str) -> str:
    """The challenge was put for making a passkey."""
    actor = Actor(ANA, ActorKind.PERSON, (), f"U-{ANA}", ORIGIN)
    return device.sign(await offer_registration(house.ports, actor, PASSWORD))


async def with_lower_count(house: House, device: Device, _: str) -> str:
    """A copy of the passkey, whose count stayed behind."""
    copy = device.twin()
    await enter(house, device.sign(await asked(house)))
    return copy.sign(await asked(house))


async def of_disabled(house: House, device: Device, options: str) -> str:
    """Its person is let in no more."""
    user = await house.user(ANA)
    async with house.world.book.begin() as ledger:
        await ledger.save_user(replace(user, disabled_at=house.world.clock.now()))
    return device.sign(options)


async def dropped(house: House, device: Device, options: str) -> str:
    """It was removed meanwhile."""
    (kept,) = (await house.user(ANA)).passkeys
    actor = Actor(ANA, ActorKind.PERSON, (), f"U-{ANA}", ORIGIN)
    await drop_passkey(house.ports, actor, kept["id"], PASSWORD)
    return device.sign(options)


async def no_answer(_: House, __: Device, ___: str) -> str:
    """Nothing that a browser would send."""
    return "[" * 15_000


async def a_long_answer(_: House, device: Device, options: str) -> str:
    """More than any passkey has to say."""
    return device.sign(options) + " " * 20_000


WRONG = [
    *(with_wrong_origin, with_wrong_host, with_wrong_key, unverified, with_foreign_passkey),
    *(for_another_person, for_nobody, for_unreadable, too_late, replayed, answered_twice),
    *(with_own_challenge, with_challenge_to_make_one, with_lower_count, of_disabled, dropped),
    *(no_answer, a_long_answer),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda each: each.__name__)
async def test_whatever_is_wrong_is_refused_alike(
    house: House, device: Device, wrong: Callable[[House, Device, str], Awaitable[str]]
) -> None:
    """No refusal tells whether there is such a person, each leaves an entry, and none opens."""
    answer = await wrong(house, device, await asked(house))
    sessions = await count_sessions(house)
    plain = SignInRefused()
    assert await refusal(house, answer) == f"{plain.code} {plain}"
    assert await count_sessions(house) == sessions
    assert (await house.outcomes("sign_in"))[-1] == "SIGN_IN_REFUSED"


async def count_sessions(house: House) -> int:
    """How many browsers Ana has."""
    async with house.world.book.begin() as ledger:
        return len(await ledger.sessions_of(f"U-{ANA}"))


async def test_a_wrong_answer_uses_the_challenge_up(house: House, device: Device) -> None:
    """After one refused answer the challenge is good for none."""
    options = await asked(house)
    await refusal(house, await with_wrong_key(house, device.twin(), options))
    await refusal(house, device.sign(options))


async def test_one_answer_opens_once_whoever_is_quicker(house: House, device: Device) -> None:
    """Of the same answer sent ten times at once one is taken."""
    answer = device.sign(await asked(house))
    ends = await asyncio.gather(*(enter(house, answer) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(end, SignedIn) for end in ends) == 1


async def test_tries_are_few(house: House, device: Device) -> None:
    """After fifty from one network address even a good passkey waits; one entry says so."""
    for _ in range(50):
        await refusal(house, "{}")
    answer = device.sign(await offer_sign_in(house.ports, origin="10.0.0.1"))
    for _ in range(2):
        with pytest.raises(TooManyTries):
            await enter(house, answer)
    assert (await house.outcomes("sign_in")).count("TOO_MANY_TRIES") == 1
    house.world.clock.advance(minutes=16)
    await enter(house, device.sign(await asked(house)))


async def test_challenges_are_few(house: House) -> None:
    """One network address can't fill the ledger with challenges."""
    for _ in range(50):
        await asked(house)
    with pytest.raises(TooManyTries):
        await asked(house)
    await offer_sign_in(house.ports, origin="10.0.0.1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"origin": "https://evil.example"}, "can't be taken"),
        ({"host": "evil.example"}, "can't be taken"),
        ({"is_verified": False}, "can't be taken"),
    ],
)
async def test_a_passkey_for_elsewhere_is_not_kept(
    house: House, ana: Actor, change: dict[str, object], said: str
) -> None:
    """Another origin, another host, or a device that proved nobody."""
    device = Device()
    for name, value in change.items():
        setattr(device, name, value)
    with pytest.raises(SettingInvalid, match=said):
        await add(house, ana, device)
    assert (await house.user(ANA)).passkeys == ()
    assert await house.outcomes("add_passkey") == ["SETTING_INVALID"]


async def test_a_challenge_to_make_one_is_good_once_soon_and_for_who_was_asked(
    house: House, ana: Actor
) -> None:
    """Used, old, somebody else's, a sign-in's, or from before a new password: none is taken."""
    luis = await house.person(LUIS)
    options = await offer_registration(house.ports, ana, PASSWORD)
    await keep_passkey(house.ports, ana, Device().make(options), "Laptop")
    late = await offer_registration(house.ports, ana, PASSWORD)
    house.world.clock.advance(seconds=301)
    foreign = await offer_registration(house.ports, luis, PASSWORD)
    signing = json.loads(await asked(house)) | {"user": {"id": "VS1hbmE"}}
    before = await offer_registration(house.ports, ana, PASSWORD)
    await change_password(house.ports, ana, PASSWORD, NEW)
    for used in (options, late, foreign, json.dumps(signing), before):
        with pytest.raises(SettingInvalid, match="in time"):
            await keep_passkey(house.ports, ana, Device().make(used), "Phone")
    with pytest.raises(SettingInvalid, match="in time"):
        await keep_passkey(house.ports, ana, "no answer", "Phone")
    assert len((await house.user(ANA)).passkeys) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x07b"])
async def test_a_passkey_has_a_readable_name(house: House, ana: Actor, name: str) -> None:
    """An empty, endless or unprintable name is refused."""
    with pytest.raises(SettingInvalid, match="name"):
        await add(house, ana, Device(), name)


async def test_the_same_passkey_is_kept_once_and_all_are_few(
    house: House, ana: Actor, device: Device
) -> None:
    """A second time is refused, and so is one beyond the most."""
    with pytest.raises(SettingInvalid, match="already"):
        await add(house, ana, device)
    for _ in range(MOST_PASSKEYS - 1):
        await add(house, ana, Device())
    with pytest.raises(SettingInvalid, match="remove one"):
        await offer_registration(house.ports, ana, PASSWORD)


async def test_making_and_removing_take_the_password(
    house: House, ana: Actor, device: Device
) -> None:
    """Who found an open browser neither adds a passkey nor removes one; tries are few."""
    (kept,) = (await house.user(ANA)).passkeys
    with pytest.raises(SignInRefused):
        await offer_registration(house.ports, ana, "wrong")
    with pytest.raises(SignInRefused):
        await drop_passkey(house.ports, ana, kept["id"], "wrong")
    with pytest.raises(NotThere):
        await drop_passkey(house.ports, ana, "another", PASSWORD)
    await enter(house, device.sign(await asked(house)))
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await offer_registration(house.ports, ana, "wrong")
    with pytest.raises(TooManyTries):
        await offer_registration(house.ports, ana, PASSWORD)
    house.world.clock.advance(minutes=16)
    await drop_passkey(house.ports, ana, kept["id"], PASSWORD)
    assert (await house.user(ANA)).passkeys == ()
    assert "done" in await house.outcomes("drop_passkey")


async def test_only_persons_of_ours_have_passkeys(house: House) -> None:
    """Who came by a platform, and who is disabled, gets none."""
    guest = Actor("shopify/42", ActorKind.PERSON, (), origin=ORIGIN)
    gone = await house.person(LUIS, disabled_at=house.world.clock.now())
    for actor in (guest, gone):
        with pytest.raises(NotAllowed):
            await offer_registration(house.ports, actor, PASSWORD)
        with pytest.raises(NotAllowed):
            await keep_passkey(house.ports, actor, "{}", "Phone")
        with pytest.raises(NotAllowed):
            await drop_passkey(house.ports, actor, "x", PASSWORD)


async def test_a_new_password_by_a_link_ends_passkeys(house: House, device: Device) -> None:
    """Whoever had the account before can't come back by a passkey that he left."""
    boss = await house.person(LUIS, ADMINISTRATOR)
    link = await links.reset_link(house.ports, boss, ANA)
    given = {"name": "Ana", "password": NEW, "language": "en"}
    await links_accepted.accept_link(house.ports, link.rpartition("/")[2], **given)
    await refusal(house, device.sign(await asked(house)))


@pytest.mark.parametrize(
    ("address", "host", "origin"),
    [
        ("https://Refunds.example/", "refunds.example", "https://refunds.example"),
        ("https://refunds.example:443", "refunds.example", "https://refunds.example"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_site_reads_as_browsers_write_it(
    house: House, address: str, host: str, origin: str
) -> None:
    """Small letters, and no port where it is the usual one."""
    site = site_of(replace(house.ports, public_url=address))
    assert (site.host, site.origin) == (host, origin)


async def test_without_an_address_nothing_is_offered(house: House, ana: Actor) -> None:
    """Passkeys belong to an address, so the setting is asked for."""
    nowhere = replace(house.ports, public_url="")
    with pytest.raises(PefError, match="PEF_PUBLIC_URL"):
        await offer_sign_in(nowhere, origin=ORIGIN)
    with pytest.raises(PefError, match="PEF_PUBLIC_URL"):
        await offer_registration(nowhere, ana, PASSWORD)
