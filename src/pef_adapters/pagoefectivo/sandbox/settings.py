"""What the sandbox can be told when it starts."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from pef_adapters.pagoefectivo.keys import SANDBOX_KEY_PREFIX, looks_like_sandbox_key
from pef_adapters.pagoefectivo.sandbox.keys import (
    DEFAULT_ACCESS_KEY,
    DEFAULT_SECRET_KEY,
    DEFAULT_SERVICE_ID,
)


class SandboxSettings(BaseModel):
    """One sandbox. Times are in seconds of the real clock unless they say days.

    `magic_amounts` switches the faults of `faults.MAGIC_CENTS`; `callback_url` can be
    changed later by control call. `require_beneficiary` lets refunds without bank
    data wait in AWAITING_BENEFICIARY, as a strict route would. `public_url` is where buyers
    find the sandbox; without it, where the store's own request found it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8801
    database: Path = Path("pef-sandbox.db")
    access_key: str = DEFAULT_ACCESS_KEY
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET_KEY)
    service_id: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")] = DEFAULT_SERVICE_ID
    callback_url: str | None = None
    callback_timeout: Annotated[float, Field(gt=0)] = 5
    callback_retry_after: Annotated[float, Field(ge=0)] = 1
    token_life: Annotated[int, Field(ge=1)] = 7200
    settlement_business_days: Annotated[int, Field(ge=0)] = 3
    require_beneficiary: bool = False
    magic_amounts: bool = True
    public_url: Annotated[str, Field(pattern=r"^https?://[^/?#]+$")] | None = None

    @field_validator("access_key")
    @classmethod
    def _is_made_up(cls, key: str) -> str:
        if not looks_like_sandbox_key(key):
            raise ValueError(f"a sandbox key begins with {SANDBOX_KEY_PREFIX}")
        return key
