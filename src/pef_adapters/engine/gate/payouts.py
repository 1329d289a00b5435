"""The manual payout desk, as far as an actor may see it and pay out.

An account can be shared by stores: it takes the permission in each. Whole bank details
leave in the bank file and nowhere else, and each time it is read that is audited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import NotAllowed, NotThere
from pef_adapters.core.money import Money
from pef_adapters.engine import bank_answers, beneficiary, payouts
from pef_adapters.engine.bank_answers import Imported
from pef_adapters.engine.beneficiary import SentLink
from pef_adapters.engine.gate.auditing import Deed, audited, audited_refusals
from pef_adapters.engine.gate.passing import (
    accounts_of,
    may_with_all,
    pass_to_account,
    pass_to_batch,
    pass_to_refund,
)
from pef_adapters.engine.gate.users_grants import of_account
from pef_adapters.engine.payouts import Due
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Payout, PayoutBatch, PayoutEnd, Proof

_MOST_BATCHES = 1000


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A bank file with its lines, as the bank has answered them so far."""

    batch: PayoutBatch
    payouts: tuple[Payout, ...]

    @property
    def totals(self) -> tuple[Money, ...]:
        """The sum of each currency, by its code."""
        amounts = sorted((p.paid_out for p in self.payouts), key=lambda money: money.currency)
        return tuple(
            sum(same, Money.zero(currency))
            for currency, same in groupby(amounts, key=lambda money: money.currency)
        )

    def ended(self, how: PayoutEnd | None) -> int:
        """How many lines ended like this; None counts those that the bank left open."""
        return sum(payout.ended_as is how for payout in self.payouts)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A bank file that was booked a moment ago, and the refunds it left out with why.

    Its bytes are fetched by `bank_file`.
    """

    batch_id: str
    lines: int
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BankFile:
    """The file for the bank, with whole bank details inside."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


async def accounts(
    ports: Ports, actor: Actor, permission: Permission = Permission.SEE_PAYOUTS
) -> list[str]:
    """The ids of the merchant accounts whose desk he may see, or do this at."""
    async with ports.book.begin() as ledger:
        found = await accounts_of(ledger, actor, permission)
    return [account.id for account in found]


async def due(ports: Ports, actor: Actor, account_id: str) -> list[Due]:
    """What waits for the account's next bank file, oldest first; bank details masked only.

    Refunds that another store has left at this account are left out, unless they are his too.

    Raises:
        NotThere, NotAllowed: as for every account.
    """
    async with ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.SEE_PAYOUTS, account_id)
    found = await payouts.due(ports, account_id)
    async with ports.book.begin() as ledger:
        see = Permission.SEE_PAYOUTS
        own = [d for d in found if await may_with_all(ledger, actor, see, [d.refund.id])]
    return [replace(d, destination=replace(d.destination, details={})) for d in own]


async def export(ports: Ports, actor: Actor, account_id: str, format_name: str) -> NewBatch:
    """Book everything that is due into one bank file (`payouts.export`).

    Pressed twice, the second finds nothing that is due.

    Raises:
        NotThere: no such account or format, or nothing can be paid out now.
        NotAllowed: he may not pay out for every store of it, or of what waits there.
    """
    deed = Deed(what="export", subject=f"account/{account_id}", detail={"format": format_name})
    await _pass_to_account(ports, actor, deed, account_id)
    async with audited(ports, actor, deed):
        waiting = [each.refund.id for each in await payouts.due(ports, account_id)]
        async with ports.book.begin() as ledger:
            if not await may_with_all(ledger, actor, Permission.PAY_OUT, waiting):
                raise NotAllowed("another store's refunds wait here too; the house pays them out")
        exported = await payouts.export(ports, account_id, format_name, actor.name)
        deed.detail |= {"batch": exported.batch.id, "lines": exported.lines}
    return NewBatch(exported.batch.id, exported.lines, exported.left_out)


async def batches(ports: Ports, actor: Actor, limit: int = 100) -> list[BatchSummary]:
    """The bank files of his accounts, newest first."""
    async with ports.book.begin() as ledger:
        found = await accounts_of(ledger, actor, Permission.SEE_PAYOUTS)
        own = {account.id for account in found}
        kept = [b for b in await ledger.batches(_MOST_BATCHES) if b.account_id in own]
        summaries = [
            BatchSummary(batch, tuple(await ledger.payouts_of_batch(batch.id)))
            for batch in kept[:limit]
        ]
        see = Permission.SEE_PAYOUTS
        return [
            each
            for each in summaries
            if await may_with_all(ledger, actor, see, [line.refund_id for line in each.payouts])
        ]


async def batch(ports: Ports, actor: Actor, batch_id: str) -> tuple[BatchSummary, list[Proof]]:
    """One bank file with its lines, and its proofs without what is in them.

    Raises:
        NotThere, NotAllowed: as for every batch.
    """
    async with ports.book.begin() as ledger:
        kept = await pass_to_batch(ledger, actor, Permission.SEE_PAYOUTS, batch_id)
        lines = tuple(await ledger.payouts_of_batch(batch_id))
        proofs = [replace(proof, body=b"") for proof in await ledger.proofs(batch_id)]
    return BatchSummary(kept, lines), proofs


