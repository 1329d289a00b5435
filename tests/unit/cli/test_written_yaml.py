"""Policies and costs as YAML: what is printed is read again as the same."""

import pytest

from cost_samples import example_costs
from pef_adapters.core import writing
from pef_adapters.core.costs import read_costs
from pef_adapters.core.policy import Policy, inherit, read_policy
from pef_adapters.core.policy.library import TEMPLATES, template

AGENCY = read_policy(
    "name: acme\nversion: 4\notherwise: hold\nlocked: [window]\n"
    "limits: [{per: store, days: 1, amount: 5000.00, currency: PEN}]\n"
    "rules: [{id: dollars, locked: true, when: {currencies: [USD]}, then: hold, approvers: 2}]\n"
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_policy_is_read_again_as_it_was_written(name: str) -> None:
    """Nothing is lost or added, and what was left open stays open."""
    again = read_policy(writing.policy_as_written(template(name)))
    assert again == template(name)
    assert again.as_written() == template(name).as_written()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_whole_policy_decides_the_same(name: str) -> None:
    """With its defaults written out it is the same policy, by its digest."""
    assert read_policy(writing.policy_whole(template(name))).digest == template(name).digest


def test_a_joined_policy_can_be_kept_and_published_again() -> None:
    """Version and agency are the publication's: what is printed is a draft under any agency."""
    joined = inherit(AGENCY, read_policy("name: shop\nversion: 7\nlimits: []\n"))
    draft = read_policy(writing.policy_whole(joined))
    assert (draft.version, draft.under) == (0, "")
    assert inherit(AGENCY, draft).rules == joined.rules
    assert inherit(AGENCY, draft).limits == ()


def test_amounts_stand_without_quotes_and_words_that_look_like_them_stay_words() -> None:
    """Amounts look as people write them; a tag called 2.50 is still a tag."""
    policy = read_policy(
        'name: shop\notherwise: hold\nrules: [{id: a, then: hold, when: {tags: ["2.50"], '
        "amount: {max: 300.00, currency: PEN}}}]\n"
    )
    text = writing.policy_as_written(policy)
    assert "max: 300.00\n" in text
    assert read_policy(text) == policy


def test_a_rule_begins_with_its_id() -> None:
    """A rule reads in the order in which people think of it."""
    text = writing.policy_as_written(template("volume"))
    assert text.index("- id: small") < text.index("Up to S/ 150") < text.index("max: 150.00")


def test_costs_are_read_again_as_they_were_given() -> None:
    """What `costs show` prints, `costs set` takes."""
    costs = example_costs()
    text = writing.costs_as_written(costs)
    assert read_costs(text) == costs
    assert "rate: 3.7515" in text


def test_an_empty_description_is_not_written() -> None:
    """What says nothing takes no line."""
    text = writing.policy_whole(Policy(name="bare"))
    assert "description" not in text
    assert "''" not in text
