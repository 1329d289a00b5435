"""What a person should look at, beside a refund's state: one thing at a time.

An *alarm* says that money may have gone wrong; it stays until a named person has
acted. A *trouble* says that somebody outside can't be reached; it never hides
anything else and goes away with the next good answer. All else explains a state.
"""

from pef_adapters.core.states import State
from pef_adapters.engine.records import Refund

PAID_BEYOND = "code.PAID_BEYOND_REST"
OUTCOME_TOLD = "code.OUTCOME_TOLD_ALREADY"
EXTORNO_ALARMS = ("code.EXTORNO_AFTER_REFUND", "code.EXTORNO_DURING_REFUND")
# The gravest first: it is not hidden by a lesser one.
ALARMS = (
    PAID_BEYOND,
    OUTCOME_TOLD,
    *EXTORNO_ALARMS,
    "code.REFUND_ID_REUSED",
    "code.STORE_WITHDREW_TOO_LATE",
)
RAIL_TROUBLE = "code.RAIL_UNREACHABLE"
STORE_TROUBLE = "code.STORE_UNREACHABLE"
KEYS_TROUBLE = "code.STORE_REFUSES_KEYS"
WRITE_BACK_TROUBLE = "code.WRITE_BACK_STUCK"
# Here the decision itself explains the state.
_DECIDED = frozenset({State.HELD, State.REJECTED, State.PAYOUT_DUE, State.AWAITING_BENEFICIARY})
# Of these the order can't be told, or has no use of being told.
_BETWEEN_US = frozenset({STORE_TROUBLE, KEYS_TROUBLE, WRITE_BACK_TROUBLE})


def is_trouble(attention: str | None) -> bool:
    """Whether it is about somebody who can't be reached, or about our own settings."""
    if attention is None:
        return False
    return attention in {RAIL_TROUBLE, *_BETWEEN_US} or attention.startswith("error.")


def standing(before: str | None, new: str | None) -> str | None:
    """What stands when `new` (or nothing) is to be said over `before`."""
    if before in ALARMS:
        return min(filter(ALARMS.__contains__, (before, new)), key=ALARMS.index)
    if is_trouble(new) and before is not None and not is_trouble(before):
        return before
    return new


def without_trouble(attention: str | None) -> str | None:
    """What is left once everybody can be reached again."""
    return None if is_trouble(attention) else attention


def for_the_order(attention: str | None) -> str | None:
    """What of it the store's order is told."""
    if attention in _BETWEEN_US or (attention or "").startswith("error."):
        return None
    return attention


def why(refund: Refund, attention: str | None) -> tuple[str | None, dict[str, str]]:
    """The text key and figures that explain a refund: `attention`, else its decision."""
    if attention is not None:
        return attention, {}
    if refund.decision and refund.state in _DECIDED:
        return f"code.{refund.decision['code']}", dict(refund.decision["figures"])
    return None, {}
