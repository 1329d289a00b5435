"""What the engine does not act on yet is refused, never ignored."""

import pytest

from pef_adapters.core.policy import BASE, read_policy
from pef_adapters.core.policy.library import TEMPLATES, template
from pef_adapters.core.policy.served import not_served

_RULE = "rules: [{id: one, when: %s, then: %s}]\notherwise: approve\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_RULE % ("{currencies: [PEN]}", "hold"), "rule one holds"),
        (_RULE % ("{tags: [x]}", "approve"), "asks for tags"),
        (_RULE % ("{categories: [x]}", "reject"), "asks for categories"),
        (_RULE % ("{buyer_past_refunds: {min: 2}}", "reject"), "buyer_past_refunds"),
        ("otherwise: hold\n", "otherwise holds"),
        ("otherwise: approve\nwindow: {closed: hold}\n", "window that holds"),
        ("otherwise: approve\nlimits: [{per: refund, amount: 5.00, currency: PEN}]\n", "limits"),
        ("otherwise: approve\ndouble_press_minutes: 5\n", "double_press_minutes"),
    ],
)
def test_each_unserved_part_is_named(text: str, said: str) -> None:
    """A policy with a part that nobody acts on says which."""
    missing = not_served(read_policy(f"name: shop\n{text}"))
    assert len(missing) == 1
    assert said in missing[0]


def test_a_policy_of_served_parts_is_taken() -> None:
    """Approving, paying out and refusing by what the store tells is served whole."""
    text = _RULE % ("{amount: {min: 500.00, currency: PEN}}", "payout")
    assert not_served(read_policy(f"name: shop\n{text}")) == ()
    assert not_served(BASE) == ()


def test_the_templates_wait_for_approvals() -> None:
    """Every ready policy holds something, so none is used before somebody can release it."""
    assert all(not_served(template(name)) for name in TEMPLATES)
