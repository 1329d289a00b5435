"""Passkeys by the pages: added and removed on the account, used to sign in, ours alone."""

import json
import re
from html import unescape

import pytest

from console_world import COOKIE, Browser, ConsoleWorld
from passkey_device import Device
from pef_adapters.engine.gate import passwords

PASSWORD = "cuatro palabras sin orden"
ACCOUNT, SIGN_IN = "/console/account/passkeys", "/console/sign-in/passkey"


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


def options_in(page: str) -> str:
    """What a page asks the browser to make."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


async def add(browser: Browser, device: Device) -> None:
    """Add a passkey by the pages."""
    page = (await browser.send_form(ACCOUNT, name="My <laptop>", password=PASSWORD)).text
    form = {"name": "My <laptop>", "answer": device.make(options_in(page))}
    kept = await browser.send_form(f"{ACCOUNT}/keep", **form)
    assert (kept.status_code, kept.headers["location"]) == (303, "/console/account")


async def test_a_passkey_is_added_used_and_removed(world: ConsoleWorld) -> None:
    """It stands on the account by its name, signs in elsewhere, and opens nothing once removed."""
    device = Device()
    async with (
        world.signed_in(password=await passwords.hashed(PASSWORD)) as browser,
        world.browser() as other,
    ):
        await add(browser, device)
        page = (await browser.get("/console/account")).text
        assert "My &lt;laptop&gt;" in page
        offer = await other.post(f"{SIGN_IN}/offer", data={"next": ""})
        assert offer.headers["content-type"] == "application/json"
        form = {"answer": device.sign(offer.text), "next": "/console/audit"}
        answer = await other.post(SIGN_IN, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/audit")
        assert (await other.get("/console/audit")).status_code == 200
        found = re.search(r'<option value="([^"]+)">My &lt;laptop', page)
        assert found is not None
        wrong = await browser.send_form(f"{ACCOUNT}/drop", passkey=found[1], password="wrong")
        assert wrong.status_code == 401
        form = {"passkey": found[1], "password": PASSWORD}
        assert (await browser.send_form(f"{ACCOUNT}/drop", **form)).is_redirect
        offer = await other.post(f"{SIGN_IN}/offer", data={"next": ""})
        answer = await other.post(SIGN_IN, data={"answer": device.sign(offer.text)})
        assert answer.status_code == 401


async def test_a_new_session_ends_the_one_before(world: ConsoleWorld) -> None:
    """Who signs in by passkey in a browser that is signed in already leaves no session behind."""
    device = Device()
    async with world.signed_in(password=await passwords.hashed(PASSWORD)) as browser:
        await add(browser, device)
        offer = await browser.post(f"{SIGN_IN}/offer", data={"next": ""})
        assert (await browser.post(SIGN_IN, data={"answer": device.sign(offer.text)})).is_redirect
    async with world.book.begin() as ledger:
        assert len(await ledger.sessions_of("u1")) == 1


async def test_a_refused_passkey_reads_the_same_whoever_is_meant(world: ConsoleWorld) -> None:
    """A stranger's passkey and one of nobody's get one page, which leads on to the password."""
    user = await world.person()
    pages = set()
    async with world.browser() as browser:
        for handle in (user.id.encode(), b"nobody"):
            device = Device()
            device.handle = handle
            offer = await browser.post(f"{SIGN_IN}/offer", data={"next": ""})
            form = {"answer": device.sign(offer.text), "next": "//evil.example"}
            answer = await browser.post(SIGN_IN, data=form)
            assert answer.status_code == 401
            pages.add(answer.text)
        assert COOKIE not in browser.cookies
    (page,) = pages
    assert 'role="alert"' in page
    assert 'name="next" value="/console"' in page


async def test_pages_of_others_get_nowhere(world: ConsoleWorld) -> None:
    """What another site sends is refused, and without the session's secret nothing is added."""
    async with world.signed_in(password=await passwords.hashed(PASSWORD)) as browser:
        form = {"name": "x", "password": PASSWORD}
        assert (await browser.post(ACCOUNT, data=form)).status_code == 403
        for path in (f"{ACCOUNT}/keep", f"{ACCOUNT}/drop"):
            assert (await browser.post(path, data={"csrf": "another"})).status_code == 403
        browser.headers["sec-fetch-site"] = "cross-site"
        for path in (SIGN_IN, f"{SIGN_IN}/offer"):
            assert (await browser.post(path, data={})).status_code == 403


async def test_who_has_the_wrong_password_is_told_on_the_account(world: ConsoleWorld) -> None:
    """No challenge is given, and the page says why; so it does for an answer that is none."""
    async with world.signed_in(password=await passwords.hashed(PASSWORD)) as browser:
        answer = await browser.send_form(ACCOUNT, name="x", password="wrong")
        assert answer.status_code == 401
        assert "data-options" not in answer.text
        bad = await browser.send_form(f"{ACCOUNT}/keep", name="x", answer=json.dumps({}))
        assert bad.status_code == 422
        assert "in time" in bad.text


async def test_pages_carry_no_challenge_before_it_is_asked_for(world: ConsoleWorld) -> None:
    """Whoever only looks at the sign-in leaves nothing behind, and sees no dead button."""
    async with world.browser() as browser:
        page = (await browser.get("/console/sign-in")).text
    assert "challenge" not in page
    assert re.search(r'<form[^>]+data-passkey="use"[^>]+ hidden>', page)
    assert world.memory._tables.invitations == {}
