"""The payment provider protocol's bodies: read leniently, answered strictly. Shapes only.

VTEX's guides leave out fields that its specification requires, so only what we need is
required here. Answers name every field of the specification (platforms/vtex.md, sections
2 to 4). Amounts are decimals in major units.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from pef_adapters.core.errors import BodyUnreadable
from pef_vtex import exact_json


def _number(value: object) -> object:
    """True is no amount, although Python counts it as one."""
    if isinstance(value, bool | float):
        raise ValueError("not an exact number")  # noqa: TRY004 - pydantic reads ValueErrors
    return value


def _text(value: object) -> object:
    """VTEX sends null, and sometimes a number, where a text belongs."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int | Decimal) else value


def _record(value: object) -> object:
    return {} if value is None else value


Amount = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, max_digits=16)]
# An id becomes part of our own names and travels in addresses.
Id = Annotated[str, BeforeValidator(_text), StringConstraints(pattern=r"^[!-~]{1,100}$")]
Text = Annotated[str, BeforeValidator(_text), StringConstraints(max_length=2000)]
PaymentStatus = Literal["approved", "denied", "undefined"]
# A plain host: it is put into a header of our own page too.
Address = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][!-~]*)?$", max_length=2000
    ),
]


class _Asked(BaseModel):
    """What VTEX sends; more fields than these are none of our business."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """The body.

        Raises:
            BodyUnreadable: not JSON, or without what we need of it.
        """
        try:
            return cls.model_validate(exact_json.read(body))
        except ValidationError as error:
            places = sorted(
                {".".join(map(str, e["loc"])) or "its beginning" for e in error.errors()}
            )
            raise BodyUnreadable(f"the body can't be read at {', '.join(places)}") from None
        except ValueError:
            raise BodyUnreadable("the body is not JSON") from None


class Card(_Asked):
    """Of a card only the test suite's number is looked at, and it is never kept."""

    number: Annotated[Text, Field(repr=False)] = ""


class Buyer(_Asked):
    """Who pays."""

    email: Annotated[Text, Field(repr=False)] = ""


class MiniCart(_Asked):
    """What is bought, as far as it tells who pays."""

    buyer: Annotated[Buyer, BeforeValidator(_record)] = Buyer()


class PaymentBody(_Asked):
    """`POST /payments`. `order_id` is the order group, without "-01" (section 2)."""

    payment_id: Id
    order_id: Id
    transaction_id: Text = ""
    value: Amount
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    callback_url: Annotated[Address, Field(repr=False)]
    return_url: Text = ""
    card: Annotated[Card, BeforeValidator(_record)] = Card()
    mini_cart: Annotated[MiniCart, BeforeValidator(_record)] = MiniCart()
    # Written in two ways by VTEX itself.
    sandbox: Annotated[
        bool | None, Field(validation_alias=AliasChoices("sandboxMode", "sandBoxMode"))
    ] = None


class OperationBody(_Asked):
    """What cancelling, settling and refunding have in common."""

    request_id: Id
    payment_id: Id | None = None
    authorization_id: Text = ""
    settle_id: Text = ""
    tid: Text = ""
    transaction_id: Text = ""
    sandbox: Annotated[bool | None, Field(validation_alias="sandboxMode")] = None


class AmountBody(OperationBody):
    """`…/settlements` and `…/refunds`: they name an amount in the payment's currency."""

    value: Amount


class InboundBody(_Asked):
    """`…/inbound/{action}`: a request of others, forwarded."""

    request_id: Id
    payment_id: Id | None = None


class TokenBody(_Asked):
    """`POST /authorization/token`: the merchant wants to link the store up."""

    application_id: Id
    return_url: Address


# --- answers -------------------------------------------------------------------


class _Said(BaseModel):
    """An answer. Every field is there, null where nothing is to be said."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=AliasGenerator(serialization_alias=to_camel),
    )

    def as_json(self) -> bytes:
        """As VTEX reads it; `connectorMetadata` and `paymentUrl` only where there is any."""
        said = self.model_dump(by_alias=True)
        for name in ("connectorMetadata", "paymentUrl"):
            if name in said and not said[name]:
                del said[name]
        return exact_json.write(said)


class Metadata(BaseModel):
    """A value that VTEX keeps with the transaction and sends back later."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, StringConstraints(max_length=20)]
    value: Annotated[str, StringConstraints(max_length=200)]


class PaymentSaid(_Said):
    """How a payment stands: the answer to `/payments`, and the callback's body.

    The specification requires a text in `authorizationId` and its prose wants none unless
    the payment is approved; an empty text fits both. Seconds in the three delays.
    """

    payment_id: str
    status: PaymentStatus
    authorization_id: str
    tid: str
    nsu: str | None
    acquirer: str
    code: str | None
    message: str | None
    payment_url: str | None
    delay_to_auto_settle: int
    delay_to_auto_settle_after_antifraud: int
    delay_to_cancel: int = Field(ge=600, le=2_592_000)


class PaymentRefused(_Said):
    """`/payments` could not be answered at all (400, 500)."""

    status: str = "error"
    code: str
    message: str


class CancelSaid(_Said):
    """The answer to `/cancellations`; without an id it failed."""

    payment_id: str
    cancellation_id: str | None
    code: str | None
    message: str
    request_id: str
    connector_metadata: tuple[Metadata, ...] = ()


class SettleSaid(_Said):
    """The answer to `/settlements`; without an id it failed."""

    payment_id: str
    settle_id: str | None
    value: Decimal
    code: str | None
    message: str
    request_id: str


class RefundSaid(_Said):
    """The answer to `/refunds`; without an id nothing was refunded, and the value is 0."""

    payment_id: str
    refund_id: str | None
    value: Decimal
    code: str | None
    message: str
    request_id: str
    connector_metadata: tuple[Metadata, ...] = ()


class Forwarded(_Said):
    """What whoever called the forwarded address is answered."""

    status_code: int
    content_type: str = "application/json"
    content: str


class InboundSaid(_Said):
    """The answer to `…/inbound/{action}`."""

    request_id: str
    payment_id: str
    code: str
    message: str
    response_data: Forwarded
