"""Attacks on the gate: each of these once worked, or would if a line were forgotten."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pyotp import TOTP

from desk_actors import house_owner, known_as
from desk_world import DeskWorld
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
    token_in,
)
from pef_adapters.cli.operator import operator
from pef_adapters.core.access import (
    ROLES,
    Actor,
    ActorKind,
    Grant,
    Permission,
    Power,
    Role,
    store_place,
)
from pef_adapters.core.errors import (
    AlreadyApproved,
    EditorCannotApprove,
    NotAllowed,
    PefError,
    SettingInvalid,
    SignInLinkRefused,
    SignInRefused,
    TooManyTries,
)
from pef_adapters.core.states import State
from pef_adapters.engine.gate import agencies, approvals, payouts, sign_in_codes
from pef_adapters.engine.gate.audits import audits
from pef_adapters.engine.gate.links import invite, reset_link
from pef_adapters.engine.gate.links_accepted import accept_link
from pef_adapters.engine.gate.sign_in import SignedIn, sign_in
from pef_adapters.engine.gate.tokens import make_token
from pef_adapters.engine.gate.users import change_grants, disable, enable
from pef_adapters.engine.records import AuditSearch, Refund, User

EVA, MAX, ROSA = "eva@tienda.pe", "max@tienda.pe", "rosa@tienda.pe"
NEW = "seis alpacas suben la cuesta"


async def accept(house: House, link: str, password: str = NEW) -> User:
    """Use a link as the page does."""
    token = token_in(link)
    return await accept_link(house.ports, token, name="Eva", password=password, language="en")


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


async def read_by(house: House, reader: Actor) -> list[str]:
    """What somebody finds in the audit."""
    return [entry.what for entry in await audits(house.ports, reader, AuditSearch())]


@pytest.mark.parametrize("maker", ["owner", "operator", "platform"])
async def test_a_reset_link_is_worth_no_more_than_when_it_was_made(
    house: House, maker: str
) -> None:
    """Whose powers grew since is not taken over by an older link to a new password."""
    power = Power(store_place(MINE), ROLES[Role.OWNER])
    makers = {
        "owner": await house.person(MAX, at_store(Role.OWNER)),
        "operator": operator(),
        "platform": Actor("shopify/42", ActorKind.PERSON, (power,)),
    }
    await house.person(EVA, at_store(Role.AGENT))
    link = await reset_link(house.ports, makers[maker], EVA, drops_codes=True)
    grown = [at_store(Role.AGENT), at_store(Role.OWNER, FOREIGN)]
    await change_grants(house.ports, operator(), EVA, grown)
    with pytest.raises(SignInLinkRefused):
        await accept(house, link)
    assert (await house.user(EVA)).password == house.kept


async def test_a_reset_link_dies_with_its_makers_powers(house: House) -> None:
    """Who may no longer give the roles, or was disabled, has handed out a dead link."""
    rosa = await house.person(ROSA, at_store(Role.OWNER))
    max_ = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    links = [await reset_link(house.ports, actor, EVA) for actor in (rosa, max_)]
    await change_grants(house.ports, operator(), ROSA, [at_store(Role.AGENT)])
    await disable(house.ports, operator(), MAX)
    for link in links:
        with pytest.raises(SignInLinkRefused):
            await accept(house, link)


async def test_an_administrators_reset_link_still_fits_who_got_a_role(house: House) -> None:
    """What its maker could give now, too, is no reason to refuse; the store's owner reads it."""
    boss = await house.person(ROSA, ADMINISTRATOR)
    owner = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    link = await reset_link(house.ports, boss, EVA)
    await change_grants(house.ports, boss, EVA, [at_store(Role.APPROVER)])
    await accept(house, link)
    assert "accept_link" in await read_by(house, owner)


@pytest.mark.parametrize("above", ["house", "agency", "operator"])
async def test_whom_somebody_above_disabled_stays_out(house: House, above: str) -> None:
    """A store's owner does not let in again whom the house or the agency has put out."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    await house.person(EVA, at_store(Role.AGENT))
    actors = {
        "house": await house.person(ROSA, ADMINISTRATOR),
        "agency": await house.person("luz@andes.pe", at_agency(Role.AGENCY_ADMINISTRATOR)),
        "operator": operator(),
    }
    await disable(house.ports, actors[above], EVA)
    for _ in range(2):
        with pytest.raises(NotAllowed):
            await enable(house.ports, owner, EVA)
        # To disable her once more makes it nobody else's deed.
        await disable(house.ports, owner, EVA)
    assert (await house.user(EVA)).disabled_at
    await enable(house.ports, actors[above], EVA)
    assert not (await house.user(EVA)).disabled_at


async def test_an_owner_lets_in_again_whom_an_owner_disabled(house: House) -> None:
    """However many tries at the address were refused meanwhile."""
    first, second = [await house.person(e, at_store(Role.OWNER)) for e in (MAX, ROSA)]
    await house.person(EVA, at_store(Role.AGENT))
    await disable(house.ports, first, EVA)
    for number in range(25):
        await wrong(house, 5, f"10.1.{number}.1")
        house.world.clock.advance(minutes=15)
    await enable(house.ports, second, EVA)
    await enter(house)


@pytest.mark.parametrize("grant", [at_store(Role.AGENT, FOREIGN), at_agency(Role.AGENT, "costa")])
async def test_what_is_tried_at_a_foreign_place_stands_in_no_foreign_audit(
    house: House, grant: Grant
) -> None:
    """Neither roles, links, tokens nor agencies that were refused are read over there."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    there = await house.person(ROSA, at_agency(Role.AGENCY_ADMINISTRATOR, "costa"))
    await house.person(EVA, at_store(Role.AGENT))
    tries = (
        change_grants(house.ports, owner, EVA, [at_store(Role.AGENT), grant]),
        change_grants(house.ports, owner, EVA, [grant]),
        invite(house.ports, owner, EVA, [grant], "en"),
        make_token(house.ports, owner, "erp", grant.place, [Permission.SEE_REFUNDS], days=1),
        agencies.make(house.ports, owner, "costa", "Costa"),
        agencies.change(house.ports, owner, "costa", "Costa", {}),
    )
    for each in tries:
        with pytest.raises(PefError):
            await each
    assert await read_by(house, there) == []
    assert len(await house.audit()) == len(tries) - 1, "a change of what is not there is none"


