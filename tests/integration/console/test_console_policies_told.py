"""Policies in plain sentences: every rule, limit and bound of every policy can be told."""

import pytest

from pef_adapters.core.policy import LimitScope, read_policy
from pef_adapters.core.policy.library import TEMPLATES, template
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.server.console.policies.telling import tell

LIMITS = "".join(
    f"  - {{per: {scope.value}, {'' if scope is LimitScope.REFUND else 'days: 7, '}"
    "amount: 321.00, currency: PEN}\n"
    for scope in LimitScope
)
WHOLE = f"""\
name: shop
rules:
  - id: busy
    when:
      currencies: [PEN, USD]
      hours: {{from: 22, to: 6}}
      reason: {{contains: [roto]}}
      share_of_payment: {{max: 50%}}
    then: hold
    approvers: {{one_up_to: 100.00, currency: PEN}}
  - id: two
    then: hold
    approvers: 2
window: {{closed: hold}}
limits:
{LIMITS}"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_ready_policy_is_told_whole(name: str, language: str) -> None:
    """Each rule of a template has its answer in words, and no figure is missing."""
    policy = template(name)
    told = tell(policy, language)
    assert [rule.name for rule in told.rules] == [rule.id for rule in policy.rules]
    assert all(rule.answer for rule in told.rules)
    assert "…" not in " ".join((*told.beside, *told.otherwise))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_limit_and_condition_is_told(language: str) -> None:
    """All scopes of limits, both ends of a window and each bound stand there with figures."""
    told = tell(read_policy(WHOLE), language)
    wanted = [wanted for _, wanted in told.rules[0].conditions]
    assert sorted(wanted) == sorted(["PEN, USD", "22:00–06:00", "…roto…", "≤ 50 %"])
    assert "100.00 PEN" in " ".join(told.rules[0].answer)
    limits = [line for line in told.beside if "321.00 PEN" in line]
    assert len(set(limits)) == len(LimitScope)
    assert sum("7d" in line for line in limits) == len(LimitScope) - 1
    assert told.otherwise == ()
    assert told.rules[1].conditions == ()


def test_a_draft_that_is_wrong_can_still_be_told() -> None:
    """A currency that does not exist is for the check to name, and breaks no page."""
    draft = "name: shop\nlimits:\n  - {per: refund, amount: 5.00, currency: XXQ}\n"
    assert any("5.00 XXQ" in line for line in tell(read_policy(draft), "en").beside)
