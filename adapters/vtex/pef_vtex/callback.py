"""Tells VTEX's gateway how a payment ended: one POST to the address it gave (section 4).

The address is used exactly as it came, with the signature in it, and the keys are those of
our own partner account. They go to VTEX's payment hosts only: whoever holds a merchant's
pair could otherwise name any address and be sent them.
"""

from typing import Final

import httpx

from pef_adapters.core.errors import PlatformRefused
from pef_adapters.platforms.asked import Checkout
from pef_adapters.platforms.contract import StoreConnection
from pef_adapters.platforms.http import private_stores_allowed
from pef_vtex.client import open_api, reading_settings
from pef_vtex.protocol.payments import CALLBACK
from pef_vtex.settings import Settings, secrets_of, settings_of
from pef_vtex.wire import PaymentSaid

# Where only VTEX answers; under its other domains merchants serve pages of their own.
_GATEWAYS: Final = (".vtexpayments.com.br", ".vtexpayments.com")


async def tell(checkout: Checkout, said: PaymentSaid, store: StoreConnection) -> None:
    """Post it.

    Raises:
        PlatformError: not surely told.
    """
    address = checkout.private.get(CALLBACK, "")
    with reading_settings():
        settings, secrets = settings_of(store), secrets_of(store)
    _require_gateway(address, settings)
    if not secrets.has_partner_pair:
        raise PlatformRefused(
            "VTEX can't be told that a payment ended: give the connector's own partner keys"
        )
    pair = (
        secrets.partner_app_key.get_secret_value(),
        secrets.partner_app_token.get_secret_value(),
    )
    async with open_api(pair, secret_address=address) as api:
        await api.post(address, said.as_json())


def _require_gateway(address: str, settings: Settings) -> None:
    """Nothing, where the address may be sent our keys.

    Raises:
        PlatformRefused: it may not.
    """
    try:
        url = httpx.URL(address)
        host, place = url.host, url.netloc.decode()
    except (httpx.InvalidURL, UnicodeError):
        raise PlatformRefused("the gateway gave no address that can be called back") from None
    # Plain http is for a gateway in one's own network, and for nothing else.
    is_safe = url.scheme == "https" or private_stores_allowed()
    own = (*settings.callback_hosts, httpx.URL(settings.payments).netloc.decode())
    if is_safe and (place in own or host.endswith(_GATEWAYS)):
        return
    raise PlatformRefused(
        f"the callback leads to {place}, which is no payment host of VTEX; name it in the "
        "setting callback_hosts if it is"
    )
