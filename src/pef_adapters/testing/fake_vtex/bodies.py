"""What the gateway sends a provider: one body per operation, as the specification has them.

A body is written once and sent again as it was (platforms/vtex.md, sections 2 and 4):
neither a refund nor a settlement names an order or a currency. Sends nothing.
"""

from collections.abc import Sequence
from typing import Final

from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.state import Ask, Payment
from pef_adapters.testing.fake_vtex.store_state import Item, Order
from pef_adapters.testing.fake_vtex.wire_json import Json, in_units

_ADDRESS: Final[Json] = {
    "country": "PER",
    "street": "Jr. Unión",
    "number": "123",
    "complement": "",
    "neighborhood": "Cercado",
    "postalCode": "15001",
    "city": "Lima",
    "state": "Lima",
}
_BUYER: Final[Json] = {
    "id": "c1245228-1c68-11e6-94ac-0afa86a846a5",
    "firstName": "Ana",
    "lastName": "Quispe Ñahui",
    "document": "40506070",
    "documentType": "DNI",
    "phone": "+51999888777",
    "isCorporate": False,
    "corporateName": None,
    "tradeName": None,
    "corporateDocument": None,
}


class Bodies:
    """Writes bodies for one account."""

    def __init__(self, settings: VtexSettings) -> None:
        self._settings = settings

    def payment(self, payment: Payment, orders: Sequence[Order], card: str = "") -> Json:
        """POST /payments; `card` is a test suite's card number."""
        value = in_units(payment.value)
        items = [item for order in orders for item in order.items]
        email = orders[0].email if orders else "suite@example.test"
        return {
            "reference": payment.reference,
            "orderId": payment.group,
            "shopperInteraction": "ecommerce",
            "verificationOnly": False,
            "transactionId": payment.transaction_id,
            "paymentId": payment.id,
            "paymentMethod": payment.method,
            "paymentMethodCustomCode": None,
            "merchantName": self._settings.account,
            "value": value,
            "referenceValue": value,
            "currency": payment.currency,
            "installments": 1,
            "installmentsInterestRate": in_units(0),
            "installmentsValue": value,
            "deviceFingerprint": "75076388",
            "ipAddress": "203.0.113.10",
            **({"card": _card(card)} if card else {}),
            "miniCart": _mini_cart(items, email),
            **self._everywhere(),
            "url": f"{self._settings.home}/admin/orders?q={payment.group}",
            "callbackUrl": self.callback_url(payment),
            "returnUrl": f"{self._settings.home}/checkout/{payment.group}",
            "inboundRequestUrl": f"{self.payment_url(payment)}/inbound-request/:action",
        }

    def settlement(self, ask: Ask, payment: Payment) -> Json:
        """POST /payments/{paymentId}/settlements."""
        return {
            "transactionId": payment.transaction_id,
            "requestId": ask.request_id,
            "paymentId": payment.id,
            "value": in_units(ask.value),
            **self._known(payment),
        }

    def cancellation(self, ask: Ask, payment: Payment) -> Json:
        """POST /payments/{paymentId}/cancellations; here alone the value is in cents."""
        return {
            "paymentId": payment.id,
            "requestId": ask.request_id,
            "transactionId": payment.transaction_id,
            "value": ask.value,
            **self._known(payment),
        }

    def refund(self, ask: Ask, payment: Payment) -> Json:
        """POST /payments/{paymentId}/refunds."""
        return {
            "requestId": ask.request_id,
            "settleId": payment.settle_id or "",
            "paymentId": payment.id,
            "value": in_units(ask.value),
            "transactionId": payment.transaction_id,
            **self._known(payment),
        }

    def inbound(self, payment: Payment, request_id: str, body: str) -> Json:
        """POST /payments/{paymentId}/inbound/{action}: somebody's call, passed on."""
        return {
            "requestId": request_id,
            "transactionId": payment.transaction_id,
            "paymentId": payment.id,
            "authorizationId": payment.authorization_id or "",
            "tid": payment.tid,
            "nsu": payment.nsu or "",
            "requestData": {"body": body},
            **self._everywhere(),
        }

    def payment_url(self, payment: Payment) -> str:
        """The payment's place at the gateway."""
        return (
            f"{self._settings.home}/api/pvt/payment-provider/transactions"
            f"/{payment.transaction_id}/payments/{payment.id}"
        )

    def callback_url(self, payment: Payment) -> str:
        """Where the payment's end is told, with the signature that proves the address."""
        kind = "retry" if self._settings.callback == "retry" else "callback"
        query = f"accountName={self._settings.account}&X-VTEX-signature={payment.signature}"
        return f"{self.payment_url(payment)}/{kind}?{query}"

    def _known(self, payment: Payment) -> Json:
        """What the provider has said of the payment before."""
        known = {
            "authorizationId": payment.authorization_id or "",
            "tid": payment.tid,
            "nsu": payment.nsu or "",
            **self._everywhere(),
        }
        return known | ({"connectorMetadata": payment.metadata} if payment.metadata else {})

    def _everywhere(self) -> Json:
        settings = self._settings.merchant_settings.items()
        return {
            "sandboxMode": self._settings.sandbox,
            "merchantSettings": [{"name": name, "value": value} for name, value in settings],
        }


def _mini_cart(items: Sequence[Item], email: str) -> Json:
    return {
        "shippingValue": in_units(0),
        "taxValue": in_units(0),
        "buyer": _BUYER | {"email": email},
        "shippingAddress": _ADDRESS,
        "billingAddress": _ADDRESS,
        "items": [
            {
                "id": item.id,
                "name": item.name,
                "price": in_units(item.price),
                "quantity": item.quantity,
                "discount": 0,
            }
            for item in items
        ],
    }


def _card(number: str) -> Json:
    return {
        "holder": "JUAN PEREZ",
        "number": number,
        "csc": "123",
        "expiration": {"month": "12", "year": "2030"},
    }
