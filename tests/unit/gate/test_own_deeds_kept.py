"""What the audit holds, whole, of signing in, of the own account, and of links and entries."""

import json
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from gate_world import (
    ADMINISTRATOR,
    DEVICE,
    MINE,
    ORIGIN,
    PASSWORD,
    SISTER,
    House,
    at_agency,
    at_store,
    token_in,
)
from passkey_device import Device
from pef_adapters.core.access import Actor, ActorKind, Permission, Role, store_place
from pef_adapters.core.errors import PefError, SignInLinkRefused
from pef_adapters.engine.gate import (
    links,
    links_accepted,
    own_account,
    passkeys,
    refunds,
    sessions_platform,
    sign_in,
    tokens,
    users,
)
from pef_adapters.engine.records import AuditEntry, RefundSearch

ANA, ROSA = "ana@tienda.pe", "rosa@tienda.pe"
NEW = "seis alpacas suben la cuesta"


def told(entry: AuditEntry) -> tuple[Any, ...]:
    """All that an entry says, but for its number and its time."""
    return (
        entry.actor,
        entry.what,
        entry.subject,
        (entry.store_id, entry.agency),
        entry.outcome,
        entry.origin,
        dict(entry.detail),
    )


async def kept(house: House) -> list[tuple[Any, ...]]:
    """All that was kept, oldest first, each at the time of now."""
    entries = await house.audit()
    assert {entry.at for entry in entries} <= {house.world.clock.now()}
    return [told(entry) for entry in entries]


def own(what: str, outcome: str = "done", **detail: Any) -> tuple[Any, ...]:
    """An entry of Ana's about herself."""
    return (ANA, what, f"user/{ANA}", (None, None), outcome, ORIGIN, detail)


async def refused(deed: Any) -> None:
    """A deed that is not done."""
    with pytest.raises(PefError):
        await deed


