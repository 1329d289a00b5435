"""What each answer of each address carries, whoever asks and whatever for; and what TLS takes."""

import re
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine_world import World
from pef_adapters.platforms import http
from pef_adapters.runtime import InstalledPlatforms
from pef_adapters.server.app import create_app, create_certificate_app
from pef_adapters.server.mutual_tls import Certificates
from pef_adapters.server.safe_answers import SafeApplication

HERE = "https://refunds.example"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# An extension calls it from an origin of Shopify's; without a session's token it tells nothing.
FROM_ANYWHERE = "/apps/shopify/orders/x"
NEVER = ("server", "x-powered-by", "set-cookie2", "access-control-allow-credentials")


@pytest.fixture(scope="module")
async def answers() -> dict[str, httpx.Response]:
    """What every address answers to every method, from somebody of whom nothing is known."""
    world = await World().open()
    ports = replace(world.ports, platforms=InstalledPlatforms(), public_url=HERE)
    found: dict[str, httpx.Response] = {}
    for name, app in (
        ("", create_app(ports, HERE)),
        ("by certificate ", create_certificate_app(ports)),
    ):
        async for asked, answer in _asked(app):
            found[f"{name}{asked}"] = answer
    return found


async def _asked(app: Starlette) -> AsyncIterator[tuple[str, httpx.Response]]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        for path in dict.fromkeys(_paths(app)):
            for method in METHODS:
                answer = await client.request(method, path, content=b"{")
                yield f"{method} {path}", answer


def _paths(app: Starlette) -> Iterator[str]:
    for route in app.routes:
        assert isinstance(route, Route)
        yield re.sub(r"\{\w+:int\}", "7", re.sub(r"\{\w+(:path)?\}", "x", route.path))
    yield "/nowhere"
    yield "/"


def _guilty(answers: dict[str, httpx.Response], header: str, wanted: str) -> list[str]:
    return [asked for asked, each in answers.items() if wanted not in each.headers.get(header, "")]


def test_every_address_was_asked(answers: dict[str, httpx.Response]) -> None:
    """The walk means something: hundreds of answers, good ones and refusals of each kind."""
    assert len(answers) > 500
    assert {200, 303, 400, 401, 404, 405} <= {each.status_code for each in answers.values()}


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "frame-ancestors"),
        ("content-security-policy", "base-uri 'none'"),
    ],
)
def test_every_answer_locks_itself_up(
    answers: dict[str, httpx.Response], header: str, wanted: str
) -> None:
    """Answers, refusals, redirects, and what no route knows: each says it to the browser."""
    assert _guilty(answers, header, wanted) == []


def test_no_answer_loads_plugins_or_everything(answers: dict[str, httpx.Response]) -> None:
    """Each page's policy shuts out objects, and names whence its scripts come."""
    for asked, each in answers.items():
        policy = each.headers["content-security-policy"]
        assert "default-src 'none'" in policy or "object-src 'none'" in policy, asked
        assert "unsafe-" not in policy, asked
        assert " *" not in policy, asked


def test_nothing_is_kept_by_caches_but_what_is_everybodys(
    answers: dict[str, httpx.Response],
) -> None:
    """Only files without anybody's data may be kept."""
    kept = {
        asked for asked, each in answers.items() if "no-store" not in each.headers["cache-control"]
    }
    assert {asked.split()[1] for asked in kept} <= {"/apps/shopify/page.js"}


def test_each_body_says_what_it_is(answers: dict[str, httpx.Response]) -> None:
    """Text names its charset; what is no text is JSON."""
    for asked, each in answers.items():
        if not each.content or each.request.method == "HEAD":
            continue
        told = each.headers["content-type"]
        assert told == "application/json" or "; charset=utf-8" in told, asked
        if told == "application/json":
            each.json()


def test_no_other_origin_is_let_in(answers: dict[str, httpx.Response]) -> None:
    """One address alone may be read from elsewhere, and never with a browser's cookies."""
    open_ones = {a for a, each in answers.items() if "access-control-allow-origin" in each.headers}
    assert {asked.split()[1] for asked in open_ones} == {FROM_ANYWHERE}
    for asked, each in answers.items():
        assert [name for name in NEVER if name in each.headers] == [], asked


def test_trace_is_served_nowhere(answers: dict[str, httpx.Response]) -> None:
    """No address sends back what came, whatever it is."""
    traced = [each for asked, each in answers.items() if "TRACE " in asked]
    assert {each.status_code for each in traced} <= {404, 405}


async def test_an_unforeseen_error_is_locked_up_too() -> None:
    """The last resort says nothing of what happened, with the same headers."""

    async def stumble(_: Request) -> Response:
        raise RuntimeError("canaryOfAnError")

    app = SafeApplication(routes=[Route("/stumble", stumble)])
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        answer = await client.get("/stumble")
    assert (answer.status_code, "canary" in answer.text) == (500, False)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers


def test_our_listener_speaks_no_old_tls(tmp_path: Path) -> None:
    """TLS 1.2 at least, whatever the system's OpenSSL still knows; a client's certificate first."""
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "own.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    files = Certificates(tmp_path / "own.pem", tmp_path / "key.pem", tmp_path / "ca.pem")
    context = files.open()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    weak = re.compile("NULL|RC4|3DES|MD5|EXPORT|anon", re.IGNORECASE)
    assert [each["name"] for each in context.get_ciphers() if weak.search(each["name"])] == []


def test_our_client_speaks_no_old_tls() -> None:
    """What we call outside is verified, by name as well, and by TLS 1.2 at least."""
    context = http._tls(None, None)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
