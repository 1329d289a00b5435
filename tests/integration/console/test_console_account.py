"""The own account: password, codes of an app, language, and browsers that are signed in."""

import re
from html import unescape

import pytest
from pyotp import TOTP

from console_world import ConsoleWorld, session_of
from pef_adapters.engine.gate import passwords
from pef_adapters.engine.records import AuditSearch

OLD, NEW = "una clave que ya existe", "otra clave muy diferente"


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


async def test_a_new_password_ends_other_sessions(world: ConsoleWorld) -> None:
    """Whoever changes the password stays signed in here, and nowhere else."""
    user = await world.person(password=await passwords.hashed(OLD))
    here, there = await session_of(world.ports, user), await session_of(world.ports, user)
    form = {"old": OLD, "new": NEW, "new_again": NEW}
    async with world.browser(here) as browser, world.browser(there) as other:
        answer = await browser.send_form("/console/account/password", **form)
        assert answer.status_code == 303
        assert "password is changed" in (await browser.get("/console/account")).text
        assert (await other.get("/console/account")).status_code == 303


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"old": "wrong", "new": NEW, "new_again": NEW}, 401, "is wrong"),
        ({"old": OLD, "new": NEW, "new_again": "another"}, 422, "differ"),
        ({"old": OLD, "new": "short", "new_again": "short"}, 422, "too short"),
    ],
)
async def test_a_password_is_not_changed_by_mistake(
    world: ConsoleWorld, form: dict[str, str], status: int, said: str
) -> None:
    """What is wrong is said beside the form, and the old password stays."""
    kept = await passwords.hashed(OLD)
    async with world.signed_in(password=kept) as browser:
        answer = await browser.send_form("/console/account/password", **form)
    assert answer.status_code == status
    assert said in unescape(answer.text)
    async with world.book.begin() as ledger:
        user = await ledger.user("u1")
    assert user is not None
    assert user.password == kept


async def test_an_app_for_codes_is_set_up_and_dropped(world: ConsoleWorld) -> None:
    """A code proves the app before codes are asked for; the password drops it again."""
    async with world.signed_in(password=await passwords.hashed(OLD)) as browser:
        page = (await browser.send_form("/console/account/codes")).text
        found = re.search(r'name="secret" value="([A-Z2-7]+)"', page)
        assert found is not None
        secret = found[1]
        assert 'src="data:image/svg+xml' in page
        wrong = await browser.send_form("/console/account/codes/confirm", secret=secret, code="0")
        assert wrong.status_code == 401
        assert secret in wrong.text
        code = TOTP(secret).at(world.clock.now())
        form = {"secret": secret, "code": code}
        assert (await browser.send_form("/console/account/codes/confirm", **form)).is_redirect
        assert "asks for a code" in (await browser.get("/console/account")).text
        dropped = await browser.send_form("/console/account/codes/drop", password="wrong")
        assert dropped.status_code == 401
        assert (await browser.send_form("/console/account/codes/drop", password=OLD)).is_redirect
    async with world.book.begin() as ledger:
        user = await ledger.user("u1")
    assert user is not None
    assert user.totp == ""


async def test_a_language_is_kept_with_the_person(world: ConsoleWorld) -> None:
    """A chosen language is the person's in every browser; one that we don't speak is refused."""
    async with world.signed_in() as browser:
        assert (
            await browser.send_form("/console/account/language", language="tlh")
        ).status_code == 422
        await browser.send_form("/console/account/language", language="zh_Hans")
        page = await browser.get("/console/account")
        assert page.headers["content-language"] == "zh-Hans"
    async with world.book.begin() as ledger:
        user = await ledger.user("u1")
        kept = await ledger.audits(AuditSearch())
    assert user is not None
    assert user.language == "zh_Hans"
    assert kept[0].what == "choose_language"


async def test_another_browser_is_signed_out(world: ConsoleWorld) -> None:
    """Each own session is listed with its browser, and can be ended; strangers' can't."""
    user, stranger = await world.person(), await world.person()
    here, there = await session_of(world.ports, user), await session_of(world.ports, user)
    foreign = await session_of(world.ports, stranger)
    name = there.session.token_sha256[:16]
    async with world.browser(here) as browser, world.browser(there) as other:
        assert name in (await browser.get("/console/account")).text
        refused = await browser.send_form(
            "/console/account/sessions/end", session=foreign.session.token_sha256[:16]
        )
        assert refused.status_code == 404
        assert (await browser.send_form("/console/account/sessions/end", session=name)).is_redirect
        assert (await other.get("/console/account")).status_code == 303
        assert (await browser.get("/console/account")).status_code == 200
    async with world.browser(foreign) as browser:
        assert (await browser.get("/console/account")).status_code == 200


async def test_everywhere_means_here_too(world: ConsoleWorld) -> None:
    """Signing out everywhere ends this session as well."""
    async with world.signed_in() as browser:
        answer = await browser.send_form("/console/account/sessions/end-all")
        assert answer.headers["location"] == "/console/sign-in"
        assert (await browser.get("/console/account")).status_code == 303