async def test_what_is_kept_draws_nothing_on_a_terminal(house: House) -> None:
    """A name of control letters, or of any length, does not forge lines of a listing."""
    owner = await house.person(MAX, at_store(Role.OWNER))
    for name in ("x\x1b[2J\nforged\u202e", "y" * 5000):
        with pytest.raises(NotAllowed):
            await agencies.make(house.ports, owner, name, "Costa")
    for entry in await house.audit():
        assert entry.subject.isprintable()
        assert len(entry.subject) <= 300


async def test_tokens_elsewhere_are_not_shown_to_who_disables(house: House) -> None:
    """Of the tokens that somebody once made, a store's owner sees his store's alone."""
    eva = await house.person(EVA, at_store(Role.OWNER), at_store(Role.OWNER, FOREIGN))
    owner = await house.person(MAX, at_store(Role.OWNER))
    for name, store in (("here", MINE), ("there", FOREIGN)):
        place = store_place(store)
        await make_token(house.ports, eva, name, place, [Permission.SEE_REFUNDS], days=9)
    await change_grants(house.ports, operator(), EVA, [at_store(Role.OWNER)])
    assert [token.name for token in await disable(house.ports, owner, EVA)] == ["here"]
    left = await disable(house.ports, operator(), EVA)
    assert {token.name for token in left} == {"here", "there"}


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
    "email", ["еva@tienda.pe", "eva@tiеnda.pe", "\uff45va@tienda.pe", "eva\u200b@tienda.pe"]
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


@pytest.mark.parametrize("people", [{}, {"42": "ana@tienda.pe"}])
async def test_who_pressed_at_the_platform_does_not_approve_from_there(
    people: dict[str, str],
) -> None:
    """The platform's number of a person and the name of his session are one person."""
    world, refund = await held("42", people)
    digest = await digest_of(world, refund)
    with pytest.raises(EditorCannotApprove):
        await approvals.approve(world.ports, from_platform("42"), refund.id, digest)
    await approvals.approve(world.ports, from_platform("43"), refund.id, digest)


async def test_nobody_approves_from_the_platform_and_from_here() -> None:
    """Whom the store has told us to be one person has one vote."""
    world, refund = await held("7", {"42": "ana@tienda.pe"})
    digest = await digest_of(world, refund)
    await approvals.approve(world.ports, from_platform("42"), refund.id, digest)
    ana = await known_as(world, "ana@tienda.pe", "Ana")
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, ana, refund.id, digest)


async def test_two_addresses_of_one_name_have_one_vote() -> None:
    """A second account under the same name is no second person."""
    world, refund = await held("7", {})
    digest = await digest_of(world, refund)
    first, second = [
        await known_as(world, email, "Ana Ramos") for email in ("ana@tienda.pe", "ana@otra.pe")
    ]
    await approvals.approve(world.ports, first, refund.id, digest)
    with pytest.raises(AlreadyApproved):
        await approvals.approve(world.ports, second, refund.id, digest)


async def test_an_agency_reads_what_was_paid_out_for_its_stores(house: House) -> None:
    """What is done with an account of several stores of one agency belongs to that agency."""
    async with house.world.book.begin() as ledger:
        foreign = await ledger.store(FOREIGN)
        assert foreign is not None
        moved = replace(foreign, settings={"agency": "andes"})
        await ledger.save_store(moved)
        account_id = foreign.account_id
    boss = await house.person(ROSA, at_agency(Role.AGENCY_ADMINISTRATOR))
    with pytest.raises(PefError):
        await payouts.export(house.ports, boss, account_id, "no-such-format")
    assert await read_by(house, boss) == ["export"]
    owner = await house.person(MAX, at_store(Role.OWNER, SISTER))
    assert await read_by(house, owner) == []


def from_platform(number: str) -> Actor:
    """Who came in by the store's platform."""
    power = Power(store_place("tienda-pe"), ROLES[Role.OWNER])
    return Actor(f"fake/{number}", ActorKind.PERSON, (power,))


async def held(pressed_by: str, people: dict[str, str]) -> tuple[DeskWorld, Refund]:
    """A refund that somebody pressed and two people have to agree to."""
    raise AssertionError


async def digest_of(world: DeskWorld, refund: Refund) -> str:
    """What the page shows, to come back with an approval."""
    waiting = await approvals.look(world.ports, house_owner(), refund.id)
    return waiting.review.digest[: approvals.DIGEST_LETTERS]


_UNUSED: Sequence[object] = (State,)