async def bank_file(ports: Ports, actor: Actor, batch_id: str) -> BankFile:
    """The batch's file, the very same each time; nothing new is paid.

    Raises:
        NotThere, NotAllowed: as for every batch.
        TransitionRefused: the bank has answered lines of it (`payouts.file_again`).
    """
    deed = _deed("bank_file", batch_id)
    await _pass_to_batch(ports, actor, deed)
    async with audited(ports, actor, deed):
        made = await payouts.file_again(ports, batch_id)
        bank_format = ports.bank_format(made.batch.format)
        deed.detail |= {"sha256": made.batch.sha256, "lines": made.lines}
    return BankFile(f"{batch_id}{bank_format.suffix}", bank_format.media_type, made.body)


async def take_answers(ports: Ports, actor: Actor, batch_id: str, data: bytes) -> Imported:
    """Book what the bank answered: all of the file, or nothing of it. Safe to repeat.

    Raises:
        NotThere, NotAllowed: as for every batch.
        BankFileUnreadable, PayoutAnswerDiffers: as `bank_answers.take_answers`.
    """
    deed = _deed("bank_answers", batch_id)
    await _pass_to_batch(ports, actor, deed)
    async with audited(ports, actor, deed):
        booked = await bank_answers.take_answers(ports, batch_id, data, actor.name)
        deed.detail |= {"confirmed": booked.confirmed, "returned": booked.returned}
    return booked


async def attach_proof(
    ports: Ports, actor: Actor, batch_id: str, *, file_name: str, body: bytes, line_id: str = ""
) -> Proof:
    """Keep a proof of payment with a batch or with one of its lines; it can't be changed.

    Raises:
        NotThere, NotAllowed: as for every batch, and for a line of it.
        PayoutAnswerDiffers: the file is empty or larger than 5 MB.
    """
    deed = _deed("proof", batch_id)
    await _pass_to_batch(ports, actor, deed)
    async with audited(ports, actor, deed):
        kept = await bank_answers.attach_proof(
            ports, batch_id, actor.name, file_name=file_name, body=body, line_id=line_id
        )
        deed.detail |= {"proof": kept.id, "line": line_id, "sha256": kept.sha256}
    return kept


async def proof(ports: Ports, actor: Actor, batch_id: str, proof_id: int) -> Proof:
    """A proof as the bank gave it. It may name an account, so it takes who may pay out.

    Raises:
        NotThere: no such batch or proof, or none that he may see.
        NotAllowed: he may not pay out for every store of the account.
    """
    deed = _deed("proof_read", batch_id)
    deed.detail["proof"] = proof_id
    await _pass_to_batch(ports, actor, deed)
    async with audited(ports, actor, deed), ports.book.begin() as ledger:
        found = (each for each in await ledger.proofs(batch_id) if each.id == proof_id)
        kept = next(found, None)
        if kept is None:
            raise NotThere(f"there is no proof {proof_id} in batch {batch_id}")
    return kept


async def ask_buyer(ports: Ports, actor: Actor, refund_id: str) -> SentLink:
    """Make a new link on which the buyer gives bank details; whoever makes it is an editor.

    Raises:
        NotThere, NotAllowed: as for every refund.
        TransitionRefused: the refund needs no bank details.
    """
    deed = Deed(what="ask_buyer", subject=f"refund/{refund_id}")
    async with ports.book.begin() as ledger:
        refund = await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        deed.store_id = refund.store_id
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_refund(ledger, actor, Permission.PAY_OUT, refund_id)
    async with audited(ports, actor, deed):
        return await beneficiary.ask(ports, refund_id, actor.name)


async def _pass_to_account(ports: Ports, actor: Actor, deed: Deed, account_id: str) -> None:
    """Let pass who may pay out; a refusal of somebody who sees the desk is kept."""
    async with ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.SEE_PAYOUTS, account_id)
        await of_account(ledger, deed, account_id)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_account(ledger, actor, Permission.PAY_OUT, account_id)


async def _pass_to_batch(ports: Ports, actor: Actor, deed: Deed) -> None:
    """As `_pass_to_account`, and for each line: its store may be at another account by now."""
    batch_id = deed.subject.partition("/")[2]
    async with ports.book.begin() as ledger:
        kept = await pass_to_batch(ledger, actor, Permission.SEE_PAYOUTS, batch_id)
        deed.detail["account"] = kept.account_id
        await of_account(ledger, deed, kept.account_id)
    async with audited_refusals(ports, actor, deed), ports.book.begin() as ledger:
        await pass_to_batch(ledger, actor, Permission.PAY_OUT, batch_id)


def _deed(what: str, batch_id: str) -> Deed:
    return Deed(what=what, subject=f"batch/{batch_id}")
