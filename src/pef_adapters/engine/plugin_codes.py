"""One-time codes by which a store's own plugin connects it.

Whoever runs this service says beforehand which account pays; the owner types the code
into the plugin, which brings the store's address and settings. Until the store's keys
arrive the code can be tried again, because an approval can be cancelled.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from pef_adapters.core.errors import NotThere
from pef_adapters.core.policy import Mode
from pef_adapters.engine.departures import CONNECTED_AT
from pef_adapters.engine.known import known_account
from pef_adapters.engine.onboarding import StoreRequest, canonical_address, invite, store_id
from pef_adapters.engine.one_time_codes import key_of, new_code
from pef_adapters.engine.ports import Ledger, Ports

CODE_LASTS = timedelta(hours=24)
_PURPOSE = "plugin"


async def offer(ports: Ports, request: StoreRequest) -> str:
    """A code for the owner of this store: XXXX-XXXX-XXXX, good for 24 hours.

    Raises:
        NotThere: no such merchant account.
        SettingInvalid: the address can't be used.
    """
    code = new_code()
    request = replace(request, address=canonical_address(request.address))
    async with ports.book.begin() as ledger:
        await known_account(ledger, request.account_id)
        await _keep(ledger, code, request, ports.clock.now() + CODE_LASTS)
    return code


async def begin(
    ports: Ports,
    code: str,
    address: str,
    *,
    settings: Mapping[str, Any],
    return_url: str,
    public_url: str,
) -> str:
    """The address where the store's owner approves our keys.

    Raises:
        NotThere: the code is unknown, used or expired, or was made for another store.
        SettingInvalid: the store would refuse these addresses.
    """
    async with ports.book.begin() as ledger:
        kept = await ledger.take_invitation(key_of(_PURPOSE, code), ports.clock.now())
        if kept is None:
            raise NotThere("this code is unknown or expired; ask for a new one")
        until = datetime.fromisoformat(json.loads(kept)["until"])
        request = _request(json.loads(kept)["request"])
        used = await _is_used(ledger, request, until - CODE_LASTS)
        await _keep(ledger, code, request, until)
    if used:
        raise NotThere("this code was used to connect its store; ask for a new one")
    if canonical_address(address) != request.address:
        raise NotThere("this code was made for another store; ask for one for this address")
    wanted = replace(request, settings={**request.settings, **settings})
    return await invite(ports, wanted, public_url, return_url=return_url)


async def _is_used(ledger: Ledger, request: StoreRequest, made_at: datetime) -> bool:
    """Whether the store's keys have arrived since the code was made."""
    store = await ledger.store(store_id(request.address))
    connected = store.settings.get(CONNECTED_AT) if store else None
    return connected is not None and datetime.fromisoformat(connected) > made_at


async def _keep(ledger: Ledger, code: str, request: StoreRequest, until: datetime) -> None:
    given = {each.name: getattr(request, each.name) for each in fields(request)}
    payload = json.dumps({"request": given, "until": until.isoformat()}, default=dict)
    await ledger.add_invitation(key_of(_PURPOSE, code), payload, until)


def _request(given: Mapping[str, Any]) -> StoreRequest:
    mode = Mode(given["mode"]) if given["mode"] else None
    return StoreRequest(**{**given, "mode": mode})