async def test_signing_in_and_out_is_kept(house: House) -> None:
    """Each sign-in, each refusal and how many sessions an end everywhere ended."""
    ana = await house.person(ANA, ADMINISTRATOR)
    await sign_in.sign_in(house.ports, ANA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    await refused(sign_in.sign_in(house.ports, ANA, "wrong", "", origin=ORIGIN, device=DEVICE))
    await sign_in.sign_in(house.ports, ANA, PASSWORD, "", origin=ORIGIN, device=DEVICE)
    await refused(
        sign_in.sign_in(house.ports, "no@body.pe", PASSWORD, "", origin=ORIGIN, device=DEVICE)
    )
    assert await sign_in.sign_out_everywhere(house.ports, ana) == 2
    assert await kept(house) == [
        own("sign_in"),
        own("sign_in", "SIGN_IN_REFUSED"),
        own("sign_in"),
        ("unknown", "sign_in", "user/unknown", (None, None), "SIGN_IN_REFUSED", ORIGIN, {}),
        own("sign_out_everywhere", sessions=2),
    ]


async def test_changes_of_the_own_account_are_kept(house: House) -> None:
    """Password, codes, language and sessions: what was done, to whom, and from where."""
    ana = await house.person(ANA, ADMINISTRATOR)
    start = await sign_in.start_totp(house.ports, ana)
    code = pyotp.TOTP(start.secret).at(house.world.clock.now())
    await refused(sign_in.confirm_totp(house.ports, ana, start.secret, "000000x"))
    await sign_in.confirm_totp(house.ports, ana, start.secret, code)
    await sign_in.drop_totp(house.ports, ana, PASSWORD)
    await sign_in.change_password(house.ports, ana, PASSWORD, NEW)
    await own_account.choose_language(house.ports, ana, "en")
    await refused(own_account.end_own_session(house.ports, ana, "0" * 16))
    assert await kept(house) == [
        own("confirm_totp", "SIGN_IN_REFUSED"),
        own("confirm_totp"),
        own("drop_totp"),
        own("change_password"),
        own("choose_language"),
        own("end_session", "NOT_THERE"),
    ]


async def test_what_is_done_with_passkeys_is_kept(house: House) -> None:
    """Made, refused, used and dropped, each with its person; a sign-in says by what."""
    ana, device = await house.person(ANA, ADMINISTRATOR), Device()
    await refused(passkeys.offer_registration(house.ports, ana, "wrong"))
    options = await passkeys.offer_registration(house.ports, ana, PASSWORD)
    await passkeys.keep_passkey(house.ports, ana, device.make(options), "Laptop")
    asked = await passkeys.offer_sign_in(house.ports, origin=ORIGIN)
    await passkeys.sign_in_by_passkey(house.ports, device.sign(asked), origin=ORIGIN, device=DEVICE)
    await refused(passkeys.sign_in_by_passkey(house.ports, "{}", origin=ORIGIN, device=DEVICE))
    (passkey,) = (await house.user(ANA)).passkeys
    await passkeys.drop_passkey(house.ports, ana, passkey["id"], PASSWORD)
    nobody = ("unknown", "sign_in", "user/unknown", (None, None), "SIGN_IN_REFUSED", ORIGIN)
    assert await kept(house) == [
        own("add_passkey", "SIGN_IN_REFUSED"),
        own("add_passkey"),
        own("sign_in", by="passkey"),
        (*nobody, {"by": "passkey"}),
        own("drop_passkey"),
    ]


async def test_links_are_kept_with_their_roles(house: House) -> None:
    """Who invites or resets whom, and who accepts: with purpose, roles and where they are."""
    rosa = await house.person(ROSA, at_agency(Role.AGENCY_ADMINISTRATOR))
    here = at_store(Role.APPROVER)
    link = await links.invite(house.ports, rosa, ANA, [here], "en")
    given: dict[str, Any] = {"name": "Ana", "language": "en", "origin": ORIGIN}
    await refused(
        links_accepted.accept_link(house.ports, token_in(link), password="short", **given)
    )
    await links_accepted.accept_link(house.ports, token_in(link), password=PASSWORD, **given)
    lost = await links.reset_link(house.ports, rosa, ANA, drops_codes=True)
    await links_accepted.accept_link(house.ports, token_in(lost), password=NEW, **given)
    both = [here, at_store(Role.AGENT, SISTER)]
    await links.invite(house.ports, rosa, "eva@tienda.pe", both, "en")
    words = [f"approver at store/{MINE}"]
    assert await kept(house) == [
        (ROSA, "invite", f"user/{ANA}", (MINE, "andes"), "done", ORIGIN, {"roles": words}),
        (*accepted((None, None), "SETTING_INVALID"), {"purpose": "invite", "roles": words}),
        (*accepted((MINE, "andes")), {"purpose": "invite", "roles": words}),
        (
            ROSA,
            "reset_link",
            f"user/{ANA}",
            (MINE, "andes"),
            "done",
            ORIGIN,
            {"drops_codes": True},
        ),
        (*accepted((MINE, "andes")), {"purpose": "reset", "roles": words}),
        (
            ROSA,
            "invite",
            "user/eva@tienda.pe",
            (None, "andes"),
            "done",
            ORIGIN,
            {"roles": [*words, f"agent at store/{SISTER}"]},
        ),
    ]


def accepted(where: tuple[str | None, str | None], outcome: str = "done") -> tuple[Any, ...]:
    """The beginning of an entry about a link that Ana used."""
    return (ANA, "accept_link", f"user/{ANA}", where, outcome, ORIGIN)


async def test_the_first_link_is_kept_in_the_name_that_its_holder_says(house: House) -> None:
    """The house's first administrator is the actor of the entry."""
    link = await links.first_link(house.ports)
    assert link is not None
    await links_accepted.accept_link(
        house.ports,
        token_in(link),
        email=ANA,
        name="Ana",
        password=PASSWORD,
        language="en",
        origin=ORIGIN,
    )
    roles = {"purpose": "first", "roles": ["agency_administrator at house"]}
    assert await kept(house) == [(*accepted((None, None)), roles)]


async def test_an_entry_from_a_platform_is_kept_at_its_store(house: House) -> None:
    """Whoever was proved there is named as the platform names him."""
    async with house.world.book.begin() as ledger:
        store = await ledger.store(MINE)
    assert store is not None
    address = await sessions_platform.entry_address(house.ports, store, "fake/42")
    await sessions_platform.enter(house.ports, token_in(address), origin=ORIGIN, device=DEVICE)
    assert await kept(house) == [
        ("fake/42", "enter_store", f"store/{MINE}", (MINE, None), "done", ORIGIN, {})
    ]


async def test_an_export_of_refunds_is_kept_before_its_first_piece(house: House) -> None:
    """Which store was asked for, or none, and by whom."""
    ana = await house.person(ANA, ADMINISTRATOR)
    for wanted in (RefundSearch(), RefundSearch(store_id=MINE)):
        pieces = refunds.export(house.ports, ana, wanted)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
    assert await kept(house) == [
        (ANA, "export_refunds", "refunds", (store, None), "done", ORIGIN, {})
        for store in (None, MINE)
    ]


async def test_what_is_done_about_people_is_kept(house: House) -> None:
    """New roles with where they were and are; a second disabling says that it is one."""
    ana = await house.person(ANA, ADMINISTRATOR)
    await house.person(ROSA, at_store(Role.AGENT))
    here = (MINE, "andes")
    await users.change_grants(house.ports, ana, ROSA, [at_store(Role.OWNER)])
    await users.disable(house.ports, ana, ROSA)
    await users.disable(house.ports, ana, ROSA)
    await users.enable(house.ports, ana, ROSA)
    await refused(users.disable(house.ports, ana, ANA))
    about = f"user/{ROSA}"
    assert await kept(house) == [
        (ANA, "change_grants", about, here, "done", ORIGIN, {"roles": [f"owner at store/{MINE}"]}),
        (ANA, "disable", about, here, "done", ORIGIN, {}),
        (ANA, "disable", about, here, "done", ORIGIN, {"again": True}),
        (ANA, "enable", about, here, "done", ORIGIN, {}),
        own("disable", "NOT_ALLOWED"),
    ]


async def test_what_is_done_about_tokens_is_kept(house: House) -> None:
    """Name, permissions and days of a new one, and the name of one that ends."""
    ana = await house.person(ANA, ADMINISTRATOR)
    see, place = [Permission.SEE_REFUNDS], store_place(MINE)
    token, _ = await tokens.make_token(house.ports, ana, "erp", place, see, days=9)
    await refused(tokens.make_token(house.ports, ana, "ERP", place, see, days=9))
    await refused(tokens.make_token(house.ports, ana, "x" * 41, place, see, days=0))
    await tokens.revoke_token(house.ports, ana, token.id)
    await refused(tokens.revoke_token(house.ports, ana, "y" * 81))
    entries = await kept(house)
    assert [(each[1], each[3], each[4], each[6]) for each in entries] == [
        ("make_token", (MINE, "andes"), "done", said("erp", 9)),
        ("make_token", (MINE, "andes"), "SETTING_INVALID", said("ERP", 9)),
        ("make_token", (None, None), "SETTING_INVALID", said("x" * 40, 0)),
        ("revoke_token", (MINE, "andes"), "done", {"name": "erp"}),
        ("revoke_token", (None, None), "NOT_THERE", {}),
    ]
    assert [entries[place][2] for place in (0, 3, 4)] == [
        f"token/{token.id}",
        f"token/{token.id}",
        f"token/{'y' * 80}",
    ]


def said(name: str, days: int) -> dict[str, Any]:
    """What the audit holds of a token that was asked for."""
    return {"name": name, "permissions": ["refunds:see"], "days": days}


async def test_a_subject_that_somebody_typed_is_kept_short_and_plain(house: House) -> None:
    """Letters that would draw on a terminal are replaced, and 300 letters are enough."""
    ana = await house.person(ANA, ADMINISTRATOR)
    odd = Actor(f"a\x1b{'b' * 400}", ActorKind.PERSON, ana.powers, ana.user_id, ORIGIN)
    await refused(own_account.end_own_session(house.ports, odd, "0" * 16))
    (entry,) = await house.audit()
    assert entry.subject == f"user/a\N{REPLACEMENT CHARACTER}{'b' * 293}"
    assert len(entry.subject) == 300


async def test_too_many_tries_are_kept_once(house: House) -> None:
    """The first try beyond the limit leaves an entry with its code, and the others none."""
    await house.person(ANA, ADMINISTRATOR)
    for tries in (11, 3):
        for _ in range(tries):
            await refused(
                sign_in.sign_in(house.ports, ANA, "wrong", "", origin=ORIGIN, device=DEVICE)
            )
        assert await kept(house) == [
            *[own("sign_in", "SIGN_IN_REFUSED")] * 10,
            own("sign_in", "TOO_MANY_TRIES"),
        ]


async def test_too_many_tries_by_passkeys_are_kept_once(house: House) -> None:
    """The fifty-first from one address leaves an entry with its code, and no later one."""
    for tries in (51, 3):
        for _ in range(tries):
            await refused(
                passkeys.sign_in_by_passkey(house.ports, "{}", origin=ORIGIN, device=DEVICE)
            )
        outcomes = await house.outcomes("sign_in")
        assert outcomes == [*["SIGN_IN_REFUSED"] * 50, "TOO_MANY_TRIES"]


async def test_a_passkeys_answer_may_have_twenty_thousand_letters(house: House) -> None:
    """Just so many are read, and one more is no answer."""
    ana, device = await house.person(ANA, ADMINISTRATOR), Device()
    options = await passkeys.offer_registration(house.ports, ana, PASSWORD)
    await passkeys.keep_passkey(house.ports, ana, device.make(options).ljust(20_000), "Laptop")
    for letters in (20_000, 20_001):
        asked = await passkeys.offer_sign_in(house.ports, origin=ORIGIN)
        enter = passkeys.sign_in_by_passkey(
            house.ports, device.sign(asked).ljust(letters), origin=ORIGIN, device=DEVICE
        )
        if letters == 20_000:
            await enter
        else:
            await refused(enter)


async def test_no_letters_that_are_none_enter_from_a_platform(house: House) -> None:
    """A token of half a letter is refused like any other that nobody made."""
    with pytest.raises(SignInLinkRefused):
        await sessions_platform.enter(house.ports, "\ud800", origin=ORIGIN, device=DEVICE)


async def test_too_many_codes_are_named_in_the_entry_alone(house: House) -> None:
    """The answer is that of a wrong password; whoever reads the audit sees why."""
    start = pyotp.random_base32()
    await house.person(ANA, ADMINISTRATOR, totp=start)
    for number in range(21):
        if number % 9 == 0:
            house.world.clock.advance(minutes=16)
        await refused(
            sign_in.sign_in(house.ports, ANA, PASSWORD, "x", origin=ORIGIN, device=DEVICE)
        )
    entries = [told(entry) for entry in await house.audit()]
    assert entries == [
        *[own("sign_in", "SIGN_IN_REFUSED")] * 20,
        own("sign_in", "SIGN_IN_REFUSED", codes="too many wrong ones"),
    ]


async def test_a_passkeys_record_is_whole(house: House) -> None:
    """The name is tidied, and the time is that of its making."""
    ana, device = await house.person(ANA, ADMINISTRATOR), Device()
    options = await passkeys.offer_registration(house.ports, ana, PASSWORD)
    await passkeys.keep_passkey(house.ports, ana, device.make(options), "  My   phone ")
    (passkey,) = (await house.user(ANA)).passkeys
    assert {name: passkey[name] for name in ("name", "created_at", "sign_count", "transports")} == {
        "name": "My phone",
        "created_at": house.world.clock.now().isoformat(),
        "sign_count": 0,
        "transports": ["internal"],
    }
    assert json.loads(options)["timeout"] == timedelta(minutes=5).total_seconds() * 1000
