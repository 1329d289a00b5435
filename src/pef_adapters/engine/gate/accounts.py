"""Merchant accounts, as far as an actor may see them and keep their days. No key leaves here."""

from dataclasses import dataclass
from datetime import date, datetime

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.policy import Mode
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import accounts_of, pass_to_account
from pef_adapters.engine.gate.users_grants import of_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Account, StoreHead
from pef_adapters.engine.upkeep import renew_account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account without its keys. The days are the last good ones; None: not recorded."""

    id: str
    mode: Mode
    base_url: str
    service_id: str
    keys_until: date | None
    documents_until: date | None
    created_at: datetime
    stores: tuple[StoreHead, ...]


async def list_accounts(ports: Ports, actor: Actor) -> list[AccountView]:
    """Every account in all of whose stores he may see, oldest first."""
    async with ports.book.begin() as ledger:
        heads = await ledger.store_heads()
        found = await accounts_of(ledger, actor, Permission.SEE_STORES)
    return [_view(account, heads) for account in found]


async def see(ports: Ports, actor: Actor, account_id: str) -> AccountView:
    """One account.

    Raises:
        NotThere: no such account, or one with a store that he may not see.
    """
    async with ports.book.begin() as ledger:
        account = await pass_to_account(ledger, actor, Permission.SEE_STORES, account_id)
        return _view(account, await ledger.store_heads())


async def renew(
    ports: Ports,
    actor: Actor,
    account_id: str,
    *,
    documents_until: date | None,
    keys_until: date | None,
) -> AccountView:
    """Record until when documents and keys are good (`upkeep.renew_account`).

    Raises:
        NotThere, NotAllowed: as for every account.
    """
    deed = Deed(what="renew_account", subject=f"account/{account_id}")
    before = await see(ports, actor, account_id)
    async with ports.book.begin() as ledger:
        await of_account(ledger, deed, account_id)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.EDIT_ACCOUNTS, account_id)
    async with audited(ports, actor, deed):
        await renew_account(ports, account_id, kyc_until=documents_until, keys_until=keys_until)
        after = await see(ports, actor, account_id)
        deed.detail.update(before=_days(before), after=_days(after))
        return after


def _days(view: AccountView) -> dict[str, str]:
    days = {"documents_until": view.documents_until, "keys_until": view.keys_until}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _view(account: Account, heads: list[StoreHead]) -> AccountView:
    return AccountView(
        id=account.id,
        mode=account.mode,
        base_url=account.base_url,
        service_id=account.service_id,
        keys_until=_day(account, "keys_until"),
        documents_until=_day(account, "kyc_until"),
        created_at=account.created_at,
        stores=tuple(head for head in heads if head.account_id == account.id),
    )


def _day(account: Account, name: str) -> date | None:
    kept = account.settings.get(name)
    return date.fromisoformat(kept) if kept else None
