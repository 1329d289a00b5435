"""Every change that can be asked for."""

from typing import Annotated

import strawberry
from strawberry import relay

from pef_adapters.core.access import Actor
from pef_adapters.core.errors import NotThere
from pef_adapters.engine.by_hand import Press
from pef_adapters.engine.gate import approvals, by_hand, policies, refunds, stores, tokens
from pef_adapters.engine.known import no_refund, no_store
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Act
from pef_adapters.server.graphql import inputs
from pef_adapters.server.graphql.context import Context, Info
from pef_adapters.server.graphql.doing import done_once, own_key
from pef_adapters.server.graphql.fields import changes
from pef_adapters.server.graphql.house import MachineToken, shown_token
from pef_adapters.server.graphql.paging import name_in
from pef_adapters.server.graphql.policies import Policy, owner_in, shown_policy
from pef_adapters.server.graphql.refunds import Refund, shown_refund
from pef_adapters.server.graphql.refusals import Refusal
from pef_adapters.server.graphql.stores import Store, StoreCheck, shown_checks, shown_store


@strawberry.type(description="A refund was changed, or was already so.")
class RefundDone:
    """See the schema's description."""

    refund: Refund = strawberry.field(description="The refund as it is now.")


@strawberry.type(description="A policy was published, or was already so.")
class PolicyDone:
    """See the schema's description."""

    policy: Policy = strawberry.field(description="The policy as it is now.")


@strawberry.type(description="A token was revoked, or had ended before.")
class TokenDone:
    """See the schema's description."""

    token: MachineToken = strawberry.field(description="The token as it is now.")


@strawberry.type(description="A store was checked; what is broken is found, not refused.")
class StoreChecked:
    """See the schema's description."""

    store: Store = strawberry.field(description="The store.")
    checks: list[StoreCheck] = strawberry.field(description="What its newest check found.")


StoreAnswer = Annotated[
    StoreChecked | Refusal,
    strawberry.union("StoreAnswer", description="The check, or why there was none."),
]
RefundAnswer = Annotated[
    RefundDone | Refusal,
    strawberry.union("RefundAnswer", description="The refund, or why nothing was done."),
]
PolicyAnswer = Annotated[
    PolicyDone | Refusal,
    strawberry.union("PolicyAnswer", description="The policy, or why nothing was done."),
]
TokenAnswer = Annotated[
    TokenDone | Refusal,
    strawberry.union("TokenAnswer", description="The token, or why nothing was done."),
]


