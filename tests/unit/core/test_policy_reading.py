"""Reading, publishing and inheriting policies; every mistake is named with its line."""

import pytest
from pydantic import ValidationError

from pef_adapters.core.errors import InvalidInput, NotThere, PolicyLocked, PolicyUnreadable
from pef_adapters.core.policy import (
    BASE,
    Outcome,
    Policy,
    inherit,
    policy_from_settings,
    read_policy,
)
from pef_adapters.core.policy.library import template_text

MISTAKES = [
    ("", "line 1: a policy starts with its name"),
    ("- a", "line 1: a policy starts with its name"),
    ("name: [", "line 1: "),
    ("name: a\nname: b", 'line 2: "name" stands here for the second time'),
    ("name: a\nrules: []\nruels: []", "line 3: ruels: there is no such name"),
    ("name: a\nrules:\n- id: x", "line 3: rules[1].then: this has to be given"),
    ("name: a\nrules:\n- {id: x, then: refuse}", "line 3: rules[1].then: "),
    (
        "name: a\nrules:\n- id: x\n  then: hold\n  when:\n    amount: {max: 1e3, currency: PEN}",
        "line 6: rules[1].when.amount.max: '1e3' is not an amount such as 59.90",
    ),
    ("name: a\notherwise: {then: hold, approvers: 3}", "line 2: otherwise.approvers"),
    (
        "name: a\nrules: [{id: x, then: hold}, {id: x, then: hold}]",
        "each rule stands once; twice there is x",
    ),
    ("name: a\nrules: [{id: otherwise, then: hold}]", "no rule is called otherwise"),
    ("name: a\nrules: [{id: keys_apart, then: hold}]", "line 2: rules[1].id: "),
    ("name: a\nlimits: [{per: buyer, count: 3}]", "needs either days or hours"),
    ("name: a\nlimits: [{per: buyer, days: 1}]", "either an amount or a count"),
    ("name: a\nlimits: [{per: refund, amount: 1}]", "an amount needs its currency"),
    ("name: &x a\ndescription: {en: *x}", "line 2: write it out: aliases are not read"),
    ("name: a\nrules: " + "[" * 5000, "brackets stand too deep"),
    ("name: a\ntext: \x07", "this is not YAML: "),
    ("a" * 200_001, "a policy has at most 200000 characters"),
    ("name: !!python/object:os.system a", "line 1: "),
    (
        "name: a\nrules: [{id: x, then: hold, when: {share_of_payment: {max: 50}}}]",
        "50 is not a share such as 50%",
    ),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_each_mistake_is_named_with_its_line(text: str, said: str) -> None:
    """Whoever wrote the file is told where and what to do."""
    with pytest.raises(PolicyUnreadable) as caught:
        read_policy(text)
    assert said in str(caught.value)


def test_yaml_and_json_are_the_same_policy() -> None:
    """A policy written out as JSON is read back with the same digest."""
    policy = read_policy(template_text("volume"))
    assert read_policy(policy.canonical_json()).digest == policy.digest


def test_numbers_are_read_as_people_mean_them() -> None:
    """Amounts stay exact decimals, and a leading zero makes nothing octal."""
    when = "{amount: {min: 0.10, max: 0100, currency: PEN}}"
    policy = read_policy(f"name: a\nrules: [{{id: x, when: {when}, then: hold}}]")
    amount = policy.rules[0].when.amount
    assert amount is not None
    assert (str(amount.min), str(amount.max)) == ("0.10", "100")


def test_a_float_from_code_is_no_amount() -> None:
    """Money never passes through a float on its way into a policy."""
    rule = {"id": "x", "then": "hold", "when": {"amount": {"max": 0.1, "currency": "PEN"}}}
    with pytest.raises(ValidationError):
        Policy.model_validate({"name": "a", "rules": [rule]})


def test_a_published_policy_does_not_change() -> None:
    """A version is given once, its contents are frozen, and its digest names them."""
    draft = read_policy(template_text("return"))
    first = draft.published(1)
    assert (first.label, first.rules) == ("return-1", draft.rules)
    assert first.digest != draft.digest
    with pytest.raises(ValidationError):
        first.version = 2  # type: ignore[misc]
    for policy, version in ((first, 2), (draft, 0)):
        with pytest.raises(InvalidInput):
            policy.published(version)


def test_old_settings_are_a_policy_of_windows_only() -> None:
    """What stores kept before there were policies still means the same."""
    assert policy_from_settings({}) == BASE
    policy = policy_from_settings({"original_route_days": 10, "payout_days": 20})
    assert (policy.label, policy.window.original_route_days) == ("base-1", 10)
    assert policy.otherwise is not None
    assert policy.otherwise.then is Outcome.APPROVE


def test_kept_settings_that_are_no_policy_are_refused() -> None:
    """A misspelt setting is an error, not a policy without it."""
    with pytest.raises(PolicyUnreadable, match="payout_day"):
        policy_from_settings({"payout_day": 20})
    with pytest.raises(PolicyUnreadable, match="original_route_days"):
        policy_from_settings({"original_route_days": -1})


def test_a_rail_has_its_own_window_where_one_is_given() -> None:
    """The window of a rail replaces the policy's own for that rail alone."""
    policy = read_policy("name: a\nrail_windows: [{rail: dlocal, original_route_days: 180}]")
    assert policy.window_for("dlocal").original_route_days == 180
    assert policy.window_for("pagoefectivo").original_route_days == 30


def test_a_template_that_is_not_there() -> None:
    """An unknown name is answered with the names there are."""
    with pytest.raises(NotThere, match="volume"):
        template_text("../secrets")


AGENCY = """
name: agency
rules:
  - {id: open-head, when: {tags: [a]}, then: hold}
  - {id: fixed, when: {tags: [b]}, then: reject, locked: true}
  - {id: open-tail, when: {tags: [c]}, then: hold}
  - {id: last, then: hold}
otherwise: hold
locked: [limits]
limits: [{per: buyer, days: 1, count: 2}]
"""


def test_a_store_replaces_what_is_open_and_stands_after_what_is_locked() -> None:
    """The order is the agency's head, the store's rules, the agency's tail."""
    store = read_policy(
        "name: shop\nversion: 3\nwindow: {payout_days: 60}\n"
        "rules: [{id: own, when: {tags: [z]}, then: approve}, {id: open-head, then: approve}]"
    )
    whole = inherit(read_policy(AGENCY), store)
    assert [rule.id for rule in whole.rules] == ["fixed", "own", "open-head", "open-tail", "last"]
    assert (whole.label, whole.window.payout_days) == ("shop-3/agency-0", 60)
    assert (len(whole.limits), whole.otherwise and whole.otherwise.then) == (1, Outcome.HOLD)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ("rules: [{id: fixed, when: {tags: [b]}, then: approve}]", "the rule fixed"),
        ("limits: []", "limits"),
    ],
)
def test_what_is_locked_stays_locked(changes: str, named: str) -> None:
    """A store that changes a locked rule or part is told which."""
    with pytest.raises(PolicyLocked, match=named):
        inherit(read_policy(AGENCY), read_policy(f"name: shop\n{changes}"))


def test_repeating_a_locked_rule_changes_nothing() -> None:
    """A store may write down what its agency demands anyway."""
    fixed = "rules: [{id: fixed, when: {tags: [b]}, then: reject, locked: true}]"
    whole = inherit(read_policy(AGENCY), read_policy(f"name: shop\n{fixed}"))
    assert whole.rules == read_policy(AGENCY).rules
