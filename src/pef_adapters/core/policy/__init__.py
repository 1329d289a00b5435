"""The refund policy: facts in, an explained decision out. Pure and deterministic."""

from pef_adapters.core.policy.decision import (
    Change,
    Decision,
    Outcome,
    Route,
    Verdict,
    barred_by,
)
from pef_adapters.core.policy.facts import DEFAULT_RAIL, Facts, Mode, Sibling, Used, Vote
from pef_adapters.core.policy.inherit import inherit
from pef_adapters.core.policy.judge import decide, judge
from pef_adapters.core.policy.lint import Finding, lint
from pef_adapters.core.policy.model import BASE, Limit, LimitScope, Policy, PolicyRule, Window
from pef_adapters.core.policy.reading import policy_from_settings, read_policy

__all__ = [
    "BASE",
    "DEFAULT_RAIL",
    "Change",
    "Decision",
    "Facts",
    "Finding",
    "Limit",
    "LimitScope",
    "Mode",
    "Outcome",
    "Policy",
    "PolicyRule",
    "Route",
    "Sibling",
    "Used",
    "Verdict",
    "Vote",
    "Window",
    "barred_by",
    "decide",
    "inherit",
    "judge",
    "lint",
    "policy_from_settings",
    "read_policy",
]