@strawberry.type(description="What can be changed. Each is done once under its key.")
class Mutation:
    """See the schema's description."""

    @changes("Let the engine try a refund again now.")
    async def refund_retry(self, info: Info, input: inputs.RefundInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            return (await refunds.retry(ports, actor, _refund(input.refund_id))).id

        return await done_once(info, input, change, _refund_done)

    @changes("Say, as a person who found out, what became of the money.")
    async def refund_settle(self, info: Info, input: inputs.RefundSettleInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            name = _refund(input.refund_id)
            return (await refunds.settle(ports, actor, name, paid=input.paid)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Pay a refund out by bank transfer instead.")
    async def refund_choose_payout(self, info: Info, input: inputs.RefundInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            return (await refunds.choose_payout(ports, actor, _refund(input.refund_id))).id

        return await done_once(info, input, change, _refund_done)

    @changes("Say by when its platform wants a refund done.")
    async def refund_set_deadline(
        self,
        info: Info,
        input: inputs.RefundSetDeadlineInput,  # noqa: A002 -- Relay's name
    ) -> RefundAnswer:
        async def change(ports: Ports, actor: Actor) -> str:
            name = _refund(input.refund_id)
            return (await refunds.set_deadline(ports, actor, name, input.at)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Press a refund by hand, for a shop without a button.")
    async def refund_create(self, info: Info, input: inputs.RefundCreateInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            store = name_in(input.store_id, "Store", no_store)
            return (await by_hand.press(ports, actor, store, _press(input, actor))).id

        return await done_once(info, input, change, _refund_done)

    @changes("Take back a refund that was pressed by hand, before it is sent.")
    async def refund_withdraw(self, info: Info, input: inputs.RefundWithdrawInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            return (await refunds.withdraw(ports, actor, _refund(input.refund_id), input.why)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Agree to a held refund; programs can't.")
    async def approval_approve(
        self,
        info: Info,
        input: inputs.ApprovalApproveInput,  # noqa: A002 -- Relay's name
    ) -> RefundAnswer:
        async def change(ports: Ports, actor: Actor) -> str:
            name = _refund(input.refund_id)
            return (await approvals.approve(ports, actor, name, input.digest, input.comment)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Refuse a held refund; programs can't.")
    async def approval_decline(
        self,
        info: Info,
        input: inputs.ApprovalDeclineInput,  # noqa: A002 -- Relay's name
    ) -> RefundAnswer:
        async def change(ports: Ports, actor: Actor) -> str:
            return (await approvals.decline(ports, actor, _refund(input.refund_id), input.why)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Comment on a held refund, ask, or answer.")
    async def approval_speak(self, info: Info, input: inputs.ApprovalSpeakInput) -> RefundAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            name, act = _refund(input.refund_id), Act(input.act.value)
            return (await approvals.speak(ports, actor, name, act, input.comment)).id

        return await done_once(info, input, change, _refund_done)

    @changes("Publish a policy as its owner's newest version.")
    async def policy_publish(self, info: Info, input: inputs.PolicyPublishInput) -> PolicyAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            owner = owner_in(input.owner_id)
            await policies.publish(ports, actor, owner, input.text, input.edited_from)
            return owner

        return await done_once(info, input, change, _policy_done)

    @changes("Check a store now: its keys, its webhooks, its settings.")
    async def store_check(self, info: Info, input: inputs.StoreCheckInput) -> StoreAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            name = name_in(input.store_id, "Store", no_store)
            return (await stores.check(ports, actor, name)).store_id

        return await done_once(info, input, change, _store_checked)

    @changes("End a program's token at once; programs can't.")
    async def token_revoke(self, info: Info, input: inputs.TokenRevokeInput) -> TokenAnswer:  # noqa: A002 -- Relay's name
        async def change(ports: Ports, actor: Actor) -> str:
            name = name_in(input.token_id, "MachineToken", _no_token)
            return (await tokens.revoke_token(ports, actor, name)).id

        return await done_once(info, input, change, _token_done)


def _refund(global_id: relay.GlobalID) -> str:
    return name_in(global_id, "Refund", no_refund)


def _no_token(name: str) -> NotThere:
    return NotThere(f"there is no token {name[:80]}; see `pef token list`")


def _press(given: inputs.RefundCreateInput, actor: Actor) -> Press:
    return Press(
        transaction_id=given.transaction_id,
        order_number=given.order_number,
        amount=given.amount.read(),
        expected_rest=given.expected_rest.read(),
        reason=given.reason,
        person=actor.name,
        key=own_key(actor, given.idempotency_key),
    )


async def _refund_done(context: Context, name: str) -> RefundDone:
    return RefundDone(refund=shown_refund(await refunds.look(context.ports, context.actor, name)))


async def _policy_done(context: Context, name: str) -> PolicyDone:
    return PolicyDone(policy=shown_policy(await policies.read(context.ports, context.actor, name)))


async def _store_checked(context: Context, name: str) -> StoreChecked:
    standing = (await stores.see(context.ports, context.actor, name)).standing
    checks = shown_checks(standing.health) if standing.health else []
    return StoreChecked(store=shown_store(standing.head), checks=checks)


async def _token_done(context: Context, name: str) -> TokenDone:
    found = await tokens.tokens(context.ports, context.actor)
    kept = next((each for each in found if each.id == name), None)
    if kept is None:
        raise _no_token(name)
    return TokenDone(token=shown_token(kept))
