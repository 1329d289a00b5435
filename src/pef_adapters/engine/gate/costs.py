"""What refunds cost, as far as an actor may see it and write it down."""

from dataclasses import dataclass

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.costs import Cost, CostSettings, Month, Quote
from pef_adapters.core.errors import RateMissing
from pef_adapters.core.money import Money
from pef_adapters.engine import costs, upkeep
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import (
    demand_in_house,
    pass_to_account,
    pass_to_head,
    pass_to_refund,
)
from pef_adapters.engine.gate.users_grants import of_account
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import ActualCost


@dataclass(frozen=True, slots=True)
class RefundCosts:
    """What one refund is expected to cost, and what it really did, oldest first.

    `expected` is None where no fees are known, or a rate is `missing` (a sentence).
    """

    expected: Cost | None
    missing: str
    actual: tuple[ActualCost, ...]


async def of_refund(ports: Ports, actor: Actor, refund_id: str) -> RefundCosts:
    """The costs of one refund.

    Raises:
        NotThere: no such refund, or none that he may see.
    """
    async with ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        actual = tuple(await ledger.costs([refund_id]))
    try:
        return RefundCosts(await costs.expected(ports, refund_id), "", actual)
    except RateMissing as missing:
        return RefundCosts(None, str(missing), actual)


async def record(
    ports: Ports, actor: Actor, refund_id: str, amount: Money, what: str
) -> ActualCost:
    """Keep what a refund really cost, as a statement says; several entries add up.

    Raises:
        NotThere, NotAllowed: as for every refund; it takes who may pay out.
        InvalidInput: an amount of zero.
    """
    deed = Deed(what="record_cost", subject=f"refund/{refund_id}", detail={"amount": str(amount)})
    async with ports.book.begin() as ledger:
        refund = await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        deed.store_id = refund.store_id
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, Permission.PAY_OUT, refund_id)
    async with audited(ports, actor, deed):
        return await costs.record_actual(ports, refund_id, amount, what, actor.name)


async def quote(ports: Ports, actor: Actor, month: Month, store_id: str | None = None) -> Quote:
    """The month's quote sheet of one store, or of the whole house.

    Raises:
        NotThere: no such store, or none that he may see.
        NotAllowed: he may not see the refunds of all of it.
    """
    if store_id is None:
        demand_in_house(actor, Permission.SEE_REFUNDS)
    else:
        async with ports.book.begin() as ledger:
            await pass_to_head(ledger, actor, Permission.SEE_REFUNDS, store_id)
    return await costs.quote_of(ports, month, store_id)


async def settings_of(ports: Ports, actor: Actor, account_id: str) -> CostSettings:
    """An account's fees and exchange rates.

    Raises:
        NotThere, NotAllowed: as for every account.
    """
    async with ports.book.begin() as ledger:
        return costs.costs_of(
            await pass_to_account(ledger, actor, Permission.SEE_PAYOUTS, account_id)
        )


async def set_costs(ports: Ports, actor: Actor, account_id: str, wanted: CostSettings) -> None:
    """Keep an account's fees and exchange rates; they replace what was kept before.

    Raises:
        NotThere, NotAllowed: as for every account.
    """
    deed = Deed(what="set_costs", subject=f"account/{account_id}")
    async with ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.SEE_STORES, account_id)
        await of_account(ledger, deed, account_id)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.EDIT_ACCOUNTS, account_id)
    async with audited(ports, actor, deed):
        await upkeep.set_costs(ports, account_id, wanted)
