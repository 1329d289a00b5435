"""The three privacy topics that every app declares, as requests of ours. Pure.

Buyers are named as a refund names them, so that the engine finds the same person.
"""

from collections.abc import Mapping
from typing import Final

from pef_adapters.core.errors import BodyUnreadable
from pef_adapters.platforms.contract import Hint, HintKind, PrivacyKind, PrivacyRequest
from pef_shopify.deliveries import Customer, PrivacyBody

__all__ = ["TOPICS", "PrivacyBody", "hint"]

TOPICS: Final[Mapping[str, PrivacyKind]] = {
    "customers/data_request": PrivacyKind.TELL,
    "customers/redact": PrivacyKind.ERASE_BUYER,
    "shop/redact": PrivacyKind.ERASE_STORE,
}


def hint(topic: str, body: PrivacyBody, name: str) -> Hint:
    """What is asked, under Shopify's own name of the request, or `name` where it has none.

    Raises:
        BodyUnreadable: the body is another topic's; the topic itself is not signed.
    """
    kind = TOPICS[topic]
    if (body.customer is None) != (kind is PrivacyKind.ERASE_STORE):
        raise BodyUnreadable(f"the body is not what {topic} sends")
    request = PrivacyRequest(
        kind=kind,
        request_id=body.data_request.id if body.data_request else name,
        buyers=_buyers(body.customer),
        order_ids=body.orders_requested or body.orders_to_redact,
    )
    return Hint(kind=HintKind.PRIVACY, privacy=request)


def _buyers(customer: Customer | None) -> tuple[str, ...]:
    """As `StoreRefund.buyer` names people."""
    if customer is None:
        return ()
    email = (customer.email or "").strip().lower()
    named = [f"email:{email}"] if email else []
    return (*named, *([f"customer:{customer.id}"] if customer.id else []))
