"""The console's frame: who gets in, whose forms count, headers, languages and errors."""

import re

import pytest

from console_world import COOKIE, ConsoleWorld
from pef_adapters.core.access import Role
from pef_adapters.engine.records import AuditSearch
from pef_adapters.server.app import create_app
from pef_adapters.server.console.asking import safe_path
from pef_adapters.server.console.static_files import address

STATIC = re.compile(r"/console/static/[0-9a-f]{16}/[a-z.-]+")


@pytest.fixture
async def world() -> ConsoleWorld:
    """The console's world, in memory."""
    return await ConsoleWorld().open()


async def test_nobody_is_asked_to_sign_in_and_comes_back(world: ConsoleWorld) -> None:
    """Without a session a page leads to the sign-in, which knows where to go on."""
    async with world.browser() as browser:
        answer = await browser.get("/console/refunds?state=held")
    assert answer.status_code == 303
    assert answer.headers["location"] == ("/console/sign-in?next=/console/refunds%3Fstate%3Dheld")


async def test_a_form_without_a_session_does_nothing(world: ConsoleWorld) -> None:
    """Whoever is not signed in gets no further by a form either."""
    async with world.browser() as browser:
        answer = await browser.send_form("/console/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/sign-in?next=/console",
    )


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/console",
        "/\\evil.example",
        "/consoles",
        "/console/\\evil",
        "/console/\r\nSet-Cookie: a=b",
        "",
        "javascript:alert(1)",
    ],
)
def test_going_on_never_leaves_the_console(wanted: str) -> None:
    """An address that is not one of the console's pages becomes its first page."""
    assert safe_path(wanted) == "/console"


@pytest.mark.parametrize("wanted", ["/console", "/console/refunds?state=held", "/console?lang=en"])
def test_going_on_reaches_the_page_that_was_asked_for(wanted: str) -> None:
    """A page of the console is gone on to."""
    assert safe_path(wanted) == wanted


async def test_a_form_without_the_session_s_secret_is_refused(world: ConsoleWorld) -> None:
    """A form that lacks the secret, or has another's, is refused and does nothing."""
    async with world.signed_in() as browser, world.signed_in() as other:
        for fields in ({}, {"csrf": ""}, {"csrf": other.csrf}, {"csrf": "ñ" * 43}):
            answer = await browser.post("/console/sign-out", data={"x": "1", **fields})
            assert answer.status_code == 403
            assert "nothing was done" in answer.text
        assert (await browser.get("/console/account")).status_code == 200


async def test_a_form_that_another_site_sent_is_refused(world: ConsoleWorld) -> None:
    """The browser's word that another site sent a form is enough to refuse it."""
    async with world.signed_in() as browser:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
            answer = await browser.post(
                "/console/sign-out", data={"csrf": browser.csrf}, headers=headers
            )
            assert answer.status_code == 403
        assert (await browser.get("/console/account")).status_code == 200


async def test_a_form_proves_itself_by_a_header_too(world: ConsoleWorld) -> None:
    """A script may send the secret as a header instead."""
    async with world.signed_in() as browser:
        answer = await browser.post(
            "/console/sign-out", data={"x": "1"}, headers={"x-csrf": browser.csrf}
        )
    assert answer.headers["location"].startswith("/console/sign-in")


async def test_what_is_no_form_is_refused(world: ConsoleWorld) -> None:
    """A body that is no form, or too large, is answered by a page."""
    async with world.signed_in() as browser:
        assert (await browser.post("/console/sign-out", json={})).status_code == 400
        large = {"csrf": browser.csrf, "note": "x" * 5_000_001}
        assert (await browser.post("/console/sign-out", data=large)).status_code == 413


