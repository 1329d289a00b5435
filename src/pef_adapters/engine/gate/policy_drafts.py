"""Drafts of policies: checked, explained and tried on the past, before one is published.

Changes nothing. Of a store the draft is always seen joined with its agency's policy, of an
agency in each of its stores: what is shown is what would decide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from pef_adapters.core.access import Actor, Permission
from pef_adapters.core.errors import InvalidInput, NotThere, PefError
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Decision, Facts, Finding, Mode, Policy, decide, lint
from pef_adapters.core.policy.backtest import Backtest, backtest
from pef_adapters.core.policy.lint import Severity
from pef_adapters.core.policy.recorded import facts_of
from pef_adapters.core.policy.replay import Replay
from pef_adapters.engine import history, policies
from pef_adapters.engine.gate.passing import pass_to_refund
from pef_adapters.engine.gate.policies import draft_in, pass_to_owner
from pef_adapters.engine.ports import Ledger, Ports
from pef_adapters.engine.records import Store

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Found:
    """What lint found, with the line of the text it is about (None: no single one).

    `store_id` names the store in which it is so, where it is not so in the draft itself.
    """

    finding: Finding
    line: int | None
    store_id: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that could be read. `problems` are sentences about stores it does not fit."""

    policy: Policy
    found: tuple[Found, ...]
    problems: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it could be published."""
        errors = any(each.finding.severity is Severity.ERROR for each in self.found)
        return not errors and not self.problems


@dataclass(frozen=True, slots=True)
class Sample:
    """A refund that somebody makes up: its amount, what was paid, and how old that is."""

    amount: Money
    paid: Money
    age_days: int


async def check(ports: Ports, actor: Actor, owner: str, text: str) -> Checked:
    """Everything that lint finds in a draft, as it would decide.

    Raises:
        NotThere, NotAllowed: as for every owner.
        PolicyUnreadable: it is no policy; the message names lines and mends.
    """
    await _pass(ports, actor, owner)
    draft = draft_in(text)
    found: list[Found] = []
    problems: list[str] = []
    if owner.startswith("agency/"):
        found += [Found(each, _line(text, each)) for each in lint(draft)]
    async with ports.book.begin() as ledger:
        for store in await _stores(ledger, owner):
            try:
                whole = await _whole(ledger, owner, store, draft)
            except PefError as refused:
                problems.append(f"{store.id}: {refused}")
            else:
                found += _new_in(store.id, owner, whole, text, found)
    return Checked(draft, tuple(found), tuple(problems))


async def explain_refund(
    ports: Ports, actor: Actor, owner: str, text: str, refund_id: str
) -> Decision:
    """How the draft would have decided a past refund, with the facts of then.

    Raises:
        NotThere, NotAllowed: as for every owner and refund; nothing was decided about it.
        PolicyUnreadable, PolicyLocked: the draft can't decide.
    """
    await _pass(ports, actor, owner)
    draft = draft_in(text)
    async with ports.book.begin() as ledger:
        refund = await pass_to_refund(ledger, actor, Permission.SEE_REFUNDS, refund_id)
        stores = [s for s in await _stores(ledger, owner) if s.id == refund.store_id]
        decided = await ledger.decided(refund.created_at, refund.store_id)
        first = next((each for each in decided if each.refund_id == refund_id), None)
        if first is None or not stores:
            raise NotThere(f"there is no decision about a refund {refund_id} here")
        return decide(facts_of(first.facts), await _whole(ledger, owner, stores[0], draft))


async def explain_sample(
    ports: Ports, actor: Actor, owner: str, text: str, sample: Sample
) -> Decision:
    """How the draft would decide a refund that somebody makes up.

    Raises:
        NotThere, NotAllowed: as for every owner.
        PolicyUnreadable, PolicyLocked: the draft can't decide.
        InvalidInput: an amount of nothing, or a payment of the future.
    """
    await _pass(ports, actor, owner)
    whole = draft_in(text)
    if sample.amount.minor <= 0 or not 0 <= sample.age_days <= 10 * MOST_DAYS:
        raise InvalidInput("give an amount above zero, and the days since the payment")
    if owner.startswith("store/"):
        async with ports.book.begin() as ledger:
            (store,) = await _stores(ledger, owner)
            whole = await _whole(ledger, owner, store, whole)
    facts = _made_up(ports, sample)
    return decide(replace(facts, used=Replay(whole).used(facts)), whole)


async def back_test(
    ports: Ports, actor: Actor, owner: str, text: str, days: int
) -> dict[str, Backtest]:
    """The refunds of the last `days` (1 to 366) decided again by the draft, by store id.

    Raises:
        NotThere, NotAllowed: as for every owner.
        PolicyUnreadable, PolicyLocked: the draft can't decide.
        HistoryUnreadable: a decision of then can't be read.
        InvalidInput: so many days are not looked back.
    """
    await _pass(ports, actor, owner)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"look back 1 to {MOST_DAYS} days")
    draft, since = draft_in(text), ports.clock.now() - timedelta(days=days)
    async with ports.book.begin() as ledger:
        stores = await _stores(ledger, owner)
        wholes = {store.id: await _whole(ledger, owner, store, draft) for store in stores}
    return {
        store_id: backtest(await history.past_refunds(ports, since, store_id), whole)
        for store_id, whole in wholes.items()
    }


async def _pass(ports: Ports, actor: Actor, owner: str) -> None:
    async with ports.book.begin() as ledger:
        await pass_to_owner(ledger, actor, Permission.SEE_POLICY, owner)


async def _stores(ledger: Ledger, owner: str) -> list[Store]:
    """The stores that the owner's policy decides for, by id."""
    kind, _, name = owner.partition("/")
    if kind == "store":
        store = await ledger.store(name)
        return [store] if store else []
    heads = [head for head in await ledger.store_heads() if head.agency == name]
    return [store for head in heads if (store := await ledger.store(head.id))]


