"""Who asks: which app a store's calls are signed by, and which store a session proves.

A store that is not there looks like one whose session is wrong, or whose data is missing.
"""

from starlette.requests import Request

from pef_adapters.core.errors import NotThere
from pef_adapters.core.policy import Mode
from pef_adapters.core.texts import DEFAULT_LANGUAGE
from pef_adapters.engine import installs
from pef_adapters.engine.onboarding import store_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.stores import Secrets, StoreConnection
from pef_shopify.app import AppSettings, app_of, read_app_settings
from pef_shopify.install import APP, app_for, shop_domain
from pef_shopify.session import Session, claimed_shop, read_session

_BEARER = "bearer "


def address_of(shop: str) -> str:
    """The address by which a shop is connected: its own at Shopify."""
    return f"https://{shop}"


def shop_in(request: Request) -> str:
    """The shop in the address; proves nothing.

    Raises:
        SettingInvalid: there is none.
    """
    return shop_domain(request.query_params.get("shop", ""))


async def app_at(ports: Ports, platform: str, shop: str) -> AppSettings:
    """The app that a shop installs or has installed: its own, or this process's.

    Raises:
        SettingInvalid: a PEF_SHOPIFY_ variable can't be used.
    """
    try:
        kept = await installs.expected(ports, platform, address_of(shop))
    except NotThere:
        kept = {}
    app = app_of(_as_connection(platform, shop, kept))
    return app if kept.get("client_id") else app_for(platform, app)


async def session_in(request: Request) -> tuple[Session, Store, AppSettings]:
    """The caller of a data call, by its session token, and its store.

    Raises:
        SignatureMissing, SignatureInvalid: no session of our app.
        NotThere: the store is not connected.
    """
    ports: Ports = request.app.state.ports
    token = _bearer(request)
    store = await store_at(ports, claimed_shop(token))
    app = app_of(connection(ports, store)) if store else read_app_settings()
    session = read_session(token, app, ports.clock.now())
    if store is None:
        raise NotThere("this store is not connected")
    return session, store, app


async def store_at(ports: Ports, shop: str) -> Store | None:
    """The connected store of a shop, if our page is for it."""
    async with ports.book.begin() as ledger:
        store = await ledger.store(store_id(address_of(shop)))
    if store is None or (store.platform, store.identity) != (APP, address_of(shop)):
        return None
    return store


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""


def _as_connection(platform: str, shop: str, secrets: Secrets) -> StoreConnection:
    """As much of a store as names its app; it may not be kept yet."""
    return StoreConnection(
        store_id=store_id(address_of(shop)),
        platform=platform,
        address=address_of(shop),
        mode=Mode.LIVE,
        language=DEFAULT_LANGUAGE,
        callback_url="",
        secrets=secrets,
    )
