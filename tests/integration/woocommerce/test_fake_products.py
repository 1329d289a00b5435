"""The fake store tells products and refunded articles as a real one does."""

import json
from typing import Any

from pef_adapters.testing.fake_woocommerce.mailing import mailed
from pef_woocommerce.client import open_api
from woocommerce_bench import RemoteStore, connection, recording


async def asked(remote: RemoteStore, path: str, **params: Any) -> Any:
    """What the store answers, as plain JSON."""
    async with open_api(connection(remote.home)) as api:
        return json.loads((await api.get(path, params)).body)


async def test_refunded_articles_are_as_recorded(remote: RemoteStore) -> None:
    """A refunded article has the recorded fields, negative numbers and its origin's id."""
    order_id = remote.paid_order(None, items={10: 2})
    remote.press(order_id, "59.90", items={10: 1})
    ((refund,), order) = (
        await asked(remote, f"orders/{order_id}/refunds", dp=2),
        await asked(remote, f"orders/{order_id}", dp=2),
    )
    (line,), (bought,) = refund["line_items"], order["line_items"]
    (recorded,) = recording("zero_amount")["store_state_after"]["refunds"][0]["line_items"]
    assert list(line) == list(recorded)
    assert list(line["meta_data"][0]) == list(recorded["meta_data"][0])
    assert (line["product_id"], line["quantity"], line["total"]) == (10, -1, "-59.90")
    assert line["meta_data"][0]["value"] == str(bought["id"])
    assert line["id"] != bought["id"]


async def test_products_are_listed_by_id(remote: RemoteStore) -> None:
    """`include` and `_fields` choose; an id that is unknown is left out without a word."""
    listed = await asked(remote, "products", include="13,99", _fields="id,categories,tags")
    (coffee,) = listed
    assert set(coffee) == {"id", "categories", "tags"}
    assert [term["slug"] for term in coffee["tags"]] == ["perecible", "%e8%8c%b6"]


async def test_names_carry_entities(remote: RemoteStore) -> None:
    """Names come as WordPress keeps them, with entities."""
    (jumper,) = await asked(remote, "products", include=11)
    assert jumper["categories"][0]["name"] == "Ropa &amp; accesorios"


def test_a_mail_is_prettified() -> None:
    """WordPress spoils links in a mail, and reads a note as HTML."""
    note = "Ir a <b>https://r.pe/a--b...3x4</b> &lt;hoy&gt;"
    assert mailed(note) == "Ir a https://r.pe/a–b…3×4 <hoy>"


async def test_no_mail_goes_to_nobody(remote: RemoteStore) -> None:
    """A note for a customer without an address is kept, and mailed to nobody."""
    order_id = remote.paid_order(email="")
    async with open_api(connection(remote.home)) as api:
        note = {"note": "Hola", "customer_note": True}
        await api.write("POST", f"orders/{order_id}/notes", note)
    order = remote.order(order_id)
    assert (order["messages"], order["mails"], order["notes"]) == (["Hola"], [], [])
