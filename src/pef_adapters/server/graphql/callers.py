"""Finds out who calls: a program by its token, or a person by the console's session."""

from functools import partial
from hmac import compare_digest
from typing import Final

from starlette.requests import Request

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import FormStale, NotSignedIn
from pef_adapters.engine.gate import sign_in, tokens
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import User
from pef_adapters.server.console import cookies
from pef_adapters.server.console.visits import language_of
from pef_adapters.server.graphql.context import Context
from pef_adapters.server.origins import origin_of

_SCHEME: Final = "bearer"


async def context_of(request: Request) -> Context:
    """The context of a call.

    Raises:
        NotSignedIn: no good token and no session.
        FormStale: a session's call without the session's secret in `X-CSRF`.
        TooManyTries: too many wrong tokens from this origin.
    """
    ports: Ports = request.app.state.ports
    header = request.headers.get("authorization")
    if header is not None:
        again = partial(_program, ports, header, origin_of(request))
        actor, user = await again(), None
    else:
        actor, user = await _person(request)
        again = partial(_same_person, request)
    return Context(ports, actor, language_of(request, user), again, request.app.state.newsroom)


async def _program(ports: Ports, header: str, origin: str) -> Actor:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != _SCHEME:
        raise NotSignedIn("send the token as `Authorization: Bearer pef_…`")
    return await tokens.actor_by_token(ports, token.strip(), origin=origin)


async def _person(request: Request) -> tuple[Actor, User | None]:
    ports, token = request.app.state.ports, cookies.session_token(request)
    actor, session, user = await sign_in.actor_of(ports, token, origin=origin_of(request))
    sent = request.headers.get("x-csrf", "").encode(errors="replace")
    if not compare_digest(sent, session.csrf.encode()):
        raise FormStale("send the session's secret in the header X-CSRF")
    return actor, user


async def _same_person(request: Request) -> Actor:
    actor, _ = await _person(request)
    return actor
