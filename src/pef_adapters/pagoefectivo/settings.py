"""What an account may set about its route to PagoEfectivo.

PagoEfectivo publishes no refund call (fact sheet 0), so every path, header and
reference is a setting with the proposed contract as its default.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.engine.records import Account

Path = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)+$")]
Seconds = Annotated[float, Field(gt=0, le=20)]


class TransactionReference(StrEnum):
    """Which number a transaction id of the store is."""

    CIP = "cip"
    TRANSACTION_CODE = "transaction_code"


class Paths(BaseModel):
    """Where each group of calls lives below the base URL (fact sheet 1.2 to 1.4, 7.2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    authorizations: Path = "/v1/authorizations"
    cips: Path = "/v1/cips"
    refunds: Path = "/api/v1/refunds"
    transactions: Path = "/api/v1/transactions"


class Timeouts(BaseModel):
    """In seconds. `whole` bounds one request with its answer, whatever the rest allows.

    A send makes at most four requests (token, refund, and both again after a 401),
    so that it always ends before the engine takes its sender for dead (90 s).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect: Seconds = 5
    read: Seconds = 15
    write: Seconds = 10
    pool: Seconds = 5
    whole: Seconds = 20


class CipDefaults(BaseModel):
    """What a new CIP says of the buyer where the store tells nothing (fact sheet 1.3).

    The technical document calls e-mail, phone and country code mandatory, the older pages
    only the e-mail: an account sets what its PagoEfectivo insists on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_email: Annotated[str, Field(min_length=3, max_length=100)] | None = None
    user_phone: Annotated[str, Field(pattern=r"^[0-9]{6,15}$")] | None = None
    user_code_country: Annotated[str, Field(pattern=r"^\+[0-9]{1,4}$")] | None = None


class AccountSettings(BaseModel):
    """`Account.settings`, read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    paths: Paths = Paths()
    timeouts: Timeouts = Timeouts()
    origin: Literal["web", "android", "ios"] = "web"
    accept_language: Literal["es-PE", "en-US"] = "es-PE"
    transaction_reference: TransactionReference = TransactionReference.CIP
    cip_defaults: CipDefaults = CipDefaults()

    @classmethod
    def of(cls, account: Account) -> Self:
        """Read an account's settings.

        Raises:
            SettingInvalid: one of them can't be used; the message names it.
        """
        try:
            return cls.model_validate(dict(account.settings))
        except ValidationError as error:
            raise SettingInvalid(f"account setting {_first_place(error)}") from None


class Credentials(BaseModel):
    """`Account.secrets`, read: `access_key` and `secret_key`, with the service id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_key: SecretStr = Field(min_length=1)
    secret_key: SecretStr = Field(min_length=1)
    service_id: str = Field(pattern=r"^[0-9]{1,9}$")

    @classmethod
    def of(cls, account: Account) -> Self:
        """Read an account's keys.

        Raises:
            SettingInvalid: a key is missing or the service id is not a number.
        """
        given = {**account.secrets, "service_id": account.service_id}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingInvalid(f"account key {_first_place(error)}") from None


def _first_place(error: ValidationError) -> str:
    """Where and why, without the value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
