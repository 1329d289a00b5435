"""`/connect/shopify/…`: a store's owner installs our app from a link, and comes back.

Shopify signs the way back, and the one-time state in it must be ours. A link that nobody
signed leads to Shopify's page for any shop, so that nobody learns which ones are ours.
"""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pef_adapters.core.errors import NotThere
from pef_adapters.engine import installs
from pef_adapters.engine.ports import Ports
from pef_adapters.platforms.stores import Secrets
from pef_adapters.server.shopify.callers import address_of, app_at, shop_in
from pef_shopify.install import app_page, authorize_url, is_signed, read_query, read_return
from pef_shopify.tokens import exchange_code


async def install(request: Request) -> Response:
    """`GET /connect/{platform}/install?shop=…`: to where the owner approves.

    Raises:
        SettingInvalid: no shop, or our app is not set up.
        SignatureInvalid: it claims to be signed by Shopify, and is not.
        NotThere: Shopify sent it, but the store was not prepared.
    """
    ports: Ports = request.app.state.ports
    platform, shop = _platform(request), shop_in(request)
    app = await app_at(ports, platform, shop)
    signed = is_signed(request.url.query)
    if signed:
        read_query(request.url.query, app, ports.clock.now())
    try:
        state = await installs.begin(ports, platform, address_of(shop))
    except NotThere:
        if signed:
            raise
        state = secrets.token_urlsafe(32)  # it leads nowhere
    return_url = f"{request.app.state.public_url}/connect/{platform}/callback"
    url = authorize_url(app, shop, platform=platform, state=state, return_url=return_url)
    return RedirectResponse(url, headers=_UNKEPT)


async def callback(request: Request) -> Response:
    """`GET /connect/{platform}/callback`: the owner approved; keep the store, go to the app.

    Raises:
        SignatureMissing, SignatureInvalid: Shopify did not send this, or long ago.
        NotThere, SourceMismatch: not an installation that was begun here.
        PlatformError: Shopify gave no tokens.
    """
    ports: Ports = request.app.state.ports
    platform, shop = _platform(request), shop_in(request)
    app = await app_at(ports, platform, shop)
    approved = read_return(request.url.query, app, ports.clock.now())
    address = address_of(approved.shop)

    async def obtain() -> Secrets:
        now = ports.clock.now()
        return await exchange_code(app, address, approved.code, now, platform=platform)

    await installs.finish(ports, platform, address, approved.state, obtain)
    return RedirectResponse(app_page(app, approved.shop, platform=platform), headers=_UNKEPT)


_UNKEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _platform(request: Request) -> str:
    """The first part after /connect/: each of our two apps has addresses of its own."""
    return request.url.path.split("/")[2]
