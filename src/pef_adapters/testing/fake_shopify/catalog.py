"""What the demo shop sells, in soles, and the orders it starts with."""

from decimal import Decimal
from typing import Final

from pydantic import BaseModel


class Product(BaseModel):
    """One article."""

    title: str
    price: Decimal
    sku: str


PRODUCTS: Final = {
    "POLO-1": Product(title="Polo de algodón", price=Decimal("59.90"), sku="POLO-1"),
    "CHOMPA-1": Product(title="Chompa de alpaca", price=Decimal("249.50"), sku="CHOMPA-1"),
    "LLAV-1": Product(title="Llavero de tumi", price=Decimal("10.00"), sku="LLAV-1"),
    "CAFE-1": Product(title="Café de Villa Rica 250 g", price=Decimal("32.40"), sku="CAFE-1"),
}
VOUCHER: Final = Product(title="Vale de regalo", price=Decimal("0.00"), sku="VALE-1")
GATEWAY: Final = "PagoEfectivo"
CIP_ATTRIBUTE: Final = "CIP"

# Quantities by article, then the CIP.
DEMO_ORDERS: Final[tuple[tuple[dict[str, int], str], ...]] = (
    ({"POLO-1": 2, "LLAV-1": 1}, "11546901"),
    ({"CHOMPA-1": 1}, "11546902"),
    ({"CAFE-1": 3}, "11546903"),
    ({"POLO-1": 1, "CHOMPA-1": 1, "CAFE-1": 1}, "11546904"),
)
