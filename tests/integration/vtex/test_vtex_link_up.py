"""VTEX's admin links a store up: token, the owner's code, and the pair handed over once."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pef_adapters.engine import link_ups
from pef_adapters.server.vtex.routes import ROUTES
from served import served
from vtex_road import STORE, VtexWorld
from vtex_samples import TOKEN, said_of

RETURN = "https://tiendamisti.myvtex.com/admin/provider-return?authorizationCode="
BASE = "/provider/vtex/authorization"


@dataclass(slots=True)
class Admin:
    """VTEX's admin and the owner's browser before our routes."""

    world: VtexWorld
    client: httpx.AsyncClient

    async def begin(self, return_url: str = RETURN) -> httpx.Response:
        body = {"applicationId": "vtex", "returnUrl": return_url}
        return await self.client.post(f"{BASE}/token", json=body)

    async def token(self, return_url: str = RETURN) -> str:
        return str((await self.begin(return_url)).json()["token"])

    async def opens(self, token: str, **more: Any) -> httpx.Response:
        params = {"applicationId": "vtex", "token": token}
        return await self.client.get(f"{BASE}/redirect", params=params, **more)

    async def types(self, token: str, code: str) -> httpx.Response:
        params = {"applicationId": "vtex", "token": token}
        return await self.client.post(f"{BASE}/redirect", params=params, data={"code": code})

    async def fetches(self, code: str) -> httpx.Response:
        params = {"applicationId": "vtex", "authorizationCode": code}
        return await self.client.get(f"{BASE}/credentials", params=params)


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    """A connected store, and nobody linked up so far."""
    world = await VtexWorld().open()
    app = Starlette(routes=ROUTES)
    app.state.ports = world.ports
    async with served(app) as home, httpx.AsyncClient(base_url=home, trust_env=False) as client:
        yield Admin(world, client)


def code_in(answer: httpx.Response) -> str:
    """The code that the browser takes back."""
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith(RETURN)
    return str(where.removeprefix(RETURN))


async def test_the_pair_is_handed_over_once(admin: Admin) -> None:
    """Every step once, in order; the answers are the specification's."""
    begun = await admin.begin()
    said_of(begun.json(), "/authorization/token", "post")
    token = begun.json()["token"]
    page = await admin.opens(token)
    assert (page.status_code, 'name="code"' in page.text) == (200, True)
    code = await link_ups.offer_code(admin.world.ports, STORE)
    back = code_in(await admin.types(token, code.lower().replace("-", " ")))
    handed = await admin.fetches(back)
    pair = said_of(handed.json(), "/authorization/credentials", "get")
    assert pair == {"applicationId": "vtex", "appKey": STORE, "appToken": TOKEN}
    assert handed.headers["cache-control"] == "no-store"
    assert (await admin.fetches(back)).status_code == 404
    assert (await admin.types(token, code)).status_code == 400


async def test_a_code_is_not_carried_to_another_account(admin: Admin) -> None:
    """Anybody may begin a link-up; the owner's code then stays good, and stays here."""
    code = await link_ups.offer_code(admin.world.ports, STORE)
    elsewhere = "https://evil.example/?authorizationCode="
    refused = await admin.types(await admin.token(elsewhere), code)
    assert (refused.status_code, "otra tienda" in refused.text) == (400, True)
    assert "location" not in refused.headers
    assert code_in(await admin.types(await admin.token(), code))


async def test_a_wrong_code_opens_nothing(admin: Admin) -> None:
    """Neither an invented code, nor one that was meant for another step."""
    token = await admin.token()
    assert (await admin.types(token, "0000-0000-0000")).status_code == 400
    assert (await admin.types(token, "")).status_code == 400
    typed = await link_ups.offer_code(admin.world.ports, STORE)
    assert (await admin.fetches(typed)).status_code == 404
    assert (await admin.fetches("")).status_code == 404
    assert TOKEN not in (await admin.fetches(typed)).text


async def test_codes_and_tokens_run_out(admin: Admin) -> None:
    """A day, an hour and ten minutes: what was forgotten opens nothing later."""
    token, code = await admin.token(), await link_ups.offer_code(admin.world.ports, STORE)
    back = code_in(await admin.types(token, code))
    admin.world.clock.advance(minutes=11)
    assert (await admin.fetches(back)).status_code == 404
    admin.world.clock.advance(minutes=50)
    assert (await admin.opens(token)).status_code == 410
    late = await link_ups.offer_code(admin.world.ports, STORE)
    admin.world.clock.advance(hours=25)
    assert (await admin.types(await admin.token(), late)).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "link-up~e30.AAAA", "a.b"])
async def test_a_page_without_vtexs_word_opens_nothing(admin: Admin, token: str) -> None:
    """The page says where to begin; nothing can be typed into it."""
    page = await admin.opens(token, headers={"Accept-Language": "en"})
    assert page.status_code == 404
    assert "Begin again" in page.text
    assert "<form" not in page.text


async def test_a_buyers_link_is_no_token(admin: Admin) -> None:
    """Both are signed by one key, and neither passes for the other."""
    _, link = admin.world.ports.links.new()
    assert (await admin.opens(link)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"applicationId":"vtex","returnUrl":"javascript:alert(1)"}',
        b'{"applicationId":"vtex","returnUrl":"https://a;script-src/?authorizationCode="}',
    ],
)
async def test_a_beginning_that_is_none_is_refused(admin: Admin, body: bytes) -> None:
    """VTEX must name an address to return to."""
    answer = await admin.client.post(f"{BASE}/token", content=body)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "BODY_UNREADABLE")


async def test_the_page_may_send_only_where_it_was_begun(admin: Admin) -> None:
    """No script, no frame, and no way out but back to VTEX."""
    page = await admin.opens(await admin.token(), headers={"Accept-Language": "es"})
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' https://tiendamisti.myvtex.com;" in policy
    assert "default-src 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert 'lang="es-PE"' in page.text
