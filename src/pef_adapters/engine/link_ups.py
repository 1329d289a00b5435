"""Link a store up from its platform's own admin, by way of the owner's browser.

Three steps that share no cookie and no session. The platform begins, and is given a signed
token that carries where the browser has to return. The owner types the store's one-time
code on our page, and the browser takes a new one-time code back. The platform changes that
one for the store's keys. Only hashes of the two codes are kept; whoever brings no good one
learns nothing.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pef_adapters.core.errors import LinkExpired, LinkTampered, NotThere, SourceMismatch
from pef_adapters.engine.known import known_store
from pef_adapters.engine.one_time_codes import key_of, new_code
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Store

# The owner has to get from a terminal to the platform's admin.
CODE_LASTS: Final = timedelta(hours=24)
TOKEN_LASTS: Final = timedelta(hours=1)
AUTHORIZATION_LASTS: Final = timedelta(minutes=10)
# No id in a buyer's link holds a "~", so neither kind of token passes for the other.
_MARK: Final = "link-up~"
_TYPED: Final = "link-up"


@dataclass(frozen=True, slots=True)
class LinkUp:
    """What a platform began: where the owner's browser returns to, until when."""

    platform: str
    application_id: str
    return_url: str
    until: str


async def offer_code(ports: Ports, store_id: str) -> str:
    """A one-time code for the store's owner to type in: XXXX-XXXX-XXXX.

    Raises:
        NotThere: no such store.
    """
    code = new_code()
    async with ports.book.begin() as ledger:
        store = await known_store(ledger, store_id)
        await _invite(ports, ledger, key_of(_TYPED, code), store, CODE_LASTS)
    return code


def begin(ports: Ports, platform: str, application_id: str, return_url: str) -> str:
    """The token by which the owner's browser is recognised; it is kept nowhere."""
    until = (ports.clock.now() + TOKEN_LASTS).isoformat()
    begun = asdict(LinkUp(platform, application_id, return_url, until))
    packed = urlsafe_b64encode(json.dumps(begun).encode()).decode().rstrip("=")
    return ports.links.token(_MARK + packed)


def begun(ports: Ports, platform: str, token: str) -> LinkUp:
    """What a token carries.

    Raises:
        LinkTampered: it was never made here, or for another platform.
        LinkExpired: its time is over.
    """
    mark, _, packed = ports.links.read(token).partition("~")
    if f"{mark}~" != _MARK:
        raise LinkTampered
    link_up = LinkUp(**json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))
    if link_up.platform != platform:
        raise LinkTampered
    if datetime.fromisoformat(link_up.until).astimezone(UTC) < ports.clock.now():
        raise LinkExpired
    return link_up


async def authorize(
    ports: Ports, platform: str, code: str, is_home: Callable[[Store], bool]
) -> str:
    """Change the code that an owner typed for the one that the browser takes back.

    `is_home` says whether the browser returns to this very store's platform.

    Raises:
        NotThere: the code is unknown, used or expired.
        SourceMismatch: it is another store's; it stays good.
    """
    authorization = secrets.token_urlsafe(32)
    async with ports.book.begin() as ledger:
        store = await _take(ports, ledger, key_of(_TYPED, code), platform)
        if not is_home(store):
            raise SourceMismatch("the code belongs to another store than the browser returns to")
        await _invite(ports, ledger, _sha256(authorization), store, AUTHORIZATION_LASTS)
    return authorization


async def collect(ports: Ports, platform: str, authorization: str) -> Store:
    """The store whose keys the platform may have, once.

    Raises:
        NotThere: the code is unknown, used or expired.
    """
    async with ports.book.begin() as ledger:
        return await _take(ports, ledger, _sha256(authorization), platform)


async def _invite(
    ports: Ports, ledger: Ledger, code_sha256: str, store: Store, lasts: timedelta
) -> None:
    payload = json.dumps({"store": store.id})
    await ledger.add_invitation(code_sha256, payload, ports.clock.now() + lasts)


async def _take(ports: Ports, ledger: Ledger, code_sha256: str, platform: str) -> Store:
    payload = await ledger.take_invitation(code_sha256, ports.clock.now())
    if payload is None:
        raise NotThere("this code is unknown, used or expired; ask for a new one")
    store = await known_store(ledger, json.loads(payload)["store"])
    if store.platform != platform:
        raise NotThere("this code is unknown, used or expired; ask for a new one")
    return store


def _sha256(authorization: str) -> str:
    """What the browser takes back is good for this step only."""
    return hashlib.sha256(f"link-up/authorized/{authorization}".encode()).hexdigest()
