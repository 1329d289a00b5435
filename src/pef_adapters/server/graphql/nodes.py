"""Finds what a global id names. What is not there, or not yours, is null: the same answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from strawberry import relay

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.gate import accounts, agencies, audits, beside, payouts, refunds, tokens
from pef_adapters.engine.records import AuditSearch
from pef_adapters.server.graphql.accounts import Account, shown_account
from pef_adapters.server.graphql.agencies import Agency, shown_agency
from pef_adapters.server.graphql.context import Context
from pef_adapters.server.graphql.house import (
    AuditEntry,
    MachineToken,
    shown_audit,
    shown_token,
)
from pef_adapters.server.graphql.payouts import Batch, shown_batch
from pef_adapters.server.graphql.refunds import Refund, shown_refund
from pef_adapters.server.graphql.stores import Store, shown_store

_MOST_DIGITS = 18


async def find_node(context: Context, global_id: relay.GlobalID) -> relay.Node | None:
    """The record behind a global id, or None."""
    find: Callable[[Context, str], Awaitable[Any]] | None = _FINDERS.get(global_id.type_name)
    if find is None or not global_id.node_id.isprintable():
        return None
    try:
        found: relay.Node | None = await find(context, global_id.node_id)
    except NotThere:
        return None
    return found


async def _refund(context: Context, name: str) -> Refund:
    return shown_refund(await refunds.look(context.ports, context.actor, name))


async def _store(context: Context, name: str) -> Store | None:
    found = await beside.heads(context.ports, context.actor, [name])
    return shown_store(found[name]) if name in found else None


async def _account(context: Context, name: str) -> Account:
    return shown_account(await accounts.see(context.ports, context.actor, name))


async def _agency(context: Context, name: str) -> Agency:
    return shown_agency(await agencies.see(context.ports, context.actor, name))


async def _batch(context: Context, name: str) -> Batch:
    summary, _ = await payouts.batch(context.ports, context.actor, name)
    return shown_batch(summary)


async def _token(context: Context, name: str) -> MachineToken | None:
    found = await tokens.tokens(context.ports, context.actor)
    return next((shown_token(each) for each in found if each.id == name), None)


async def _audit(context: Context, name: str) -> AuditEntry | None:
    if not (name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS):
        return None
    search = AuditSearch(before=int(name) + 1, limit=1)
    found = await audits.audits(context.ports, context.actor, search)
    return next((shown_audit(each) for each in found if each.id == int(name)), None)


_FINDERS: dict[str, Callable[[Context, str], Awaitable[Any]]] = {
    "Refund": _refund,
    "Store": _store,
    "Account": _account,
    "Agency": _agency,
    "Batch": _batch,
    "MachineToken": _token,
    "AuditEntry": _audit,
}
