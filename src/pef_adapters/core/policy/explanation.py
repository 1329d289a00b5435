"""A kept decision in words: what was decided, why, and what would change it.

Reads the ledger's record, so that an old decision is explained as it was made, also
where it was made before records had all of today's keys.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pef_adapters.core.policy.decision import Change, Kind, Outcome, Verdict
from pef_adapters.core.texts import advise, explain


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whole sentences in one language."""

    outcome: str
    why: str
    advice: str
    terms: tuple[str, ...]
    verdicts: tuple[tuple[str, str], ...]
    changes: tuple[str, ...]


def explain_decision(record: Mapping[str, Any], language: str) -> Explanation:
    """The decision behind `record` (see `Decision.as_record`), in `language`."""
    key, figures = f"code.{record['code']}", record["figures"]
    return Explanation(
        outcome=explain(f"outcome.{record['outcome']}", language),
        why=explain(key, language, figures),
        advice=advise(key, language, figures),
        terms=tuple(_terms(record, language)),
        verdicts=tuple(
            (verdict.rule, verdict.explanation(language)) for verdict in _verdicts(record)
        ),
        changes=tuple(change.explanation(language) for change in _changes(record)),
    )


def _terms(record: Mapping[str, Any], language: str) -> Iterator[str]:
    yield explain("decision.POLICY", language, {"policy": record["policy_version"]})
    if approvers := record.get("approvers"):
        yield explain(f"decision.APPROVERS_{approvers}", language)
    if route := record.get("route"):
        yield explain(f"decision.ROUTE_{route}", language)
    if day := record.get("expected_on"):
        yield explain("decision.EXPECTED_ON", language, {"day": day})
    if moment := record.get("answer_by"):
        yield explain("decision.ANSWER_BY", language, {"at": moment})


def _verdicts(record: Mapping[str, Any]) -> Iterator[Verdict]:
    for kept in record["verdicts"]:
        outcome = kept["outcome"] and Outcome(kept["outcome"])
        yield Verdict(kept["rule"], kept["code"], outcome, kept["figures"])


def _changes(record: Mapping[str, Any]) -> Iterator[Change]:
    for kept in record.get("what_would_change", ()):
        yield Change(Kind(kept["kind"]), kept["at"], Outcome(kept["outcome"]), kept["rule"])
