"""Who a refund is, wherever it is seen from.

Ids are derived from identity and never from amounts, times or counters of a
database: after the loss of everything, the same press of the same button leads
to the same id, and the rail recognises it (ADR 0004).
"""

import hashlib
from base64 import b32encode

from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store, StoreHead

_LETTERS = 14


def checkout_id(store_identity: str, platform: str, payment_id: str) -> str:
    """Our id of a payment that a store asked for: "PC" and 14 letters; a `transactionCode`."""
    return "PC" + _letters(store_identity, platform, payment_id)


def buyer_mark(ports: Ports, store: Store | StoreHead, buyer: str) -> str:
    """A buyer as a keyed hash; one e-mail is one buyer for all stores of an account."""
    shop = "" if buyer.startswith("email:") else store.id
    return ports.fingerprint(f"buyer/{store.account_id}/{shop}/{buyer}")


def refund_id(store_identity: str, platform: str, platform_refund_id: str) -> str:
    """Our id of a refund: "RF" and 14 letters, from the store's own refund id."""
    return "RF" + _letters(store_identity, platform, platform_refund_id)


def _letters(store_identity: str, platform: str, own_id: str) -> str:
    # http or https, it is the same store.
    address = store_identity.rpartition("://")[2]
    text = f"{address}\x1f{platform}\x1f{own_id}"
    digest = hashlib.sha256(text.encode()).digest()
    return b32encode(digest).decode()[:_LETTERS]


def merchant_refund_id(refund: str, generation: int) -> str:
    """The rail's idempotency key: at most 20 letters (fact sheet 7.2).

    A new generation exists only after the rail finally refused the one before.
    """
    return f"{refund}-{generation}"
