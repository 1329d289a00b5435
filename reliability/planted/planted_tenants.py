"""Mistakes between merchants, and secrets where none may stand."""

from typing import Any
from unittest.mock import patch

import structlog

from pef_adapters.engine import beneficiary
from pef_adapters.engine.records import Account
from pef_adapters.pagoefectivo.auth import Authorizer
from pef_adapters.pagoefectivo.rail import PagoEfectivoRail, PagoEfectivoRails
from planted_kit import Patches, everywhere, mistake

_log = structlog.get_logger(__name__)


@mistake(known="module-level API clients in plugins that later serve several shops")
def first_merchants_rail() -> Patches:
    """The rail's client is made for the first merchant and used for all."""
    build = PagoEfectivoRails.of

    def of(self: Any, account: Account) -> PagoEfectivoRail:
        first = next(iter(self._rails.values()), None)
        return first or build(self, account)

    return [patch.object(PagoEfectivoRails, "of", of)]


@mistake(known="token caches without the tenant in their key")
def shared_token() -> Patches:
    """The rail's token is kept in one place for all merchants."""
    token, forget, shared = Authorizer.token, Authorizer.forget, list[str]()

    async def cached(self: Authorizer) -> str:
        if not shared:
            shared.append(await token(self))
        return shared[0]

    def dropped(self: Authorizer, refused: str) -> None:
        shared.clear()
        forget(self, refused)

    return [
        patch.object(Authorizer, "token", cached),
        patch.object(Authorizer, "forget", dropped),
    ]


@mistake(known="'log the whole settings object' while somebody looks for a fault")
def keys_in_the_log() -> Patches:
    """A log line that should help shows the merchant's keys."""
    build = PagoEfectivoRails._build

    def told(self: Any, account: Account) -> PagoEfectivoRail:
        _log.info("rail_made", account=account.id, settings=dict(account.secrets))
        return build(self, account)

    return [patch.object(PagoEfectivoRails, "_build", told)]


@mistake(known="form handlers that log what was posted")
def account_in_the_log() -> Patches:
    """A log line shows the buyer's whole bank account."""
    read = beneficiary.read_details

    def told(fields: Any, **settings: Any) -> Any:
        _log.info("details_given", fields=dict(fields))
        return read(fields, **settings)

    return everywhere(read, told)
