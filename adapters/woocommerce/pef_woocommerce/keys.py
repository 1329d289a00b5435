"""One-click keys: the link the owner follows, and the keys that the store posts back.

The post is unsigned and `user_id` is our own text echoed: whether it is the
one-time state that was given out, the caller must ask (section 5). Keeps no key.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pef_adapters.core.errors import BodyTooLarge, BodyUnreadable, SettingInvalid

MAX_BODY_BYTES: Final = 10_000
APP_NAME: Final = "PagoEfectivo"
_Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Granted(BaseModel):
    """What the store posts to `callback_url` after the owner approved."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    user_id: _Word
    consumer_key: Annotated[_Word, Field(repr=False)]
    consumer_secret: Annotated[_Word, Field(repr=False)]
    key_permissions: Literal["read_write"]


class WooCommerceKeys:
    """See `platforms.contract.OneClick`."""

    def authorize_url(self, address: str, *, state: str, return_url: str, callback_url: str) -> str:
        if not callback_url.startswith("https://"):
            raise SettingInvalid("WooCommerce hands its keys to an https address only")
        query = {
            "app_name": APP_NAME,
            "scope": "read_write",
            "user_id": state,
            "return_url": return_url,
            "callback_url": callback_url,
        }
        return f"{address.rstrip('/')}/wc-auth/v1/authorize?{urlencode(query)}"

    def read_keys(self, body: bytes) -> tuple[str, Mapping[str, str]]:
        """Any answer but 200 to this post makes the store delete the keys again."""
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            granted = _Granted.model_validate_json(body)
        except ValidationError:
            raise BodyUnreadable("these are not read/write keys of WooCommerce") from None
        keys = granted.model_dump(include={"consumer_key", "consumer_secret"})
        return granted.user_id, keys
