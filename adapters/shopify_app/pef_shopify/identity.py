"""Shopify's ids: numbers in webhooks, gids in GraphQL, text in our records. Pure.

Ids are larger than 2^53, so they are text from end to end and never pass through a float
(platforms/shopify.md, section 2).
"""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from pef_adapters.core.errors import PlatformNonsense

_GID: Final = re.compile(r"gid://shopify/[A-Za-z]+/([0-9]{1,30})(\?.*)?")
_DIGITS: Final = re.compile(r"[0-9]{1,30}")


def _number(value: object) -> str:
    """A number or gid as its digits; what passed through a float is refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("not an id")  # noqa: TRY004 - pydantic collects ValueError only
    found = _GID.fullmatch(value)
    digits = found.group(1) if found else value
    if not _DIGITS.fullmatch(digits):
        raise ValueError("not an id")
    return digits


Id = Annotated[str, BeforeValidator(_number)]


def gid(kind: str, identity: str) -> str:
    """The id as GraphQL takes it: gid://shopify/Refund/17.

    Raises:
        PlatformNonsense: it never came from Shopify.
    """
    if not _DIGITS.fullmatch(identity):
        raise PlatformNonsense(f"{identity[:40]!r} is not an id of Shopify")
    return f"gid://shopify/{kind}/{identity}"
