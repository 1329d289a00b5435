"""What one fake store is: its address, its age, its keys and its moods. Plain data."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ApiKey(BaseModel):
    """A REST key as WooCommerce keeps it; the secret is made up and opens nothing else."""

    key_id: int = 1
    consumer_key: str
    consumer_secret: str = Field(repr=False)
    permissions: Literal["read", "write", "read_write"] = "read_write"


class StoreSettings(BaseModel):
    """How the fake store is served and what it starts with.

    `home` is its public address without a trailing slash, as webhooks name it.
    `delivery_delay_seconds` is how long an event waits in the store's queue; real
    stores take about 30 s. `allow_http_callback` lets the one-click keys go to a
    local http address, which a real store refuses.
    """

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: int = 8081
    home: str = "http://127.0.0.1:8081"
    title: str = "Tienda Misti"
    keys: tuple[ApiKey, ...] = ()
    woocommerce_version: str = "11.0.1"
    wordpress_version: str = "7.1"
    delivery_delay_seconds: float = 0.0
    state_file: Path | None = None
    demo_orders: bool = True
    allow_http_callback: bool = False
    certificate_file: Path | None = None
    private_key_file: Path | None = None
