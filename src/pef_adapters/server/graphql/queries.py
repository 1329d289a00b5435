"""Every question that the API answers."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import relay

from pef_adapters.core.errors import NotThere
from pef_adapters.core.states import State
from pef_adapters.engine.gate import (
    accounts,
    agencies,
    approvals,
    audits,
    beside,
    by_hand,
    payouts,
    policies,
    policy_drafts,
    refunds,
    today,
    tokens,
    users,
)
from pef_adapters.engine.known import no_account, no_store
from pef_adapters.engine.records import AuditSearch, RefundSearch
from pef_adapters.server.graphql.accounts import Account, shown_account
from pef_adapters.server.graphql.agencies import Agency, shown_agency
from pef_adapters.server.graphql.context import Info
from pef_adapters.server.graphql.fields import (
    AccountId,
    After,
    Cip,
    First,
    NodeId,
    OneActor,
    OneSubject,
    OwnerId,
    PolicyText,
    StoreId,
    answers,
)
from pef_adapters.server.graphql.house import (
    AuditEntry,
    MachineToken,
    Person,
    Viewer,
    shown_audit,
    shown_person,
    shown_token,
    shown_viewer,
)
from pef_adapters.server.graphql.money import MoneyInput
from pef_adapters.server.graphql.nodes import find_node
from pef_adapters.server.graphql.paging import (
    USUAL,
    checked_first,
    connection,
    mark_cursor,
    name_in,
    number_cursor,
    read_mark,
    read_number,
)
from pef_adapters.server.graphql.payments import FoundPayment, shown_found
from pef_adapters.server.graphql.payouts import Batch, PayoutDue, shown_batch, shown_due
from pef_adapters.server.graphql.policies import (
    Policy,
    PolicyCheck,
    PolicyVersion,
    owner_in,
    shown_check,
    shown_policy,
    shown_version,
)
from pef_adapters.server.graphql.refunds import Refund, shown_refund
from pef_adapters.server.graphql.reviews import Approval, shown_approval
from pef_adapters.server.graphql.stores import Store, shown_store
from pef_adapters.server.graphql.today import Today, shown_today


@strawberry.input(description="Which refunds; whatever is left out does not narrow.")
class RefundFilter:
    """See the schema's description."""

    store_id: relay.GlobalID | None = strawberry.field(
        default=None, description="Of this store only."
    )
    states: list[State] | None = strawberry.field(default=None, description="In one of these.")
    order: str | None = strawberry.field(default=None, description="An order's number or id.")
    transaction_id: str | None = strawberry.field(default=None, description="A payment's CIP.")
    amount: MoneyInput | None = strawberry.field(default=None, description="Exactly so much.")
    attention: bool = strawberry.field(
        default=False, description="Only what a person should look at."
    )
    asked_from: datetime | None = strawberry.field(default=None, description="Asked since then.")
    asked_before: datetime | None = strawberry.field(default=None, description="Asked before then.")


_Filter = Annotated[RefundFilter | None, strawberry.argument(description="Which of them.")]


