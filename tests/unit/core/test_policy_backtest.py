"""Back-tests and explanations: past refunds in, figures and whole sentences out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pef_adapters.core.errors import HistoryUnreadable
from pef_adapters.core.money import Money
from pef_adapters.core.policy import BASE, Facts, Outcome, Used, Vote, decide, read_policy
from pef_adapters.core.policy.approval import digest
from pef_adapters.core.policy.backtest import PastRefund, backtest
from pef_adapters.core.policy.explanation import explain_decision
from pef_adapters.core.policy.history import COLUMNS, read_history, write_history
from pef_adapters.core.policy.library import template
from pef_adapters.core.texts import LANGUAGES
from policy_samples import FULL, NOON, facts, paying

HEAD = "refund,asked_at,amount,currency,outcome,transaction,paid_at"
LINE = "r1,2026-11-23T12:00:00-05:00,59.90,PEN,approve,11546901,2026-11-20T09:00:00-05:00"

PAST = [
    PastRefund("r1", facts(**paying("100.00")), Outcome.APPROVE),
    PastRefund("r2", facts(**paying("150.01"), reason="=1+1"), Outcome.APPROVE),
    PastRefund("r3", facts(**paying("700.00"), pressed_by="rosa, la jefa"), Outcome.APPROVE),
    PastRefund("r4", facts(**paying("20.00", "USD"), tags=frozenset({"a", "b"})), Outcome.HOLD),
    PastRefund("r5", facts(paid_at=NOON - timedelta(days=91)), Outcome.PAYOUT),
    PastRefund("r6", facts(paid_at=None, payment=None, rest=None), Outcome.REJECT),
]


def test_a_backtest_counts_outcomes_and_money_and_names_each_change() -> None:
    """The figures are those of the past refunds under the new policy."""
    report = backtest(PAST, template("volume")).as_record()
    assert report["refunds"] == 6
    assert report["was"] == {
        "approve": {"count": 3, "money": {"PEN": "950.01"}},
        "payout": {"count": 1, "money": {"PEN": "100.00"}},
        "hold": {"count": 1, "money": {"USD": "20.00"}},
        "reject": {"count": 1, "money": {"PEN": "100.00"}},
    }
    assert report["would_be"] == {
        "approve": {"count": 2, "money": {"PEN": "250.01"}},
        "payout": {"count": 0, "money": {}},
        "hold": {"count": 2, "money": {"PEN": "700.00", "USD": "20.00"}},
        "reject": {"count": 2, "money": {"PEN": "200.00"}},
    }
    # One approver for S/ 700, two for dollars, of which the tier says nothing.
    assert report["approvals"] == 3
    changed = report["changed"]
    assert isinstance(changed, list)
    assert [(c["refund"], c["was"], c["would_be"], c["rule"]) for c in changed] == [
        ("r3", "approve", "hold", "otherwise"),
        ("r5", "payout", "reject", "window_open"),
    ]


def test_a_backtest_of_nothing_is_empty() -> None:
    """Without past refunds there is nothing to count and nothing to fail on."""
    report = backtest([], BASE)
    assert (report.count, report.changed, report.approvals) == (0, (), 0)


STORE_LIMIT = "limits: [{per: store, days: 1, amount: 100.00, currency: PEN}]"


def past(refund: str, amount: str, hours: float, **changes: object) -> PastRefund:
    """A refund so many hours before noon, which was approved then."""
    now = NOON - timedelta(hours=hours)
    asked = facts(**{**paying(amount), "now": now, "store": "s", **changes})
    return PastRefund(refund, asked, Outcome.APPROVE)


def held(refunds: list[PastRefund], more: str, otherwise: str = "approve") -> list[str]:
    """Which of the refunds a policy would hold, in order of time."""
    policy = read_policy(f"name: tried\notherwise: {otherwise}\n{more}\n")
    changed = backtest(refunds, policy).changed
    return [each.past.refund for each in changed if each.now.outcome is Outcome.HOLD]


def test_limits_count_what_this_policy_would_have_let_go() -> None:
    """In order of time, not of the file; what it holds leaves the rest of the limit to others."""
    refunds = [
        past("late", "40.00", 1),
        past("early", "60.00", 4),
        past("too-much", "40.01", 3),
        past("other-store", "100.00", 2, store="t"),
        past("last", "0.01", 0.5),
    ]
    assert held(refunds, STORE_LIMIT) == ["too-much", "last"]


def test_what_was_counted_then_is_forgotten() -> None:
    """The counters and the votes of the old policy play no part."""
    full = {"store/s/1d": Used(9, (Money(10000, "PEN"),))}
    vote = Vote("ana", digest(Money(10000, "PEN"), None), frozenset({"otherwise"}))
    assert held([past("r1", "100.00", 1, used=full)], STORE_LIMIT) == []
    assert held([past("r1", "100.00", 1, votes=(vote,))], "", "hold") == ["r1"]


def test_a_day_limit_begins_at_midnight_in_lima_and_an_hour_limit_rolls() -> None:
    """12 hours and a minute before noon is yesterday; 24 hours before is within 24 hours."""
    yesterday, today = past("y", "100.00", 12 + 1 / 60), past("n", "100.00", 0)
    assert held([yesterday, today], STORE_LIMIT) == []
    assert held([past("m", "100.00", 12), today], STORE_LIMIT) == ["n"]
    rolling = STORE_LIMIT.replace("days: 1", "hours: 24")
    assert held([past("y", "100.00", 24), today], rolling) == ["n"]
    assert held([past("y", "100.00", 24 + 1 / 3600), today], rolling) == []


@pytest.mark.parametrize(
    ("changes", "more", "needed"),
    [
        ({}, "otherwise: approve", 0),
        ({}, "otherwise: {then: hold, approvers: 2}", 2),
        # A guard's hold is for no one to lift.
        ({"reversed_by_bank": True}, "otherwise: hold", 0),
        # Bank details, once they are given, take two people, who then also see the hold again.
        ({"payout_chosen": True}, "otherwise: approve", 2),
        ({"payout_chosen": True}, "otherwise: hold", 3),
        ({"payout_chosen": True}, "otherwise: hold\npayout: {approvers: 1}", 2),
        ({"payout_chosen": True, "beneficiary": "h"}, "otherwise: hold", 2),
        ({"paid_at": NOON - timedelta(days=91)}, "otherwise: hold", 0),
    ],
)
def test_a_backtest_counts_the_approvals_until_the_money_leaves(
    changes: dict[str, object], more: str, needed: int
) -> None:
    """Each person who would have to agree is counted, each time."""
    policy = read_policy(f"name: tried\n{more}\n")
    refund = PastRefund("r1", facts(**changes), Outcome.APPROVE)
    assert backtest([refund], policy).approvals == needed


def test_history_is_read_as_it_was_written() -> None:
    """Every fact survives the CSV, and no cell is a formula for a spreadsheet."""
    text = write_history(PAST)
    assert list(read_history(text)) == PAST
    assert "'=1+1" in text
    assert text.splitlines()[0].split(",") == list(COLUMNS)


# What the CSV has no column for.
NOT_IN_CSV: dict[str, object] = {
    "kyc_until": None,
    "keys_until": None,
    "asked_at": None,
    "beneficiary": None,
    "payout_chosen": False,
    "editors": frozenset(),
    "siblings": (),
    "votes": (),
    "used": {},
}
words = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@example("a\r\nb", 'x,"y"', "\r", "=1+1")
@given(words, words, words, words)
def test_whose_refund_it_was_may_be_any_text(
    store: str | None, account: str | None, buyer: str | None, destination: str | None
) -> None:
    """Commas, quotes, line ends and formulas in it are read as they were written."""
    whose = {"store": store, "account": account, "buyer": buyer, "destination": destination}
    asked: Facts = replace(FULL, **NOT_IN_CSV, **whose)  # type: ignore[arg-type]
    written = [PastRefund("r1", asked, Outcome.HOLD)]
    assert list(read_history(write_history(written))) == written


def test_the_shortest_history_is_enough() -> None:
    """The needed columns alone make a refund of the whole payment."""
    (past,) = read_history(f"\ufeff{HEAD}\n{LINE}\n")
    assert past.facts.payment == past.facts.rest == Money(5990, "PEN")
    assert backtest([past], BASE).changed == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("refund\nr1", "line 1: add the missing columns asked_at, amount"),
        (f"{HEAD},colour\n{LINE},red", "line 1: no column is called colour"),
        (f"{HEAD}\n{LINE}\nr2", "line 3: it has not as many cells"),
        (f"{HEAD}\n{LINE},more", "line 2: it has not as many cells"),
        (f"{HEAD}\n{LINE.replace('59.90', '59,90')}", "line 2: "),
        (f"{HEAD}\n{LINE.replace('59.90', 'many')}", "line 2: 'many' is not an amount"),
        (f"{HEAD}\n{LINE.replace('approve', 'maybe')}", "line 2: 'maybe'"),
        (f"{HEAD}\n{LINE.replace('-05:00', '')}", "has no zone; write 2026-11-"),
        (f"{HEAD},reversed\n{LINE},perhaps", "line 2: 'perhaps' is neither yes nor no"),
        (f'{HEAD}\n"{LINE}', "near line 1: unexpected end"),
        ("", "line 1: add the missing columns"),
    ],
)
def test_a_history_that_cannot_be_read_says_where(text: str, said: str) -> None:
    """The first mistake is named with its line."""
    with pytest.raises(HistoryUnreadable) as caught:
        list(read_history(text))
    assert said in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("past", PAST, ids=lambda past: past.refund)
def test_every_decision_is_explained_whole(past: PastRefund, language: str) -> None:
    """Outcome, reason, terms, each verdict and each change are sentences without a gap."""
    told = explain_decision(decide(past.facts, template("volume")).as_record(), language)
    said = [told.outcome, told.why, *told.terms, *told.changes, *(s for _, s in told.verdicts)]
    assert all(sentence.endswith((".", "。")) for sentence in said)
    assert not any("…" in sentence for sentence in (told.why, *told.terms, *told.changes))


def test_what_would_change_is_said_in_words() -> None:
    """A held refund names the amount and the rule that would let it go."""
    told = explain_decision(decide(PAST[2].facts, template("volume")).as_record(), "en")
    smaller, later = told.changes
    assert "smaller amount with another outcome is 600.00 PEN" in smaller
    assert smaller.endswith('it would be approved, by "middling-by-day".')
    assert "next day with another outcome is 2027-02-19" in later
    assert later.endswith('it would be rejected, by "window_open".')
    assert "One person has to approve it." in told.terms


def test_an_old_record_is_still_explained() -> None:
    """A decision from before there were policies is told from what it kept."""
    old = {
        "policy_version": "base-1",
        "outcome": "reject",
        "code": "WINDOW_CLOSED",
        "figures": {"age": "91", "original_route": "30", "payout": "90"},
        "verdicts": [
            {
                "rule": "window_open",
                "code": "WINDOW_CLOSED",
                "outcome": "reject",
                "figures": {"age": "91", "original_route": "30", "payout": "90"},
            }
        ],
    }
    told = explain_decision(old, "en")
    assert "91 days" in told.why
    assert told.changes == ()
