"""What the demo store sells, in soles, and the orders it starts with."""

from decimal import Decimal
from typing import Final

from pydantic import BaseModel


class Term(BaseModel):
    """A category or tag as WordPress keeps it: entities in names, slugs percent-encoded."""

    id: int
    name: str
    slug: str


class Product(BaseModel):
    """One article and what it is filed under."""

    id: int
    name: str
    price: Decimal
    sku: str
    categories: tuple[Term, ...] = ()
    tags: tuple[Term, ...] = ()


_CLOTHES: Final = Term(id=21, name="Ropa &amp; accesorios", slug="ropa-accesorios")
_FOOD: Final = Term(id=22, name="Alimentos", slug="alimentos")
_VOUCHERS: Final = Term(id=23, name="Vales de regalo", slug="vales-de-regalo")
_ALPACA: Final = Term(id=31, name="Hecho a mano", slug="hecho-a-mano")
_PERISHABLE: Final = Term(id=32, name="Perecible", slug="perecible")
_TEA: Final = Term(id=33, name="茶", slug="%e8%8c%b6")

# Sold at whatever price an order names.
VOUCHER: Final = Product(
    id=19,
    name="Vale de regalo",
    price=Decimal("0.00"),
    sku="VALE-1",
    categories=(_VOUCHERS,),
)
PRODUCTS: Final = (
    Product(
        id=10,
        name="Polo de algodón",
        price=Decimal("59.90"),
        sku="POLO-1",
        categories=(_CLOTHES,),
    ),
    Product(
        id=11,
        name="Chompa de alpaca",
        price=Decimal("249.50"),
        sku="CHOMPA-1",
        categories=(_CLOTHES,),
        tags=(_ALPACA,),
    ),
    Product(id=12, name="Llavero de tumi", price=Decimal("10.00"), sku="LLAV-1"),
    Product(
        id=13,
        name="Café de Villa Rica 250 g",
        price=Decimal("32.40"),
        sku="CAFE-1",
        categories=(_FOOD,),
        tags=(_PERISHABLE, _TEA),
    ),
    VOUCHER,
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
