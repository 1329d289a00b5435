"""Signing in by the pages, whole: passwords, codes, limits, one-time links, and out again."""

from dataclasses import replace
from html import unescape
from http.cookies import SimpleCookie

import pytest
from pyotp import TOTP

from console_world import COOKIE, Browser, ConsoleWorld
from pef_adapters.core.access import HOUSE, Grant, Role
from pef_adapters.engine.gate import links, passwords
from pef_adapters.engine.gate.sessions import person
from pef_adapters.engine.gate.sessions_platform import entry_address
from pef_adapters.engine.records import User

PASSWORD = "cuatro palabras sin orden"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


@pytest.fixture
async def ana(world: ConsoleWorld) -> User:
    """Somebody with a password and no session."""
    return await world.person(email="ana@tienda.pe", password=await passwords.hashed(PASSWORD))


async def sign_in(browser: Browser, **fields: str) -> int:
    """Send the form; keep the cookie if one comes. Answers the status."""
    form = {"email": "ana@tienda.pe", "password": PASSWORD, **fields}
    answer = await browser.post("/console/sign-in", data=form)
    return answer.status_code


@pytest.mark.usefixtures("ana")
async def test_a_person_signs_in_and_goes_on(world: ConsoleWorld) -> None:
    """The right password opens the page that was asked for first, and stays good."""
    async with world.browser() as browser:
        form = {"email": " Ana@Tienda.PE ", "password": PASSWORD, "next": "/console/audit"}
        answer = await browser.post("/console/sign-in", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/audit")
        morsel = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
        assert morsel["httponly"]
        assert morsel["secure"]
        assert morsel["samesite"] == "lax"
        assert (await browser.get("/console/audit")).status_code == 200
        assert (await browser.get("/console/sign-in")).headers["location"] == "/console"


@pytest.mark.usefixtures("ana")
async def test_signing_in_never_leads_elsewhere(world: ConsoleWorld) -> None:
    """Whatever the form says, one lands on a page of the console."""
    async with world.browser() as browser:
        form = {"email": "ana@tienda.pe", "password": PASSWORD, "next": "//evil.example"}
        answer = await browser.post("/console/sign-in", data=form)
    assert answer.headers["location"] == "/console"


@pytest.mark.usefixtures("ana")
async def test_a_wrong_password_opens_nothing(world: ConsoleWorld) -> None:
    """A wrong password and an unknown address read the same, and no secret is sent back."""
    async with world.browser() as browser:
        known = {"email": "ana@tienda.pe", "password": "wrong-password-42"}
        unknown = {"email": "eva@tienda.pe", "password": "wrong-password-42"}
        answers = [await browser.post("/console/sign-in", data=each) for each in (known, unknown)]
        assert (await browser.get("/console")).status_code == 303
    assert [each.status_code for each in answers] == [401, 401]
    assert answers[0].text.replace("ana@", "eva@") == answers[1].text
    assert 'role="alert"' in answers[0].text
    assert "wrong-password-42" not in answers[0].text


@pytest.mark.usefixtures("ana")
async def test_another_site_can_t_sign_somebody_in(world: ConsoleWorld) -> None:
    """A sign-in that another site sends is refused, whatever it carries."""
    async with world.browser() as browser:
        browser.headers["sec-fetch-site"] = "cross-site"
        assert await sign_in(browser) == 403
        assert COOKIE not in browser.cookies


@pytest.mark.usefixtures("ana")
async def test_too_many_tries_are_stopped(world: ConsoleWorld) -> None:
    """After ten wrong passwords even the right one waits, and is good again after a while."""
    async with world.browser() as browser:
        for _ in range(10):
            assert await sign_in(browser, password="wrong") == 401
        assert await sign_in(browser) == 429
        world.clock.advance(minutes=16)
        assert await sign_in(browser) == 303


async def test_a_code_is_asked_of_who_has_an_app(world: ConsoleWorld) -> None:
    """With an app the password alone opens nothing, and a code is good once."""
    kept = await passwords.hashed(PASSWORD)
    await world.person(email="ana@tienda.pe", password=kept, totp=SECRET)
    code = TOTP(SECRET).at(world.clock.now())
    async with world.browser() as browser:
        assert await sign_in(browser) == 401
        assert await sign_in(browser, code=code) == 303
    async with world.browser() as browser:
        assert await sign_in(browser, code=code) == 401


@pytest.mark.usefixtures("ana")
async def test_signing_out_ends_the_session(world: ConsoleWorld) -> None:
    """After signing out the old token opens nothing, and the page says so once."""
    async with world.browser() as browser:
        await sign_in(browser)
        token = browser.cookies[COOKIE]
        page = (await browser.get("/console/account")).text
        browser.csrf = page.split('name="csrf" value="')[1].split('"')[0]
        await browser.send_form("/console/sign-out")
        assert 'role="status"' in (await browser.get("/console/sign-in")).text
        assert 'role="status"' not in (await browser.get("/console/sign-in")).text
        browser.cookies.set(COOKIE, token, domain="refunds.example")
        assert (await browser.get("/console")).status_code == 303


async def test_the_first_administrator_begins_by_a_link(world: ConsoleWorld) -> None:
    """An empty house is opened once, by its link; looking at it does not use it up."""
    link = await links.first_link(world.ports)
    assert link is not None
    form = {
        "email": "ana@tienda.pe",
        "name": "Ana",
        "language": "es_PE",
        "password": PASSWORD,
        "password_again": PASSWORD,
    }
    async with world.browser() as browser:
        assert (await browser.get(link)).status_code == 200
        assert (await browser.get(link)).status_code == 200
        answer = await browser.post(link, data=form)
        assert answer.headers["location"] == "/console/sign-in"
        assert (await browser.post(link, data=form)).status_code == 410
        assert (await browser.get(link)).status_code == 410
        assert await sign_in(browser) == 303
        assert 'href="/console/people"' in (await browser.get("/console")).text


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "too short"),
        (PASSWORD, "another one entirely", "differ"),
        ("passwordpassword", "passwordpassword", "most common"),
    ],
)
async def test_a_password_that_won_t_do_is_explained(
    world: ConsoleWorld, password: str, again: str, said: str
) -> None:
    """The form comes back with the reason, without the password, and the link stays good."""
    owner = await world.person()
    invited = await links.invite(
        world.ports, person(owner, ""), "eva@tienda.pe", [Grant(Role.AGENT, HOUSE)], "en"
    )
    form = {"name": "Eva", "language": "en", "password": password, "password_again": again}
    async with world.browser() as browser:
        answer = await browser.post(invited + "?lang=en", data=form)
        assert answer.status_code == 422
        assert said in unescape(answer.text)
        assert f'value="{password}"' not in answer.text
        assert 'value="Eva"' in answer.text
        good = {**form, "password": PASSWORD, "password_again": PASSWORD}
        assert (await browser.post(invited, data=good)).status_code == 303


