"""Enums of the schema, taken from the core's own, each value explained by its text."""

from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from pef_adapters.core.access import Permission, Role
from pef_adapters.core.errors import Retry
from pef_adapters.core.policy import Mode, Route
from pef_adapters.core.policy.lint import Severity
from pef_adapters.core.states import State
from pef_adapters.core.texts import explain, known
from pef_adapters.engine.records import Act, PayoutEnd

_E = TypeVar("_E", bound=Enum)

_MEANS = {
    Retry.NEVER: "The same call can't succeed.",
    Retry.LATER: "The same call can succeed later, by itself.",
    Retry.AFTER_MENDING: "The same call can succeed once somebody has mended something.",
    Mode.LIVE: "Real money.",
    Mode.SANDBOX: "For trying things out.",
    Route.ORIGINAL: "Back the way it came, by PagoEfectivo.",
    Route.PAYOUT: "By bank transfer, from a bank file.",
    Act.APPROVE: "Agrees.",
    Act.DECLINE: "Refuses.",
    Act.COMMENT: "Says something.",
    Act.ASK: "Asks for more information.",
    Act.ANSWER: "Answers such a question.",
    Severity.ERROR: "Has to be mended first.",
    Severity.WARNING: "Is to be read.",
    PayoutEnd.CONFIRMED: "The bank paid it.",
    PayoutEnd.RETURNED: "The bank did not pay it, or the money came back.",
}

__all__ = [
    "Act",
    "Mode",
    "PayoutEnd",
    "Permission",
    "Retry",
    "Role",
    "Route",
    "Severity",
    "State",
    "Voice",
]


class Voice(StrEnum):
    """What can be said about a held refund without deciding about it."""

    COMMENT = Act.COMMENT
    ASK = Act.ASK
    ANSWER = Act.ANSWER


def _told(enum: type[_E], name: str, description: str, group: str = "") -> type[_E]:
    """The same enum, known to the schema under this name."""
    told = strawberry.enum(enum, name=name, description=description)
    for value in told.__strawberry_definition__.values:  # type: ignore[attr-defined] # set by strawberry
        key = f"{group}.{value.value}".replace(":", "_")
        means = explain(key, "en") if known(key) else _MEANS.get(value.value)
        value.description = means or value.description
    return told


_told(State, "RefundState", "Where a refund stands.", "state")
_told(Severity, "Severity", "Whether a finding bars publishing.")
_told(Retry, "Retry", "Whether the same call can succeed later, and who acts first.")
_told(Mode, "Mode", "Which world a store belongs to; the two never meet.")
_told(Route, "Lane", "The road that a refund's money takes.")
_told(Act, "ReviewActKind", "What somebody did about a held refund.")
_told(Voice, "ReviewVoice", "What can be said about a held refund without deciding about it.")
_told(PayoutEnd, "PayoutEnd", "How the bank answered a line of its file.")
_told(Role, "Role", "What somebody is in a place.", "role")
_told(Permission, "Permission", "One thing that somebody may do.", "permission")
