"""The configuration routes: what VTEX's admin asks for to link a store up by itself.

`/authorization/token` begins it, `/authorization/redirect` is a page for the owner, and
`/authorization/credentials` hands the pair over, once (platforms/vtex.md, section 1).
Only what the protocol says stands here; codes and their one use are the engine's.
"""

from typing import Final
from urllib.parse import urlsplit

from pef_adapters.platforms.contract import StoreConnection
from pef_vtex import exact_json
from pef_vtex.settings import secrets_of, settings_of
from pef_vtex.wire import TokenBody

MAX_BODY_BYTES: Final = 10_000
# Where an account's own admin and gateway are; "{account}" is the first word of the host.
_ADMINS: Final = ("vtexpayments.com.br", "vtexcommercestable.com.br", "myvtex.com")


def read_token_request(body: bytes) -> TokenBody:
    """What VTEX sends to begin.

    Raises:
        BodyUnreadable: not JSON, or without an application and an https address.
    """
    return TokenBody.parse(body)


def token_answer(application_id: str, token: str) -> bytes:
    """The answer to `/authorization/token`."""
    return exact_json.write({"applicationId": application_id, "token": token})


def leads_home(return_url: str, store: StoreConnection) -> bool:
    """Whether the owner's browser may carry this store's code there.

    Anybody may begin a link-up and name any address, so only the store's own will do: else
    a stranger could have an owner type the code and be sent the pair.
    """
    url, settings = urlsplit(return_url), settings_of(store)
    own = {f"{settings.account}.{domain}" for domain in _ADMINS}
    own |= {urlsplit(store.address).netloc.lower(), *settings.return_hosts}
    is_own = url.netloc.lower() in own
    return is_own and (url.scheme == "https" or url.scheme == urlsplit(store.address).scheme)


def credentials_answer(application_id: str, store: StoreConnection) -> bytes:
    """The answer to `/authorization/credentials`: the pair that VTEX will call us with."""
    return exact_json.write(
        {
            "applicationId": application_id,
            "appKey": store.store_id,
            "appToken": secrets_of(store).app_token.get_secret_value(),
        }
    )