async def _whole(ledger: Ledger, owner: str, store: Store, draft: Policy) -> Policy:
    if owner.startswith("agency/"):
        return await policies.under(ledger, draft, store)
    return await policies.joined(ledger, store, draft)


def _new_in(
    store_id: str, owner: str, whole: Policy, text: str, known: list[Found]
) -> Iterator[Found]:
    """What is found only where the draft is joined with another; of an agency, errors only."""
    if owner.startswith("store/"):
        yield from (Found(each, _line(text, each)) for each in lint(whole))
        return
    said = [each.finding for each in known]
    for finding in lint(whole):
        if finding.severity is Severity.ERROR and finding not in said:
            yield Found(finding, None, store_id)


def _line(text: str, finding: Finding) -> int | None:
    """The line that names the last rule, limit or part which the finding is about."""
    for name in reversed(finding.rules):
        part = "limits" if name.startswith("limit_") else name
        of_rule = rf"\s*(?:-\s*)?(?:\{{\s*)?[\"']?id[\"']?\s*:\s*[\"']?{re.escape(name)}\b"
        of_part = rf"[\"']?{re.escape(part)}[\"']?\s*:"
        for number, line in enumerate(text.splitlines(), 1):
            if re.match(of_rule, line) or re.match(of_part, line):
                return number
    return None


def _made_up(ports: Ports, sample: Sample) -> Facts:
    now = ports.clock.now()
    return Facts(
        amount=sample.amount,
        order_currency=sample.amount.currency,
        transaction_id="sample",
        payment=sample.paid,
        rest=sample.paid,
        paid_at=now - timedelta(days=sample.age_days),
        reversed_by_bank=False,
        paid_by_gateway=False,
        paid_through_us=True,
        store_mode=Mode.LIVE,
        account_mode=Mode.LIVE,
        now=now,
        asked_at=now,
        # Limits of a store or an account count from nothing.
        store="sample",
        account="sample",
    )
