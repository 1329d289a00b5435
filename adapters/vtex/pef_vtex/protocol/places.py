"""Where a call of VTEX's gateway goes: the store in the path, the operation, the payment.

In production one base address serves all merchants, and the AppKey names the store. The
test suite may send no keys at all, so a base address can carry the store's name instead:
`/STORE/payments` (platforms/vtex.md, section 1).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pef_adapters.core.errors import NotThere


class Want(StrEnum):
    """What a call wants, in the protocol's own words."""

    MANIFEST = "manifest"
    PAYMENT = "payments"
    CANCELLATION = "cancellations"
    SETTLEMENT = "settlements"
    REFUND = "refunds"
    INBOUND = "inbound"


# First words of the protocol's paths; no store can have such a name.
WORDS: Final = frozenset({"manifest", "payments", "authorization"})
_METHODS: Final = {Want.MANIFEST: "GET"}
_OPERATIONS: Final = {
    want.value: want for want in (Want.CANCELLATION, Want.SETTLEMENT, Want.REFUND)
}
# Older texts of VTEX write it in the second way (section 1).
_INBOUND: Final = frozenset({"inbound", "inbound-request"})
_NAME: Final = re.compile(r"[!-~]{1,100}\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A path that was understood; `payment_id` is "" where the path names none."""

    want: Want
    payment_id: str = ""
    action: str = ""


def store_in(path: str) -> str | None:
    """The store that a path begins with, or None where it begins with the protocol."""
    first = path.strip("/").partition("/")[0]
    return None if first in WORDS else first or None


def place_of(method: str, path: str) -> Place:
    """What a call wants.

    Raises:
        NotThere: the protocol has no such route.
    """
    words = path.strip("/").split("/")
    place = _place(tuple(words if words[0] in WORDS else words[1:]))
    if place is None or method != _METHODS.get(place.want, "POST"):
        raise NotThere("the payment provider protocol has no such route")
    return place


def _place(words: tuple[str, ...]) -> Place | None:
    if not all(map(_NAME.match, words)):
        return None
    match words:
        case ("manifest",):
            return Place(Want.MANIFEST)
        case ("payments",):
            return Place(Want.PAYMENT)
        case ("payments", payment_id, operation) if operation in _OPERATIONS:
            return Place(_OPERATIONS[operation], payment_id)
        case ("payments", payment_id, word, action) if word in _INBOUND:
            return Place(Want.INBOUND, payment_id, action)
        case _:
            return None
