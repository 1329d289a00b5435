"""How `pef policy` shows findings, back-tests and explanations."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.text import Text

from pef_adapters.cli import output
from pef_adapters.core.policy import Finding, Outcome, Policy
from pef_adapters.core.policy.backtest import Backtest, Changed, Tally
from pef_adapters.core.policy.explanation import Explanation
from pef_adapters.core.policy.lint import Severity
from pef_adapters.core.texts import LANGUAGES

_COLOURS = {
    Outcome.APPROVE: "green",
    Outcome.PAYOUT: "blue",
    Outcome.HOLD: "yellow",
    Outcome.REJECT: "red",
}
_BAR = 30


def template_record(policy: Policy) -> dict[str, Any]:
    """A template as plain data."""
    return {
        "name": policy.name,
        "description": policy.description.model_dump(),
        "digest": policy.digest,
        "policy": policy.model_dump(mode="json", exclude_defaults=True),
    }


def check_record(policy: Policy, found: Sequence[Finding]) -> dict[str, Any]:
    """What lint found, in every language."""
    return {
        "policy": policy.label,
        "digest": policy.digest,
        "rules": len(policy.rules),
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "rules": list(finding.rules),
                "means": {name: finding.explanation(name) for name in LANGUAGES},
                "next": {name: finding.advice(name) for name in LANGUAGES},
            }
            for finding in found
        ],
    }


def print_findings(policy: Policy, found: Sequence[Finding], language: str) -> None:
    """Each finding with its mend, or that there is none."""
    for finding in found:
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        said = escape(finding.explanation(language))
        output.out.print(f"[{colour}]{finding.code}[/{colour}] {said}", highlight=False)
        output.out.print(f"    → {escape(finding.advice(language))}", highlight=False)
    if not found:
        output.out.print(f"[green]✔[/green] {policy.label}: nothing to mend", highlight=False)


def print_backtest(report: Backtest, language: str) -> None:
    """The outcomes then and now with a bar each, then every decision that would change."""
    most = max((tally.count for tally in report.would_be.values()), default=0)
    output.table(
        f"Refunds by {report.policy.label}: {report.count}",
        ("outcome", "was", "would be", "money then", "money now", ""),
        (_outcome_row(outcome, report, most) for outcome in Outcome),
    )
    output.out.print(f"approvals people would give: {report.approvals}", highlight=False)
    output.table(
        f"Decisions that would change: {len(report.changed)}",
        ("refund", "amount", "was", "would be", "why"),
        (_changed_row(changed, language) for changed in report.changed),
    )


def explanation_record(told: Explanation) -> dict[str, Any]:
    """An explanation as plain data."""
    verdicts = [{"rule": rule, "means": means} for rule, means in told.verdicts]
    return {**asdict(told), "verdicts": verdicts}


def print_explanation(told: Explanation) -> None:
    """What, why, what to do, on what terms, each rule's word, and what would change it."""
    output.out.print(f"[bold]{escape(told.outcome)}[/bold]", highlight=False)
    for line in (told.why, told.advice and f"→ {told.advice}", *told.terms, *told.changes):
        if line:
            output.out.print(escape(line), highlight=False)
    output.table("Guards, window and rules", ("name", "what it says"), told.verdicts)


def _outcome_row(outcome: Outcome, report: Backtest, most: int) -> tuple[object, ...]:
    was, would_be = report.was[outcome], report.would_be[outcome]
    bar = "█" * round(_BAR * would_be.count / most) if most else ""
    colour = _COLOURS[outcome]
    return (
        Text(outcome, colour),
        was.count,
        would_be.count,
        _money(was),
        _money(would_be),
        Text(bar, colour),
    )


def _money(tally: Tally) -> str:
    return "\n".join(str(tally.money[currency]) for currency in sorted(tally.money)) or "—"


def _changed_row(changed: Changed, language: str) -> tuple[object, ...]:
    was, now = changed.past.outcome, changed.now.outcome
    return (
        changed.past.refund,
        changed.past.facts.amount,
        Text(was, _COLOURS[was]),
        Text(now, _COLOURS[now]),
        changed.now.deciding.explanation(language),
    )
