"""`GET /manifest`: what this provider offers. It concerns no store and holds no secret.

No `autoSettleDelay`: with it a merchant could put settling off, and what is taken off an
order before it is settled is never refunded by a call (platforms/vtex.md, section 4).
"""

from typing import Final

from pef_adapters.platforms.provider import Answer
from pef_vtex import exact_json

# The published names have no PagoEfectivo; payments of one's own are asked for under this
# one until VTEX adds a name (section 1).
USUAL_METHODS: Final = ("Promissories",)
REFUND_FIELD: Final = "pefRefundId"


def manifest(methods: tuple[str, ...] = USUAL_METHODS) -> Answer:
    """The manifest, for these payment methods."""
    said = {
        "paymentMethods": [{"name": name, "allowsSplit": "disabled"} for name in methods],
        "customFields": [],
        "metadataFields": [REFUND_FIELD],
    }
    return Answer(200, exact_json.write(said))
