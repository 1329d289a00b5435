"""Headers that every answer carries, whoever gives it: for browsers that meet it as a page.

An answer that says something else about one of them is left as it is: a page knows better
what it loads and who may frame it. An error that nobody foresaw carries them as well.
"""

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
# Browsers heed it over https only: from then on, and for a year, they come no other way.
HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class SafeAnswers:
    """Adds the headers to what the application answers."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    kept.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, answer)


class SafeApplication(Starlette):
    """An application outside of which nothing answers, not even its own last resort.

    `public_url` is where it is reached; it is set before the first request.
    """

    public_url: str = ""

    def build_middleware_stack(self) -> ASGIApp:
        only = HTTPS_ONLY if self.public_url.startswith("https://") else {}
        return SafeAnswers(super().build_middleware_stack(), {**HEADERS, **only})
