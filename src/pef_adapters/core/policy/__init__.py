"""The refund policy: facts in, an explained decision out. Pure and deterministic."""

from pef_adapters.core.policy.decision import Decision, Outcome, Verdict
from pef_adapters.core.policy.facts import Facts, Mode
from pef_adapters.core.policy.rules import POLICY_VERSION, PolicySettings, decide

__all__ = [
    "POLICY_VERSION",
    "Decision",
    "Facts",
    "Mode",
    "Outcome",
    "PolicySettings",
    "Verdict",
    "decide",
]
