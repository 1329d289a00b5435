"""Who looks at a page: a browser of which nothing is known, or somebody who signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from pef_adapters.core import texts
from pef_adapters.core.access import Actor
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Session, User
from pef_adapters.server.console import cookies
from pef_adapters.server.origins import origin_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who need not be signed in; of fields the last value counts."""

    request: Request
    ports: Ports
    language: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def origin(self) -> str:
        """The network address that asks."""
        return origin_of(self.request)

    @property
    def device(self) -> str:
        """What the browser calls itself."""
        return self.request.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(Visit):
    """One request of somebody who signed in; `user` is None for whom a platform proved."""

    actor: Actor
    session: Session
    user: User | None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def language_of(request: Request, user: User | None = None) -> str:
    """What was chosen in this browser, by this person, or what the browser asks for."""
    if chosen := cookies.chosen_language(request):
        return chosen
    if user is not None and user.language in texts.LANGUAGES:
        return user.language
    for part in request.headers.get("accept-language", "").split(","):
        tag = part.partition(";")[0].strip().lower().partition("-")[0]
        if tag in cookies.LANGUAGES:
            return cookies.LANGUAGES[tag]
    return texts.DEFAULT_LANGUAGE