@strawberry.type(description="What can be asked.")
class Query:
    """See the schema's description."""

    @answers("Who asks.")
    def viewer(self, info: Info) -> Viewer:
        return shown_viewer(info.context.actor)

    @answers("Any record by its id; null where there is none for you.")
    async def node(self, info: Info, id: NodeId) -> relay.Node | None:  # noqa: A002 -- Relay's name
        return await find_node(info.context, id)

    @answers("A refund; null where there is none for you.")
    async def refund(self, info: Info, id: NodeId) -> Refund | None:  # noqa: A002 -- Relay's name
        found = await find_node(info.context, id)
        return found if isinstance(found, Refund) else None

    @answers("Your refunds, newest first.")
    async def refunds(
        self,
        info: Info,
        first: First = USUAL,
        after: After = None,
        filter: _Filter = None,  # noqa: A002 -- the usual name of it
    ) -> relay.Connection[Refund]:
        wanted = _search(filter or RefundFilter(), checked_first(first), after)
        found = await refunds.search(info.context.ports, info.context.actor, wanted)
        parts = (shown_refund, lambda r: mark_cursor(r.created_at, r.id))
        return connection(found, first, after, parts)

    @answers("A store; null where there is none for you.")
    async def store(self, info: Info, id: NodeId) -> Store | None:  # noqa: A002 -- Relay's name
        found = await find_node(info.context, id)
        return found if isinstance(found, Store) else None

    @answers("Your stores, by name.")
    async def stores(
        self, info: Info, first: First = USUAL, after: After = None
    ) -> relay.Connection[Store]:
        heads = await beside.all_heads(info.context.ports, info.context.actor)
        rest = heads[read_number(after) or 0 :][: checked_first(first) + 1]
        place = {head.id: number for number, head in enumerate(heads, 1)}
        parts = (shown_store, lambda head: number_cursor(place[head.id]))
        return connection(rest, first, after, parts)

    @answers("The agencies that are yours as a whole, by name.")
    async def agencies(self, info: Info) -> list[Agency]:
        found = await agencies.list_agencies(info.context.ports, info.context.actor)
        return [shown_agency(each) for each in found]

    @answers("How your refunds stand today.")
    async def today(self, info: Info) -> Today:
        return shown_today(await today.today(info.context.ports, info.context.actor))

    @answers("The merchant accounts that are yours with all their stores, oldest first.")
    async def accounts(self, info: Info) -> list[Account]:
        found = await accounts.list_accounts(info.context.ports, info.context.actor)
        return [shown_account(each) for each in found]

    @answers("What waits for approval; what expires first comes first.")
    async def approvals(self, info: Info, first: First = USUAL) -> list[Approval]:
        limit = checked_first(first)
        found = await approvals.queue(info.context.ports, info.context.actor, limit)
        return [shown_approval(each) for each in found]

    @answers("What waits for an account's next bank file, oldest first.")
    async def payouts_due(self, info: Info, account_id: AccountId) -> list[PayoutDue] | None:
        account = name_in(account_id, "Account", no_account)
        found = await payouts.due(info.context.ports, info.context.actor, account)
        return [shown_due(each) for each in found]

    @answers("Your accounts' bank files, newest first.")
    async def batches(self, info: Info, first: First = USUAL) -> list[Batch]:
        limit = checked_first(first)
        found = await payouts.batches(info.context.ports, info.context.actor, limit)
        return [shown_batch(each) for each in found]

    @answers("A payment by its CIP, and what can still go back of it.")
    async def payment(
        self, info: Info, store_id: StoreId, transaction_id: Cip
    ) -> FoundPayment | None:
        store = name_in(store_id, "Store", no_store)
        found = await by_hand.find(info.context.ports, info.context.actor, store, transaction_id)
        return shown_found(found)

    @answers("What a store or an agency has published last.")
    async def policy(self, info: Info, owner_id: OwnerId) -> Policy | None:
        owner = owner_in(owner_id)
        return shown_policy(await policies.read(info.context.ports, info.context.actor, owner))

    @answers("Every published version, newest first.")
    async def policy_history(self, info: Info, owner_id: OwnerId) -> list[PolicyVersion] | None:
        owner = owner_in(owner_id)
        found = await policies.history(info.context.ports, info.context.actor, owner)
        return [shown_version(each) for each in found]

    @answers("What a check finds in a draft; nothing is changed.")
    async def policy_check(
        self, info: Info, owner_id: OwnerId, text: PolicyText
    ) -> PolicyCheck | None:
        owner = owner_in(owner_id)
        found = await policy_drafts.check(info.context.ports, info.context.actor, owner, text)
        return shown_check(found, info.context.language)

    @answers("The tokens of every place where you connect programs.")
    async def tokens(self, info: Info) -> list[MachineToken]:
        found = await tokens.tokens(info.context.ports, info.context.actor)
        return [shown_token(each) for each in found]

    @answers("Everybody with a role in a place whose people you edit, by e-mail address.")
    async def people(self, info: Info) -> list[Person]:
        found = await users.users(info.context.ports, info.context.actor)
        return [shown_person(each) for each in found]

    @answers("Who did what in your stores and agencies, newest first.")
    async def audit(
        self,
        info: Info,
        first: First = USUAL,
        after: After = None,
        actor: OneActor = None,
        subject: OneSubject = None,
    ) -> relay.Connection[AuditEntry]:
        search = AuditSearch(
            actor=actor or "",
            subject=subject or "",
            before=read_number(after),
            limit=checked_first(first) + 1,
        )
        found = await audits.audits(info.context.ports, info.context.actor, search)
        parts = (shown_audit, lambda entry: number_cursor(entry.id))
        return connection(found, first, after, parts)


def _search(wanted: RefundFilter, first: int, after: str | None) -> RefundSearch:
    """The ledger's question; a store's id that is no store's finds nothing."""
    return RefundSearch(
        store_id=_store_named(wanted.store_id) if wanted.store_id else None,
        states=frozenset(wanted.states or ()),
        order=wanted.order or "",
        transaction_id=wanted.transaction_id or "",
        amount=wanted.amount.read() if wanted.amount else None,
        attention=wanted.attention,
        asked_from=wanted.asked_from,
        asked_before=wanted.asked_before,
        after=read_mark(after),
        limit=first + 1,
    )


def _store_named(global_id: relay.GlobalID) -> str:
    try:
        return name_in(global_id, "Store", no_store)
    except NotThere:
        return ""
