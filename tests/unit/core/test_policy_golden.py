"""The tables of golden decisions, decided again line by line."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.money import Money
from pef_adapters.core.policy import (
    Decision,
    Facts,
    Mode,
    Policy,
    Sibling,
    Vote,
    decide,
    judge,
    lint,
    read_policy,
)
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.policy.library import TEMPLATES, template
from pef_adapters.core.policy.replay import Replay
from policy_samples import NOON, facts

TABLE = Path(__file__).with_name("golden_decisions.md")
NONE = "—"
READ: Mapping[str, Callable[[str], object]] = {
    "reason": str,
    "pressed_by": str,
    "buyer_past_refunds": int,
    "store_mode": Mode,
    "reversed_by_bank": lambda text: text == "yes",
    "paid_by_gateway": lambda text: text == "yes",
    "kyc_until": date.fromisoformat,
    "keys_until": date.fromisoformat,
    "payout_chosen": lambda text: text == "yes",
    "payout_barred": str,
}
# What a table without such a column means; see the beginning of the file.
USUAL = {
    "amount": "100.00 PEN",
    "of": "1000.00",
    "days": "3",
    "at": "12:00",
    **dict.fromkeys(
        ("also", "before", "whose", "same order", "editors", "yes", "bank details"), NONE
    ),
}
WHOSE = {"store": "tienda", "account": "main", "buyer": "ana", "pressed_by": "rosa"}
TO_A = {**WHOSE, "destination": "A"}
SHOWN: Mapping[str, Callable[[Decision], object]] = {
    "outcome": lambda made: made.outcome.value,
    "by": lambda made: made.deciding.rule,
    "approvers": lambda made: made.approvers,
    "holds": lambda made: ", ".join(made.holds) or NONE,
    "route": lambda made: made.route or NONE,
    "arrives": lambda made: made.expected_on or NONE,
}


def lines() -> list[dict[str, str]]:
    """The rows of all tables by their column names."""
    found = []
    for is_row, text in groupby(TABLE.read_text(encoding="utf-8").splitlines(), _is_row):
        if is_row:
            head, _, *rows = (_cells(row) for row in text)
            found += [dict(zip(head, row, strict=True)) for row in rows]
    return found


def _is_row(text: str) -> bool:
    return text.startswith("|")


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def written_here() -> dict[str, Policy]:
    """The policies that stand in the file, by their names."""
    blocks = re.findall(r"```yaml\n(.*?)```", TABLE.read_text(encoding="utf-8"), re.DOTALL)
    policies = [read_policy(text) for block in blocks for text in block.split("---\n")]
    return {policy.name: policy for policy in policies}


POLICIES = {**{name: template(name) for name in TEMPLATES}, **written_here()}


def told(line: Mapping[str, str], policy: Policy) -> Facts:
    """The refund that a line describes."""
    cells = {**USUAL, **line}
    now = _at(cells["at"])
    amount, details = _money(cells["amount"]), cells["bank details"]
    paid = Money.parse(cells["of"], amount.currency)
    asked = facts(
        amount=amount,
        order_currency=amount.currency,
        payment=paid,
        rest=paid,
        now=now,
        paid_at=_at(cells.get("paid", cells["at"])) - timedelta(days=int(cells["days"])),
        asked_at=_at(cells.get("pressed", cells["at"])),
        beneficiary=None if details == NONE else details,
        editors=frozenset(_parts(cells["editors"])),
        siblings=tuple(_earlier(cells["same order"])),
        **{name: READ[name](text) for name, text in _named(cells["also"])},
    )
    if "before" in line:
        asked = _counted(asked, cells, policy)
    return replace(asked, votes=_votes(cells["yes"], asked, policy))


def _counted(asked: Facts, cells: Mapping[str, str], policy: Policy) -> Facts:
    """The refund with what was let go before it."""
    replay = Replay(policy)
    for part in _parts(cells["before"]):
        day, clock, number, currency, *whose = part.split()
        earlier: dict[str, object] = {**TO_A, **dict(_named(" ".join(whose) or NONE))}
        amount = Money.parse(number, currency)
        replay.let_go(facts(now=_at(f"{day} {clock}"), amount=amount, **earlier))
    own = {**TO_A, **dict(_named(cells["whose"]))}
    known = {name: None if text == NONE else text for name, text in own.items()}
    asked = replace(asked, **known)  # type: ignore[arg-type]
    return replace(asked, used=replay.used(asked))


def _votes(cell: str, asked: Facts, policy: Policy) -> tuple[Vote, ...]:
    holds = judge(asked, policy).holds
    return tuple(_vote(part, asked, holds) for part in _parts(cell))


def _vote(text: str, asked: Facts, holds: tuple[str, ...]) -> Vote:
    who, _, covers = text.partition(" to ")
    who, _, other = who.partition(" for ")
    amount, details = asked.amount, asked.beneficiary
    if "details" in other:
        details = None if other == "no details" else other.removeprefix("details ")
    elif other:
        amount = _money(other)
    return Vote(who, digest(amount, details), frozenset([covers] if covers else holds))


def _earlier(cell: str) -> Iterator[Sibling]:
    for number, part in enumerate(_parts(cell)):
        day, clock, amount, currency = part.split()
        yield Sibling(str(number), Money.parse(amount, currency), _at(f"{day} {clock}"))


def _at(text: str) -> datetime:
    """A time of 2026-11-23 in Lima, or of the day that is named."""
    day, _, clock = text.rpartition(" ")
    on = date.fromisoformat(f"{NOON.year}-{day}") if day else NOON.date()
    return datetime.combine(on, time.fromisoformat(clock), LIMA)


def _money(text: str) -> Money:
    return Money.parse(*text.split())


def _parts(cell: str) -> list[str]:
    return [] if cell == NONE else [part.strip() for part in cell.split(";")]


def _named(cell: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in _parts(cell)]
    return [(name, text) for name, _, text in pairs]


@pytest.mark.parametrize("line", lines(), ids=lambda line: " ".join(line.values()))
def test_each_golden_line_is_decided_as_it_says(line: dict[str, str]) -> None:
    """Everything that the line says about the decision is so."""
    policy = POLICIES[line["policy"]]
    made = decide(told(line, policy), policy)
    expected = {name: text for name, text in line.items() if name in SHOWN}
    assert {name: str(SHOWN[name](made)) for name in expected} == expected


def test_each_line_says_at_least_who_decided_what() -> None:
    """No column is misspelt, and none of the tables leaves out the outcome."""
    for line in lines():
        assert {"policy", "outcome", "by", "approvers"} <= set(line)
        assert set(line) <= {*SHOWN, *USUAL, "policy", "paid", "pressed"}


def test_each_template_and_each_of_its_rules_is_in_the_table() -> None:
    """No ready policy has a rule that the table does not show deciding."""
    shown = {(line["policy"], line["by"]) for line in lines()}
    rules = {(name, rule.id) for name in TEMPLATES for rule in template(name).rules}
    assert rules <= shown


def test_each_policy_of_the_file_is_clean_and_shown() -> None:
    """What stands in the file could be used, and has its lines."""
    assert [name for name, policy in written_here().items() if lint(policy)] == []
    assert set(written_here()) <= {line["policy"] for line in lines()}
    limits = {limit.name for policy in written_here().values() for limit in policy.limits}
    assert limits <= {line["by"] for line in lines()}
