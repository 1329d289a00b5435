"""What one fake shop is: its address, the apps it knows, its limits and patience. Plain data."""

import hashlib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

NEWEST: Final = "2026-10"


class Subscription(BaseModel):
    """A webhook as an app's TOML, or a merchant, asks for it: topic such as `refunds/create`."""

    model_config = ConfigDict(frozen=True)

    topic: str
    uri: str


class PaymentsExtension(BaseModel):
    """Where an app's payments extension is called (section 1)."""

    model_config = ConfigDict(frozen=True)

    payment_session_url: str
    refund_session_url: str
    merchant_label: str = Field(default="PagoEfectivo", max_length=50)
    api_version: str = NEWEST


class ShopifyApp(BaseModel):
    """An app as its developer deployed it; its secrets are made up and open nothing else.

    `app_url` is its own page. `subscriptions` are those of its TOML, the privacy topics among
    them. `access_token` is one that does not expire and is there from the start, as custom
    apps have it.
    `protected_data` is the level of customer data that was approved: 0, 1 or 2.
    `still_signs_with` is the older secret that signs webhooks for a while after a rotation.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str
    client_secret: str = Field(repr=False)
    name: str = "Reembolsos PagoEfectivo"
    scopes: tuple[str, ...] = ("read_orders", "write_orders")
    app_url: str = ""
    redirect_urls: tuple[str, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    webhook_version: str = NEWEST
    payments: PaymentsExtension | None = None
    access_token: str | None = Field(default=None, repr=False)
    protected_data: int = Field(default=1, ge=0, le=2)
    still_signs_with: str | None = Field(default=None, repr=False)

    @property
    def app_id(self) -> int:
        """The app's number, as it stands in gids and in its reserved namespace."""
        return int(hashlib.sha256(self.client_id.encode()).hexdigest()[:7], 16)


class Limits(BaseModel):
    """A bucket of query cost: points at most, and points per second that flow back."""

    model_config = ConfigDict(frozen=True)

    maximum_available: int
    restore_rate: int


class ShopSettings(BaseModel):
    """How the fake is served and what it starts with.

    `domain` is the shop's own; the fake listens at `home` instead. `retry_seconds` are the
    waits before each further try of a webhook: Shopify makes 8 over 4 hours. The waits of
    `session_retry_seconds` and how long a payment may stay pending are made up: no page
    says them. `older_schemas` is a folder with the schemas of older live versions; without
    it every version is validated against the newest.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = 8082
    home: str = "http://127.0.0.1:8082"
    domain: str = "tienda.myshopify.com"
    title: str = "Tienda Misti"
    currency: str = "PEN"
    apps: tuple[ShopifyApp, ...] = ()
    merchant_webhooks: tuple[Subscription, ...] = ()
    webhook_secret: str = Field(default="hechoParaPruebas42", repr=False)
    live_versions: tuple[str, ...] = ("2026-01", "2026-04", "2026-07", NEWEST)
    older_schemas: Path | None = None
    admin_limits: Limits = Limits(maximum_available=2000, restore_rate=100)
    payments_limits: Limits = Limits(maximum_available=18200, restore_rate=910)
    delivery_delay_seconds: float = 0.0
    retry_seconds: tuple[float, ...] = (60, 300, 600, 900, 1800, 3600, 3600, 3600)
    session_retry_seconds: tuple[float, ...] = (1, 5, 30)
    pending_limit_days: int = 14
    access_token_seconds: int = 3600
    refresh_token_days: int = 90
    allow_http: bool = False
    client_certificate: Path | None = None
    client_key: Path | None = None
    server_ca: Path | None = None
    first_id: int = 6_318_000_000_001
    state_file: Path | None = None
    demo_orders: bool = True
