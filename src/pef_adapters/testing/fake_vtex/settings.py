"""What one fake VTEX account is: its address, its provider, its keys. Plain data.

Two pairs of keys meet here and must never be mixed up (platforms/vtex.md, section 1):
what the merchant typed in for the provider travels with every call to it; what the
provider's own partner account holds has to come back with every callback.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal[
    "view_order", "orders_full_access", "hook_admin", "view_payments", "process_payments"
]
ALL_ROLES: tuple[Role, ...] = (
    "view_order",
    "orders_full_access",
    "hook_admin",
    "view_payments",
)


class AppKey(BaseModel):
    """A key of the store's own APIs; the token is made up and opens nothing else.

    The default roles are those that a refunds product needs; `process_payments`, which
    may ask for refunds, is not among them.
    """

    key: str
    token: str = Field(repr=False)
    roles: tuple[Role, ...] = ALL_ROLES


class VtexSettings(BaseModel):
    """How the fake VTEX is served, and which provider it drives.

    `provider_url` is the provider's base address, without a trailing slash.
    `header_pair` says which names carry the provider's keys: `vtex` for a provider on its
    own infrastructure, `provider` for one whose connector has `usesProviderHeadersName`.
    `callback` is how a callback is taken: as a `notification` with the new state, or as a
    bare `retry` that makes the gateway ask again (VTEX IO). With `strict` an answer outside
    the specification counts as no answer; without, its faults are only written down.
    `merchant_settings` are the manifest's custom fields as the merchant filled them in.
    Times are in seconds.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = 8083
    home: str = "http://127.0.0.1:8083"
    title: str = "Tienda Misti"
    account: str = "tiendamisti"
    merchant_email: str = "tienda@example.test"
    provider_url: str = "http://127.0.0.1:8080/provider/vtex"
    provider_key: str = "provider-key"
    provider_token: str = Field(default="provider-token", repr=False)
    header_pair: Literal["vtex", "provider"] = "vtex"
    partner_key: str = "partner-key"
    partner_token: str = Field(default="partner-token", repr=False)
    payment_method: str = "Promissories"
    merchant_settings: dict[str, str] = Field(default_factory=dict, repr=False)
    sandbox: bool = True
    callback: Literal["notification", "retry"] = "notification"
    strict: bool = True
    keys: tuple[AppKey, ...] = ()
    answer_seconds: float = 20.0
    suite_answer_seconds: float = 5.0
    suite_callback_seconds: float = 15.0
    hook_answer_seconds: float = 5.0
    state_file: Path | None = None
    demo_orders: bool = False
    certificate_file: Path | None = None
    private_key_file: Path | None = None