async def test_a_disabled_person_is_out_at_once(world: ConsoleWorld) -> None:
    """Whoever is disabled is sent to the sign-in by the next page."""
    async with world.signed_in() as browser:
        async with world.book.begin() as ledger:
            user = await ledger.user("u1")
            assert user is not None
            await ledger.save_user(replace(user, disabled_at=world.clock.now()))
        assert (await browser.get("/console")).status_code == 303


async def test_a_session_ends_when_it_is_not_used(world: ConsoleWorld) -> None:
    """After twelve hours without use one signs in again."""
    async with world.signed_in() as browser:
        world.clock.advance(hours=11)
        assert (await browser.get("/console")).status_code == 200
        world.clock.advance(hours=13)
        assert (await browser.get("/console")).status_code == 303


async def test_a_store_s_platform_leads_in(world: ConsoleWorld) -> None:
    """A one-time address of a platform opens that store and no other, once."""
    async with world.book.begin() as ledger:
        store = await ledger.store("norte-1")
    assert store is not None
    address = await entry_address(world.ports, store, "shopify/42")
    async with world.browser() as browser:
        assert (await browser.get(address)).headers["location"] == "/console"
        assert (await browser.get("/console/account?lang=en")).status_code == 200
        assert "sur-1" not in (await browser.get("/console/people")).text
    async with world.browser() as browser:
        assert (await browser.get(address)).status_code == 410
