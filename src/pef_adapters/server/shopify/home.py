"""`/apps/shopify`: our page inside a store's admin.

Its first request carries a session token, or App Bridge fetches one and comes back with it.
Each opening renews the store's tokens: whatever became of them, to open the app mends it.
"""

from urllib.parse import urlencode, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pef_adapters.core.errors import (
    NotThere,
    PlatformError,
    SignatureInvalid,
    SignatureMissing,
    SourceMismatch,
)
from pef_adapters.engine import installs
from pef_adapters.engine.overview import store_overview
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.stores import Secrets
from pef_adapters.server.shopify.callers import address_of, app_at, shop_in, store_at
from pef_adapters.server.shopify.page import choose_language, main_page, opening_page
from pef_adapters.server.shopify.shown import overview_shown, settings_shown
from pef_shopify.app import AppSettings
from pef_shopify.install import APP
from pef_shopify.session import Session, is_over, read_session
from pef_shopify.tokens import exchange_session

_log = structlog.get_logger(__name__)

PATH = "/apps/shopify"
OPENING = f"{PATH}/opening"
_TOKEN, _RELOAD = "id_token", "shopify-reload"


async def show(request: Request) -> Response:
    """`GET /apps/shopify`: the store's refunds, what needs its owner, and its settings.

    Raises:
        SettingInvalid: the address names no shop.
        SignatureInvalid, SourceMismatch: a session of nobody, or of another shop.
        NotThere: the store was never prepared.
        PlatformError: a new store, and Shopify gave no tokens.
    """
    ports: Ports = request.app.state.ports
    shop, token = shop_in(request), request.query_params.get(_TOKEN, "")
    app = await app_at(ports, APP, shop)
    try:
        session = read_session(token, app, ports.clock.now())
    except (SignatureMissing, SignatureInvalid):
        if token and not is_over(token, app, ports.clock.now()):
            raise
        return _to_opening(request)
    if session.shop != shop:
        raise SourceMismatch("the session is another shop's")
    store, has_access = await _arrived(ports, app, session)
    return await _drawn(request, store, app, has_access=has_access)


async def open_session(request: Request) -> Response:
    """`GET /apps/shopify/opening`: where App Bridge gets a session token and goes back.

    Raises:
        SettingInvalid: the address names no shop.
        NotThere: it would lead to another page than ours.
    """
    ports: Ports = request.app.state.ports
    shop = shop_in(request)
    back = urlsplit(request.query_params.get(_RELOAD, ""))
    home = urlsplit(request.app.state.public_url + PATH)
    # App Bridge adds the token to that address: it must be nobody else's.
    if (back.scheme, back.netloc, back.path) != (home.scheme, home.netloc, home.path):
        raise NotThere("the page to go back to is not ours")
    app = await app_at(ports, APP, shop)
    return opening_page(shop, _language(request), app.client_id)


def _to_opening(request: Request) -> Response:
    given = [pair for pair in request.query_params.multi_items() if pair[0] != _TOKEN]
    back = f"{request.app.state.public_url}{PATH}?{urlencode(given)}"
    query = urlencode([*given, (_RELOAD, back)])
    return RedirectResponse(f"{OPENING}?{query}", headers={"Cache-Control": "no-store"})


async def _arrived(ports: Ports, app: AppSettings, session: Session) -> tuple[Store, bool]:
    """The store with new tokens; False where Shopify gave none and it lives on with its old."""
    address = address_of(session.shop)

    async def obtain() -> Secrets:
        return await exchange_session(app, address, session, ports.clock.now())

    try:
        return await installs.arrive(ports, APP, address, obtain), True
    except PlatformError as fault:
        store = await store_at(ports, session.shop)
        if store is None:
            raise
        _log.warning("tokens_not_renewed", store=store.id, detail=str(fault))
        return store, False


async def _drawn(request: Request, store: Store, app: AppSettings, *, has_access: bool) -> Response:
    ports: Ports = request.app.state.ports
    language = _language(request, store.language)
    overview = await store_overview(ports, store)
    return main_page(
        shop=shop_in(request),
        language=language,
        client_id=app.client_id,
        has_access=has_access,
        settings=settings_shown(connection(ports, store), app),
        **overview_shown(overview, language),
    )


def _language(request: Request, preferred: str = "") -> str:
    return choose_language(request.query_params.get("locale", ""), "", preferred)
