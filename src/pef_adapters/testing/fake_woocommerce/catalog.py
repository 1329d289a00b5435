"""What the demo store sells, in soles, and the orders it starts with."""

from decimal import Decimal
from typing import Final

from pydantic import BaseModel


class Product(BaseModel):
    """One article."""

    id: int
    name: str
    price: Decimal
    sku: str


PRODUCTS: Final = (
    Product(id=10, name="Polo de algodón", price=Decimal("59.90"), sku="POLO-1"),
    Product(id=11, name="Chompa de alpaca", price=Decimal("249.50"), sku="CHOMPA-1"),
    Product(id=12, name="Llavero de tumi", price=Decimal("10.00"), sku="LLAV-1"),
    Product(id=13, name="Café de Villa Rica 250 g", price=Decimal("32.40"), sku="CAFE-1"),
)

# The ids that stores give to their PagoEfectivo method vary (section 8).
GATEWAYS: Final = {
    "pagoefectivo": "PagoEfectivo",
    "cheque": "Cheque",
    "bacs": "Transferencia bancaria",
}

# Quantities by product id, then the CIP.
DEMO_ORDERS: Final[tuple[tuple[dict[int, int], str], ...]] = (
    ({10: 2, 12: 1}, "11546901"),
    ({11: 1}, "11546902"),
    ({13: 3}, "11546903"),
    ({10: 1, 11: 1, 13: 1}, "11546904"),
)


def product(product_id: int) -> Product:
    """The article with this id.

    Raises:
        KeyError: there is none.
    """
    return {article.id: article for article in PRODUCTS}[product_id]
