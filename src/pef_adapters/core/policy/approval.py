"""What an approval is bound to, and whether enough people gave theirs.

A yes is to one amount, one currency and one destination (account, holder and document),
and to the reasons for which the refund was held. Whatever changes afterwards, the yes no
longer fits it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import fold
from pef_adapters.core.policy.facts import Facts

# For each rule, who said yes to its hold.
People = Mapping[str, frozenset[str]]


def digest(amount: Money, beneficiary: str | None, paid_out: Money | None = None) -> str:
    """SHA-256, in hex, of amount, currency and bank details (None: there are none yet).

    `paid_out` is what the buyer gets, where that is another amount: an exchange.
    """
    bound: list[object] = [amount.minor, amount.currency, beneficiary]
    if paid_out is not None and paid_out != amount:
        bound += [paid_out.minor, paid_out.currency]
    return hashlib.sha256(json.dumps(bound, separators=(",", ":")).encode()).hexdigest()


def is_editor(person: str, editors: Iterable[str]) -> bool:
    """Whether a person is among the editors; case, accents and spaces don't count."""
    return fold(person) in map(fold, editors)


def agreed(facts: Facts) -> People:
    """For each rule, who said yes to this very refund being held by it; never an editor."""
    people: dict[str, frozenset[str]] = {}
    if not facts.votes:
        return people
    bound_to = digest(facts.amount, facts.beneficiary, facts.paid_out)
    for vote in facts.votes:
        if vote.digest == bound_to and not is_editor(vote.by, facts.editors):
            for rule in vote.covers:
                people[rule] = people.get(rule, frozenset()) | {fold(vote.by)}
    return people
