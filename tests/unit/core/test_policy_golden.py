"""The table of golden decisions, decided again line by line."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from pef_adapters.core.money import Money
from pef_adapters.core.policy import Facts, Mode, decide
from pef_adapters.core.policy.library import TEMPLATES, template
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
}


def lines() -> list[dict[str, str]]:
    """The table's rows by their column names."""
    text = TABLE.read_text(encoding="utf-8").splitlines()
    cells = [[c.strip() for c in row.strip("|").split("|")] for row in text if row.startswith("|")]
    head, _, *rows = cells
    return [dict(zip(head, row, strict=True)) for row in rows]


def told(line: Mapping[str, str]) -> Facts:
    """The refund that a line describes."""
    number, currency = line["amount"].split()
    paid = Money.parse(line["of"], currency)
    now = NOON.replace(hour=int(line["hour"]))
    also = {} if line["also"] == NONE else dict([line["also"].split("=")])
    return facts(
        amount=Money.parse(number, currency),
        order_currency=currency,
        payment=paid,
        rest=paid,
        now=now,
        paid_at=now - timedelta(days=int(line["days"])),
        **{name: READ[name](text) for name, text in also.items()},
    )


@pytest.mark.parametrize("line", lines(), ids=lambda line: " ".join(line.values()))
def test_each_golden_line_is_decided_as_it_says(line: dict[str, str]) -> None:
    """Outcome, who decided, approvers, route and arrival are those of the table."""
    made = decide(told(line), template(line["policy"]))
    assert [
        made.outcome.value,
        made.deciding.rule,
        str(made.approvers),
        made.route or NONE,
        str(made.expected_on or NONE),
    ] == [line[name] for name in ("outcome", "by", "approvers", "route", "arrives")]


def test_each_template_and_each_of_its_rules_is_in_the_table() -> None:
    """No ready policy has a rule that the table does not show deciding."""
    shown = {(line["policy"], line["by"]) for line in lines()}
    rules = {(name, rule.id) for name in TEMPLATES for rule in template(name).rules}
    assert rules <= shown
