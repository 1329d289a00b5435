"""Which conditions surely hold wherever others do, and which nobody can meet: at the edges."""

from typing import Any

import pytest

from pef_adapters.core.errors import PolicyUnreadable
from pef_adapters.core.policy import read_policy
from pef_adapters.core.policy.conditions import Conditions
from pef_adapters.core.policy.covering import covers, impossible
from pef_adapters.core.reading import _MOST_CHARACTERS

PEN = {"currency": "PEN"}


def when(**given: Any) -> Conditions:
    """Conditions as a policy's file gives them."""
    return Conditions.model_validate(given)


@pytest.mark.parametrize(
    ("early", "late", "covered"),
    [
        ({}, {}, True),
        ({}, {"amount": {**PEN, "max": 5}}, True),
        ({"amount": {**PEN, "max": 5}}, {}, False),
        ({"amount": {**PEN, "max": 5}}, {"amount": {**PEN, "max": 5}}, True),
        ({"amount": {**PEN, "max": 5}}, {"amount": {**PEN, "max": 6}}, False),
        ({"amount": {**PEN, "min": 5}}, {"amount": {**PEN, "min": 5}}, True),
        ({"amount": {**PEN, "min": 5}}, {"amount": {**PEN, "min": 4}}, False),
        ({"amount": {**PEN, "min": 5}}, {"amount": {**PEN, "max": 9}}, False),
        ({"amount": {**PEN, "max": 5}}, {"amount": {**PEN, "min": 1}}, False),
        ({"amount": {**PEN, "max": 5}}, {"amount": {"currency": "USD", "max": 5}}, False),
        ({"age_days": {"min": 2}}, {"age_days": {"min": 3, "max": 4}}, True),
        ({"buyer_past_refunds": {"min": 2}}, {"buyer_past_refunds": {"min": 1}}, False),
        ({"tags": ["a", "B"]}, {"tags": ["b"]}, True),
        ({"tags": ["a"]}, {"tags": ["a", "b"]}, False),
        ({"tags": ["a"]}, {}, False),
        ({"currencies": ["PEN"]}, {"amount": {**PEN, "max": 5}}, True),
        ({"currencies": ["USD"]}, {"amount": {**PEN, "max": 5}}, False),
        ({"platforms": ["vtex"]}, {"amount": {**PEN, "max": 5}}, False),
        ({"reason": {"contains": ["an"]}}, {"reason": {"contains": ["anulado"]}}, True),
        ({"reason": {"contains": ["anulado"]}}, {"reason": {"contains": ["an"]}}, False),
        ({"reason": {"contains": ["a"]}}, {"reason": {"contains": ["ab", "cd"]}}, False),
        ({"reason": {"contains": ["a"]}}, {"reason": {"equals": ["ab", "ac"]}}, True),
        ({"reason": {"contains": ["a"]}}, {"reason": {"equals": ["ab", "x"]}}, False),
        ({"reason": {"contains": ["a"]}}, {}, False),
        ({"hours": {"start": 8, "end": 20}}, {"hours": {"start": 9, "end": 20}}, True),
        ({"hours": {"start": 8, "end": 20}}, {"hours": {"start": 7, "end": 20}}, False),
        ({"hours": {"start": 8, "end": 20}}, {}, False),
        ({"tags": ["a"], "platforms": ["x"]}, {"tags": ["a"], "platforms": ["y"]}, False),
    ],
)
def test_a_rule_takes_all_that_a_narrower_one_would(
    early: dict[str, Any], late: dict[str, Any], *, covered: bool
) -> None:
    """Only where that is certain."""
    assert covers(when(**early), when(**late)) is covered


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, None),
        ({"amount": {**PEN, "min": 5, "max": 5}}, None),
        ({"amount": {**PEN, "min": 6, "max": 5}}, "amount"),
        ({"amount": {**PEN, "max": 0}}, "amount"),
        ({"age_days": {"min": 3, "max": 2}}, "age_days"),
        ({"tags": []}, "tags"),
        ({"reason": {}}, "reason"),
        ({"hours": {"start": 3, "end": 3}}, "hours"),
        ({"amount": {**PEN, "max": 5}, "currencies": ["USD"]}, "currencies"),
        ({"amount": {**PEN, "max": 5}, "currencies": ["USD", "PEN"]}, None),
        ({"share_of_payment": {"max": "0%"}}, "share_of_payment"),
        ({"share_of_payment": {"min": "100%"}}, None),
        ({"share_of_payment": {"min": "101%"}}, "share_of_payment"),
        ({"age_days": {"max": 3}, "age_business_days": {"min": 4}}, "age_business_days"),
        ({"age_days": {"max": 3}, "age_business_days": {"min": 3}}, None),
        ({"age_days": {"min": 3}, "age_business_days": {"min": 4}}, None),
    ],
)
def test_a_condition_that_nobody_meets_is_named(given: dict[str, Any], name: str | None) -> None:
    """Alone, or together with another."""
    found = impossible(when(**given))
    assert (found and found[0]) == name


@pytest.mark.parametrize("over", [0, 1])
def test_a_policy_has_a_longest_text(over: int) -> None:
    """So many letters are read; one more is refused before anything is parsed."""
    text = "name: shop\notherwise: hold\n#"
    text += "x" * (_MOST_CHARACTERS - len(text) + over)
    if over:
        with pytest.raises(PolicyUnreadable, match=str(_MOST_CHARACTERS)):
            read_policy(text)
    else:
        assert read_policy(text).name == "shop"
