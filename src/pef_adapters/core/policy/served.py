"""What of a policy the engine acts on in this version; what it does not is refused.

A policy that is half obeyed would be worse than none: an owner would trust a limit
that nobody counts, or wait for a release that nobody can give. Pure.
"""

from collections.abc import Iterator

from pef_adapters.core.policy.decision import Outcome
from pef_adapters.core.policy.model import Answer, Closed, Policy, PolicyRule

# Conditions on facts that no store tells the engine yet.
_UNTOLD = ("categories", "tags", "buyer_past_refunds")


def not_served(policy: Policy) -> tuple[str, ...]:
    """A sentence for each part of the policy that would not be acted on."""
    return (*_declared_only(policy), *(s for rule in policy.rules for s in _of_rule(rule)))


def _declared_only(policy: Policy) -> Iterator[str]:
    if policy.limits:
        yield "limits are not counted yet"
    if "double_press_minutes" in policy.model_fields_set:
        yield "double_press_minutes is not watched yet"
    if policy.otherwise is not None and _waits_for_release(policy.otherwise):
        yield "otherwise holds, and nobody can release a refund that a policy holds yet"
    if any(w.closed is Closed.HOLD for w in (policy.window, *policy.rail_windows)):
        yield "a window that holds has nobody to release its refunds yet"


def _of_rule(rule: PolicyRule) -> Iterator[str]:
    if _waits_for_release(rule):
        yield f"rule {rule.id} holds, and nobody can release a refund that a policy holds yet"
    for name in _UNTOLD:
        if getattr(rule.when, name, None):
            yield f"rule {rule.id} asks for {name}, which no store tells yet"


def _waits_for_release(answer: Answer) -> bool:
    return answer.then is Outcome.HOLD
