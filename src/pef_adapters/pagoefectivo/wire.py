"""The shapes on the wire (fact sheet 1.2 to 1.6 and 7.2).

Reads leniently where the real API is uneven and strictly where money is named.
Owns names and types only; what an answer means is decided elsewhere.
"""

from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_serializer,
)
from pydantic.alias_generators import to_camel

from pef_adapters.core.calendar import LIMA
from pef_adapters.core.moments import within_reach, written

_UNSET_YEAR = 1900


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _absent_if_unset(moment: datetime) -> datetime | None:
    """The rail writes 1900-01-01 where it means "never" (fact sheet 1.4)."""
    return None if moment.year <= _UNSET_YEAR else moment


def _fit_for_a_header(token: SecretStr) -> SecretStr:
    """Kept until it expires, any other would stop every call of the account."""
    text = token.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("no token")
    return token


TextOrNumber = Annotated[str, BeforeValidator(_as_text), Field(max_length=200)]
Amount = Annotated[Decimal, Field(max_digits=18, ge=0)]
Moment = Annotated[AwareDatetime, BeforeValidator(written), AfterValidator(within_reach)]
RailDate = Annotated[Moment, AfterValidator(_absent_if_unset)] | None


class _Read(BaseModel):
    """An answer's part: unknown fields are ignored, because the rail may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class Envelope(_Read):
    """What every answer is wrapped in; `code` comes as text or as number."""

    model_config = ConfigDict(alias_generator=None)

    code: TextOrNumber
    message: str = ""
    data: object = None
    response_id: TextOrNumber | None = None
    timestamp: TextOrNumber | None = None


class FieldProblem(_Read):
    """One entry of a validation error's list."""

    code: TextOrNumber
    message: str = ""
    field: str = ""


class TokenData(_Read):
    """The token is opaque; only `tokenExpires` says how long it serves."""

    token: Annotated[SecretStr, AfterValidator(_fit_for_a_header)] = Field(
        min_length=1, max_length=4096
    )
    token_expires: Moment


class CipState(IntEnum):
    """Fact sheet 1.5. In this API "Cancelado" means PAID."""

    EXPIRED = 21
    GENERATED = 22
    PAID = 23
    DELETED = 25


class CipRecord(_Read):
    """One item of a search. An unknown CIP is an empty structure, not an error."""

    cip: TextOrNumber | None = None
    transaction_code: TextOrNumber | None = None
    amount: Amount | None = None
    currency: str | None = None
    status: int | None = None
    status_name: str | None = None
    date_creation: RailDate = None
    date_expiry: RailDate = None
    date_payment: RailDate = None
    date_removal: RailDate = None

    @property
    def known(self) -> bool:
        return self.cip not in {None, "", "0"}


class CreatedCip(_Read):
    """The answer to a creation; 1.00 comes back as 1."""

    cip: TextOrNumber
    currency: str
    amount: Amount
    transaction_code: TextOrNumber
    date_expiry: RailDate = None
    cip_url: str | None = None


class NewCip(BaseModel):
    """A CIP to create (fact sheet 1.3); amounts in major units with two decimals at most."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    currency: Literal["PEN", "USD"]
    amount: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]
    transaction_code: Annotated[str, Field(min_length=1, max_length=36)]
    user_email: Annotated[str, Field(min_length=3, max_length=100)]
    user_phone: Annotated[str, Field(max_length=15)] | None = None
    user_code_country: Annotated[str, Field(max_length=5)] | None = None
    date_expiry: AwareDatetime | None = None
    payment_concept: Annotated[str, Field(max_length=50)] | None = None
    additional_data: Annotated[str, Field(max_length=200)] | None = None
    admin_email: Annotated[str, Field(max_length=100)] | None = None
    user_id: str | None = None
    user_name: Annotated[str, Field(max_length=30)] | None = None
    user_last_name: Annotated[str, Field(max_length=30)] | None = None
    user_ubigeo: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    user_country: Annotated[str, Field(max_length=20)] | None = None
    user_document_type: Literal["DNI", "PAR", "PAS", "LMI", "NAN", "CE"] | None = None
    user_document_number: str | None = Field(default=None, max_length=14, repr=False)

    @field_serializer("date_expiry", when_used="unless-none")
    def _in_lima_time(self, moment: datetime) -> str:
        return lima_text(moment)


class Beneficiary(BaseModel):
    """Who gets the transfer (fact sheet 7.2). Never shown whole: see `masking`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_name: Annotated[str, Field(min_length=1, max_length=60)]
    last_name: Annotated[str, Field(min_length=1, max_length=60)]
    document_type: Literal["DNI", "CE", "RUC", "PAS"]
    document_number: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{7,20}$", repr=False)]
    cci: Annotated[str, Field(pattern=r"^[0-9]{20}$", repr=False)]
    account_type: Literal["CHECKING", "SAVINGS", "MAESTRA"]
    email: Annotated[str, Field(max_length=100)] | None = Field(default=None, repr=False)


class RefundOrder(BaseModel):
    """The body of `POST /api/v1/refunds`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    original_transaction_id: Annotated[TextOrNumber, Field(min_length=1, max_length=36)]
    refund_amount: Decimal
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    merchant_refund_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,36}$")]
    reason: Annotated[str, Field(max_length=200)] = ""
    beneficiary: Beneficiary | None = None
    notification_url: Annotated[str, Field(pattern=r"^https://", max_length=500)] | None = None


class RefundRecord(BaseModel):
    """A refund as the proposed contract answers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    refund_id: Annotated[TextOrNumber, Field(min_length=1)]
    merchant_refund_id: str
    original_transaction_id: TextOrNumber
    status: str
    refund_amount: Amount
    currency: str
    cip: TextOrNumber | None = None
    refunded_total: Amount | None = None
    remaining: Amount | None = None
    route: str | None = None
    estimated_payment_date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


def lima_text(moment: datetime) -> str:
    """A moment as the rail writes it: yyyy-mm-ddThh:mm:ss-05:00 (fact sheet 1.2)."""
    return moment.astimezone(LIMA).isoformat(timespec="seconds")
