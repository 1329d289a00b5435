"""What a note to the customer becomes in the store's mail: HTML, prettified by WordPress.

Links are not spared. WooCommerce 10.3 began to, in HTML mails only; here is the worst.
"""

import re
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"<[^>]*>")
_PRETTIER: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\.\.\."), "…"),
    (re.compile(r"---"), "—"),
    (re.compile(r"(?<!xn)--"), "–"),
    (re.compile(r"\b(\d[\d.,]*)x(\d[\d.,]*)\b"), r"\1×\2"),
)


def mailed(note: str) -> str:
    """The text as the buyer reads it."""
    text = _TAG.sub("", note)
    for plain, pretty in _PRETTIER:
        text = plain.sub(pretty, text)
    return unescape(text)
