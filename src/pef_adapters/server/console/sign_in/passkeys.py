"""`/console/sign-in/passkey`: sign in with a passkey, which the browser finds by itself.

Both forms come from our own pages only, as the one with the password does.
"""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from pef_adapters.core.errors import SignInRefused, TooManyTries
from pef_adapters.engine.gate import passkeys
from pef_adapters.server.console.asking import SIGN_IN, Visit, guest_page, safe_path
from pef_adapters.server.console.drawing import drawn
from pef_adapters.server.console.sign_in.routes import TEMPLATE, seated

_PATH: Final = f"{SIGN_IN}/passkey"


@guest_page
async def offer(visit: Visit) -> Response:
    """What the browser is to sign, as JSON."""
    options = await passkeys.offer_sign_in(visit.ports, origin=visit.origin)
    return Response(options, media_type="application/json")


@guest_page
async def take(visit: Visit) -> Response:
    """Sign in, or say that it was refused."""
    wanted = safe_path(visit.form.get("next", ""))
    answer = visit.form.get("answer", "")
    try:
        begun = await passkeys.sign_in_by_passkey(
            visit.ports, answer, origin=visit.origin, device=visit.device
        )
    except (SignInRefused, TooManyTries) as refused:
        is_passkey = isinstance(refused, SignInRefused)
        problem = "console.passkey_refused" if is_passkey else refused.text_key
        facts = {"wanted": wanted, "email": "", "problem": problem}
        return drawn(visit, TEMPLATE, refused.http_status, **facts)
    return await seated(visit, begun, wanted)


ROUTES = [
    Route(f"{_PATH}/offer", offer, methods=["POST"]),
    Route(_PATH, take, methods=["POST"]),
]