async def test_each_page_is_strict(world: ConsoleWorld) -> None:
    """Pages run no foreign script, are never framed, kept or told about; errors too."""
    async with world.signed_in() as browser:
        for path in ("/console", "/console/account", "/console/nowhere"):
            headers = (await browser.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_no_page_has_a_script_or_style_of_its_own(world: ConsoleWorld) -> None:
    """What the policy forbids is not there either."""
    async with world.signed_in() as browser:
        for path in ("/console", "/console/account", "/console/people", "/console/audit"):
            page = (await browser.get(path)).text
            assert not re.search(r"<style|<script(?![^>]* src=)|\sstyle=|\son[a-z]+=", page)


async def test_an_address_of_nothing_is_a_page(world: ConsoleWorld) -> None:
    """What is not there is said on a page, with its status and a way on."""
    async with world.signed_in() as browser:
        answer = await browser.get("/console/no/such/page")
    assert answer.status_code == 404
    assert 'href="/console"' in answer.text
    assert answer.text.count("<h1") == 1


async def test_a_fault_of_ours_is_a_page_without_a_trace(
    world: ConsoleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks is said on a page; what broke is not shown."""
    async with world.signed_in() as browser:
        monkeypatch.setattr(world.clock, "now", lambda: 1 / 0)
        answer = await browser.get("/console")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize(
    ("tag", "language", "word"),
    [("es", "es-PE", "Cerrar sesión"), ("en", "en", "Sign out"), ("zh", "zh-Hans", "退出登录")],
)
async def test_a_language_is_chosen_and_remembered(
    world: ConsoleWorld, tag: str, language: str, word: str
) -> None:
    """A chosen language shows at once, and on every page after it."""
    async with world.signed_in() as browser:
        for path in (f"/console/account?lang={tag}", "/console/account"):
            answer = await browser.get(path)
            assert answer.headers["content-language"] == language
            assert f'<html lang="{language}">' in answer.text
            assert word in answer.text


async def test_a_foreign_language_is_not_spoken(world: ConsoleWorld) -> None:
    """A language that we don't speak is as if none was asked for: Spanish for a stranger."""
    async with world.browser() as browser:
        answer = await browser.get(
            "/console/sign-in?lang=tlh", headers={"accept-language": "tlh, de;q=0.5"}
        )
    assert answer.headers["content-language"] == "es-PE"
    assert "set-cookie" not in answer.headers


async def test_the_browser_s_language_counts_for_a_stranger(world: ConsoleWorld) -> None:
    """Of the browser's languages the first that we speak is taken."""
    async with world.browser() as browser:
        answer = await browser.get(
            "/console/sign-in", headers={"accept-language": "de-DE, zh-CN;q=0.8, en;q=0.5"}
        )
    assert answer.headers["content-language"] == "zh-Hans"


async def test_a_cookie_is_out_of_a_script_s_reach(world: ConsoleWorld) -> None:
    """By https each cookie is this host's alone, unseen by scripts and never in the clear."""
    async with world.signed_in() as browser:
        answer = await browser.send_form("/console/sign-out")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(COOKIE))
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=0"):
        assert flag in cookie
    assert "Domain" not in cookie


async def test_without_https_the_cookie_has_another_name(world: ConsoleWorld) -> None:
    """On one's own machine without https the same pages work with a plain cookie."""
    world.app = create_app(world.ports, "http://127.0.0.1:8080")
    async with world.signed_in() as browser:
        browser.cookies.clear()
        assert (await browser.get("/console")).status_code == 303
        answer = await browser.get("/console/sign-in?lang=en")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("pef-language=en")
    assert "Secure" not in cookie


async def test_files_are_kept_for_ever_under_their_content(world: ConsoleWorld) -> None:
    """Every file a page names is there, may be kept, and has the content's hash in it."""
    async with world.browser() as browser:
        named = set(STATIC.findall((await browser.get("/console/sign-in")).text))
        assert address("htmx.min.js") in named
        for path in named:
            answer = await browser.get(path)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "/console/static/0000000000000000/console.css",
        "/console/static/0000000000000000/pico.LICENSE",
        "/console/static/0000000000000000/..%2Fasking.py",
    ],
)
async def test_no_other_file_is_served(world: ConsoleWorld, path: str) -> None:
    """Another hash, or a file that is not listed, is not there."""
    async with world.browser() as browser:
        assert (await browser.get(path)).status_code in {303, 404}


async def test_the_menu_shows_what_a_role_may_enter(world: ConsoleWorld) -> None:
    """Nobody is led to a room that is closed to him."""
    async with world.signed_in(Role.AGENT, "store/norte-1") as agent, world.signed_in() as owner:
        for_agent = (await agent.get("/console")).text
        for_owner = (await owner.get("/console")).text
    assert 'href="/console/people"' not in for_agent
    assert 'href="/console/people"' in for_owner
    assert 'aria-current="page"' in for_agent


@pytest.mark.parametrize(
    ("peer", "known_as"), [("203.0.113.7", "203.0.113.7"), ("127.0.0.1", "198.51.100.1")]
)
async def test_the_network_address_is_the_peer_s(
    world: ConsoleWorld, peer: str, known_as: str
) -> None:
    """A stranger can't claim another network address; a proxy on this machine names his."""
    headers = {"x-forwarded-for": "192.0.2.1, 198.51.100.1"}
    async with world.browser(peer=peer) as browser:
        form = {"email": "nobody@example.pe", "password": "wrong"}
        await browser.post("/console/sign-in", data=form, headers=headers)
    async with world.book.begin() as ledger:
        kept = await ledger.audits(AuditSearch())
    assert [entry.origin for entry in kept] == [known_as]


async def test_htmx_waits_for_its_extension(world: ConsoleWorld) -> None:
    """Scripts come in order and undeferred: htmx, begun too early, would hear of no change."""
    async with world.signed_in() as browser:
        page = (await browser.get("/console")).text
    scripts = re.findall(r"<script([^>]*) src=\"[^\"]*?(htmx|hx-sse|console)[^\"/]*\.js", page)
    assert scripts == [("", "htmx"), ("", "hx-sse"), ("", "console")]
