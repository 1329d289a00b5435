"""Sign in by a store's platform: who was proved there as one of the store's people.

He gets an owner's powers in that store and nowhere else, but for those over people. The way
over is a one-time address that is good for two minutes; of its token only a hash is kept.
"""

import hashlib
import json
import secrets
from datetime import timedelta

from pef_adapters.core.access import (
    ROLES,
    Actor,
    ActorKind,
    Permission,
    Power,
    Role,
    store_place,
)
from pef_adapters.core.errors import SignInLinkRefused
from pef_adapters.engine.departures import has_left
from pef_adapters.engine.gate.auditing import Deed, audited
from pef_adapters.engine.gate.sessions import SignedIn, new_session
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store

ENTRY_LASTS = timedelta(minutes=2)
# Whoever may open the app at the platform could else invite a second self to approve.
_OWNERS_ALONE = ROLES[Role.OWNER] - {Permission.EDIT_PEOPLE}
PATH = "/console/enter/"
"""Where the one-time address leads; the token follows."""


async def entry_address(ports: Ports, store: Store, name: str) -> str:
    """A one-time address for who was just proved as `name`, such as "shopify/42"."""
    token = secrets.token_urlsafe(32)
    promise = json.dumps({"store": store.id, "platform": store.platform, "name": name})
    async with ports.book.begin() as ledger:
        until = ports.clock.now() + ENTRY_LASTS
        await ledger.add_invitation(_key(token), promise, until)
    return f"{ports.public_url}{PATH}{token}"


async def enter(ports: Ports, token: str, *, origin: str, device: str) -> SignedIn:
    """Use a one-time address.

    Raises:
        SignInLinkRefused: unknown, used or expired, or the store has left meanwhile.
    """
    async with ports.book.begin() as ledger:
        kept = await ledger.take_invitation(_key(token), ports.clock.now())
        promise = json.loads(kept) if kept else {}
        store = await ledger.store(promise["store"]) if promise else None
    if store is None or store.platform != promise["platform"] or has_left(store):
        raise SignInLinkRefused
    return await enter_store(ports, store, promise["name"], origin=origin, device=device)


async def enter_store(
    ports: Ports, store: Store, name: str, *, origin: str, device: str
) -> SignedIn:
    """Begin a session with an owner's powers in this store; whoever calls has proved `name`."""
    power = Power(store_place(store.id), _OWNERS_ALONE)
    actor = Actor(name, ActorKind.PERSON, (power,), origin=origin)
    deed = Deed(what="enter_store", subject=f"store/{store.id}", store_id=store.id)
    now = ports.clock.now()
    signed_in = new_session(name, now, origin=origin, device=device, powers=(power,))
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        await ledger.add_session(signed_in.session)
    return signed_in


def _key(token: str) -> str:
    # No token that comes in as text begins with this byte.
    return hashlib.sha256(b"\xfb" + token.encode(errors="surrogatepass")).hexdigest()
