"""A refund that may go back by the original route only: never paid by hand, and it says why."""

from dataclasses import replace

import pytest
from hypothesis import given

from pef_adapters.core.errors import HistoryUnreadable
from pef_adapters.core.policy import BASE, Outcome, Route, barred_by, decide, judge
from pef_adapters.core.policy.backtest import PastRefund, backtest
from pef_adapters.core.policy.decision import PAYOUT_BARRED, Verdict
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.core.policy.history import read_history, write_history
from pef_adapters.core.policy.recorded import facts_of, facts_record
from pef_adapters.core.texts import LANGUAGES, advise, explain
from policy_samples import FULL, Case, cases, facts

CODE = "PAYOUT_BARRED_BY_APP_STORE"
CODES = (CODE, "PAYOUT_BARRED_BY_STORE")


@given(cases())
def test_whatever_the_policy_a_barred_refund_is_never_paid_by_hand(case: Case) -> None:
    """What a person would have to pay is held without approvers; all else stays as it is."""
    free = judge(case.facts, case.policy)
    barred = judge(replace(case.facts, payout_barred=CODE), case.policy)
    if free.route is Route.PAYOUT:
        assert (barred.outcome, barred.code) == (Outcome.HOLD, CODE)
        assert (barred.approvers, barred.holds, barred.route) == (0, (), None)
        assert barred.expected_on is None
    else:
        told = [each for each in barred.verdicts if each.rule != PAYOUT_BARRED]
        assert replace(barred, verdicts=tuple(told)) == free


@given(cases())
def test_a_refund_without_a_bar_is_recorded_as_it_always_was(case: Case) -> None:
    """No verdict speaks of a bar that is not there."""
    record = judge(case.facts, case.policy).as_record()
    assert PAYOUT_BARRED not in str(record)
    assert barred_by(record) is None


def test_the_bar_is_told_also_where_it_holds_nothing() -> None:
    """A refund that goes back by itself carries its bar along, as a rule without a say."""
    made = decide(facts(payout_barred=CODE), BASE)
    assert made.outcome is Outcome.APPROVE
    assert Verdict(PAYOUT_BARRED, CODE, None) in made.verdicts
    assert barred_by(made.as_record()) == CODE
    assert PAYOUT_BARRED in {change.rule for change in made.changes}


def test_nothing_is_known_of_a_bar_before_a_decision() -> None:
    """A refund that was never decided is not called barred."""
    assert barred_by(None) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_a_barred_refund_is_explained_with_its_next_step(code: str, language: str) -> None:
    """Why and what to do stand in every language, also beside each rule's word."""
    told = explain_decision(decide(replace(FULL, payout_barred=code), BASE).as_record(), language)
    assert told.why == explain(f"code.{code}", language)
    assert told.advice == advise(f"code.{code}", language) != ""
    assert (PAYOUT_BARRED, told.why) in told.verdicts


def test_facts_recorded_before_there_were_bars_read_as_unbarred() -> None:
    """An older record lacks the field, and is decided as it was."""
    record = facts_record(FULL)
    assert record.pop("payout_barred") is None
    assert facts_of(record) == FULL
    assert facts_of(facts_record(replace(FULL, payout_barred=CODE))).payout_barred == CODE


def test_a_history_keeps_the_bar() -> None:
    """A back-test of exported refunds holds what nobody could have paid by hand."""
    refund = PastRefund("r1", facts(payout_barred=CODE, payout_chosen=False), Outcome.HOLD)
    assert list(read_history(write_history([refund]))) == [refund]
    old = facts(payout_barred=CODE, now=refund.facts.now.replace(year=2027, month=1))
    report = backtest([PastRefund("r2", old, Outcome.PAYOUT)], BASE)
    assert report.would_be[Outcome.PAYOUT].count == 0
    assert report.approvals == 0


def test_a_history_with_a_bar_that_has_no_text_is_refused() -> None:
    """Whatever holds a refund can be explained."""
    text = write_history([PastRefund("r1", facts(payout_barred=CODE), Outcome.HOLD)])
    with pytest.raises(HistoryUnreadable, match="line 2: 'NO_SUCH' is no code"):
        list(read_history(text.replace(CODE, "NO_SUCH")))
