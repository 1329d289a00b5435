"""The store and the merchant account that a refund belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pef_adapters.core.policy import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A connected store; `secrets` is open here and encrypted at rest.

    `settings` has two parts: `platform` is the adapter's own, `policy` the store's policy.
    `identity` is the store's canonical address: together with the platform's
    refund id it makes a refund's identity, on whatever database.
    """

    id: str
    platform: str
    identity: str
    account_id: str
    mode: Mode
    language: str
    callback_url: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    poll_cursor: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A merchant account at PagoEfectivo; several stores can share one."""

    id: str
    mode: Mode
    base_url: str
    service_id: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    created_at: datetime
