"""Makes a body fit to be kept: no key, no token, no full account or document number.

Evidence, logs, the sandbox's page and cassettes all go through here. It masks by
field name where the body is JSON, and by shape and by known secret everywhere. In
what a person typed every long number is masked: people type accounts into reasons.
"""

import re
from collections.abc import Iterable

from pef_adapters.core.masking import MASK, without_long_numbers
from pef_adapters.pagoefectivo import exact_json

KEPT_CHARACTERS = 20_000
_SECRET_FIELDS = frozenset(
    {"accesskey", "hashstring", "secretkey", "token", "authorization", "email"}
    | {"useremail", "adminemail", "userphone"}
)
_NUMBER_FIELDS = frozenset({"cci", "documentnumber", "userdocumentnumber"})
_TYPED_FIELDS = frozenset({"reason"})
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CCI = re.compile(r"(?<!\d)\d{16}(\d{4})(?!\d)")
_SHOWN_DIGITS = 4


def masked(body: bytes, secrets: Iterable[str] = ()) -> str:
    """The body as text, masked, cut after `KEPT_CHARACTERS`."""
    try:
        text = exact_json.write(_masked_value(exact_json.read(body))).decode()
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    return masked_text(text, secrets)[:KEPT_CHARACTERS]


def masked_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Text without the given secrets, anything like a token, or a full CCI."""
    for secret in secrets:
        text = text.replace(secret, MASK) if secret else text
    return _CCI.sub(rf"{MASK}\1", _TOKEN.sub(MASK, text))


def _masked_value(value: object) -> object:
    if isinstance(value, dict):
        return {key: _masked_field(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked_value(item) for item in value]
    return value


def _masked_field(name: str, value: object) -> object:
    plain = name.replace("_", "").lower()
    if plain in _SECRET_FIELDS:
        return MASK
    if plain in _NUMBER_FIELDS:
        return f"{MASK}{str(value)[-_SHOWN_DIGITS:]}"
    if plain in _TYPED_FIELDS and isinstance(value, str):
        return without_long_numbers(value)
    return _masked_value(value)
