"""The console's list of refunds as a browser gets it, from the cookie to the last byte.

Owns the browser of the benchmark: somebody who is signed in, and his questions over HTTP.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from pef_adapters.core.access import Grant, Place, Role
from pef_adapters.engine.gate.sessions import new_session
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import User
from pef_adapters.server.app import create_app

_ADDRESS = "https://refunds.example"
_LIST = "/console/refunds"
_COOKIE = "__Host-pef"

ListPage = Callable[[], Awaitable[object]]


@asynccontextmanager
async def list_page(ports: Ports, who: str, place: Place) -> AsyncIterator[ListPage]:
    """Asks for the first page of the list, as an owner of this place."""
    token = await _sign_in(ports, who, place)
    transport = httpx.ASGITransport(app=create_app(ports, _ADDRESS))
    async with httpx.AsyncClient(transport=transport, base_url=_ADDRESS) as browser:
        browser.headers["cookie"] = f"{_COOKIE}={token}"

        async def asked() -> object:
            answer = await browser.get(_LIST)
            if answer.status_code != httpx.codes.OK or "</table>" not in answer.text:
                raise RuntimeError(f"the console answered {answer.status_code} without a list")
            return answer

        yield asked


async def _sign_in(ports: Ports, who: str, place: Place) -> str:
    now = ports.clock.now()
    user = User(
        id=who,
        email=f"{who}@example.pe",
        name=who,
        language="en",
        grants=(Grant(Role.OWNER, place),),
        created_by="bench",
        created_at=now,
    )
    begun = new_session(user.email, now, origin="", device="bench", user_id=user.id)
    async with ports.book.begin() as ledger:
        await ledger.add_user(user)
        await ledger.add_session(begun.session)
    return begun.token
