"""Metafields of orders as the Admin API writes them: all or none, by compare-and-set.

A digest of None asks that there be no such metafield yet (section 2).
"""

import json
import re
from typing import Any, Final

from pef_adapters.testing.fake_shopify.admin_queries import order_of
from pef_adapters.testing.fake_shopify.admin_shapes import metafield_shape, namespace_of
from pef_adapters.testing.fake_shopify.graphql_api import Asking, Info
from pef_adapters.testing.fake_shopify.graphql_values import Shape
from pef_adapters.testing.fake_shopify.state import Metafield, Order

_MOST: Final = 25
_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{2,64}\Z")


def set_metafields(_: object, info: Info, **given: Any) -> Shape:
    """`metafieldsSet`."""
    asking = info.context
    asking.require("write_orders", "metafieldsSet")
    inputs = given["metafields"]
    if len(inputs) > _MOST:
        return _refused([_error(0, "LESS_THAN_OR_EQUAL_TO", f"At most {_MOST} at a time")])
    errors = [found for i, field in enumerate(inputs) if (found := _fault(asking, i, field))]
    if errors:
        return _refused(errors)
    written = [_write(asking, field) for field in inputs]
    for order in {id(o): o for o, _ in written}.values():
        asking.site.shop.touch(order)
    return {"metafields": [metafield_shape(kept) for _, kept in written], "userErrors": []}


def delete_metafields(_: object, info: Info, **given: Any) -> Shape:
    """`metafieldsDelete`: what is not there is no error."""
    asking = info.context
    asking.require("write_orders", "metafieldsDelete")
    for field in given["metafields"]:
        order = order_of(asking, field["ownerId"])
        found = _found(asking, order, field) if order else None
        if order is not None and found is not None:
            order.metafields.remove(found)
            asking.site.shop.touch(order)
    return {"userErrors": []}


def _fault(asking: Asking, index: int, field: Shape) -> Shape | None:
    order = order_of(asking, field["ownerId"])
    if order is None:
        return _error(index, "INVALID", "Owner does not exist.", "ownerId")
    space = namespace_of(asking, field.get("namespace"))
    if not _NAME.match(field["key"]) or not _NAME.match(space):
        return _error(index, "INVALID", "Only letters, digits, - and _; 2 to 64 of them.", "key")
    found = _found(asking, order, field)
    if found is None and not field.get("type"):
        return _error(index, "BLANK", "Type can't be blank", "type")
    return _digest_fault(index, field, found) or _value_fault(index, field, found)


def _digest_fault(index: int, field: Shape, found: Metafield | None) -> Shape | None:
    if "compareDigest" not in field:
        return None
    digest = field["compareDigest"]
    if digest is not None and not _DIGEST.match(digest):
        return _error(index, "INVALID_COMPARE_DIGEST", "The digest is invalid.", "compareDigest")
    if digest != (found.digest if found else None):
        text = (
            "The resource has been updated since it was loaded. Try again with an updated digest."
        )
        return _error(index, "STALE_OBJECT", text, "compareDigest")
    return None


def _value_fault(index: int, field: Shape, found: Metafield | None) -> Shape | None:
    kind = field.get("type") or (found.type if found else "")
    if not field["value"]:
        return _error(index, "BLANK", "Value can't be blank", "value")
    if kind != "json":
        return None
    try:
        json.loads(field["value"])
    except ValueError:
        return _error(index, "INVALID_VALUE", "Value is invalid JSON", "value")
    return None


def _write(asking: Asking, field: Shape) -> tuple[Order, Metafield]:
    order, shop = order_of(asking, field["ownerId"]), asking.site.shop
    if order is None:
        raise LookupError("the order was there a moment ago")
    now, kept = shop.now(), _found(asking, order, field)
    if kept is None:
        kept = Metafield(
            id=shop.state.next_id(),
            namespace=namespace_of(asking, field.get("namespace")),
            key=field["key"],
            type=field["type"],
            value="",
            created=now,
            updated=now,
        )
        order.metafields.append(kept)
    kept.value, kept.type, kept.updated = field["value"], field.get("type") or kept.type, now
    return order, kept


def _found(asking: Asking, order: Order, field: Shape) -> Metafield | None:
    wanted = (namespace_of(asking, field.get("namespace")), field["key"])
    return next((m for m in order.metafields if (m.namespace, m.key) == wanted), None)


def _refused(errors: list[Shape]) -> Shape:
    return {"metafields": [], "userErrors": errors}


def _error(index: int, code: str, message: str, name: str = "") -> Shape:
    path = ["metafields", str(index), *([name] if name else [])]
    return {"field": path, "code": code, "message": message, "elementIndex": None}
