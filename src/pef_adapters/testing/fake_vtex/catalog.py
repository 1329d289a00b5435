"""What the demo store sells, in cents of a sol, and the orders it starts with."""

from typing import Final

from pydantic import BaseModel


class Sku(BaseModel):
    """One article that can be bought."""

    id: str
    name: str
    price: int


# Sold at whatever price an order names.
VOUCHER: Final = Sku(id="19", name="Vale de regalo", price=0)
SKUS: Final = (
    Sku(id="10", name="Polo de algodón", price=5990),
    Sku(id="11", name="Chompa de alpaca", price=24950),
    Sku(id="12", name="Llavero de tumi", price=1000),
    Sku(id="13", name="Café de Villa Rica 250 g", price=3240),
)
DEMO_CARTS: Final[tuple[dict[str, int], ...]] = (
    {"10": 2, "12": 1},
    {"11": 1},
    {"13": 3},
)


def sku(sku_id: str) -> Sku:
    """The article with this id.

    Raises:
        KeyError: there is none.
    """
    return {article.id: article for article in SKUS}[sku_id]
