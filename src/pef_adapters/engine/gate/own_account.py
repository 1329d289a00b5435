"""What a person sees and changes of the own account beside the sign-in: sessions, language.

Nobody reaches another's sessions here, whatever he may do elsewhere.
"""

from dataclasses import replace

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import NotAllowed, NotThere, SettingInvalid
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Session

_ID_LETTERS = 16


def session_id(session: Session) -> str:
    """The name by which its person may end a session; it opens nothing."""
    return session.token_sha256[:_ID_LETTERS]


async def own_sessions(ports: Ports, actor: Actor) -> list[Session]:
    """The person's sessions that still count, newest first; none of whom a platform proved."""
    if not actor.user_id:
        return []
    now = ports.clock.now()
    async with ports.book.begin() as ledger:
        kept = await ledger.sessions_of(actor.user_id)
    return [session for session in kept if session.expires_at > now]


async def end_own_session(ports: Ports, actor: Actor, wanted: str) -> None:
    """End one of the own sessions, by its `session_id`.

    Raises:
        NotThere: none of his has this name.
    """
    deed = Deed(what="end_session", subject=f"user/{actor.name}")
    found = [each for each in await own_sessions(ports, actor) if session_id(each) == wanted]
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        if not found:
            raise NotThere("there is no such session; it may have ended already")
        await ledger.end_session(found[0].token_sha256)


async def choose_language(ports: Ports, actor: Actor, language: str) -> None:
    """The language in which the console speaks to this person.

    Raises:
        SettingInvalid: it is none of ours.
        NotAllowed: it is no person of ours.
    """
    if language not in LANGUAGES:
        raise SettingInvalid(f"choose one of the languages {', '.join(LANGUAGES)}")
    deed = Deed(what="choose_language", subject=f"user/{actor.name}")
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        user = await ledger.lock_user(actor.user_id) if actor.user_id else None
        if user is None:
            raise NotAllowed
        await ledger.save_user(replace(user, language=language))
