"""What Shopify's payments platform sends and answers, as far as it is read. Shapes only.

Sessions come over mutual TLS; answers belong to the documents beside this file. Amounts
are Decimal and never a float. Facts: `platforms/shopify.md`, section 1.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from pef_shopify.wire import Amount, UserError

_Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_Positive = Annotated[Amount, Field(gt=0, allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


# --- what is asked of us ---------------------------------------------------------


class _Session(_Wire):
    """`id` is the idempotency key, `gid` the same session's name in mutations."""

    id: _Id
    gid: _Id
    amount: _Positive
    currency: _Currency


class PaymentMethod(_Wire):
    """How the buyer chose to pay; `data` holds where to go when he gives up."""

    data: Mapping[str, Any] = {}

    @property
    def cancel_url(self) -> str:
        url = self.data.get("cancel_url")
        return url if isinstance(url, str) else ""


class Customer(_Wire):
    """Who pays. Personal data, so it is never shown."""

    email: Annotated[str | None, Field(repr=False)] = None


class PaymentSession(_Session):
    """A payment that we are asked to take; there is no order yet, and no order id."""

    kind: str
    test: bool
    payment_method: PaymentMethod = PaymentMethod()
    customer: Customer = Customer()


class RefundSession(_Session):
    """A refund that we are asked to make. `test` is missing in the form of 2020."""

    payment_id: _Id
    test: bool | None = None


# --- what Shopify answers to our mutations ------------------------------------------


class _Graph(_Wire):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Code(StrEnum):
    """Where a session stands, as far as we ever bring one there."""

    PENDING = "PENDING"
    RESOLVED = "RESOLVED"
    REJECTED = "REJECTED"


class State(_Graph):
    """The state of a session; a code beyond ours is left as it is."""

    code: str


class Ended(_Graph):
    """A session after a mutation."""

    state: State | None = None


class Told(_Graph):
    """What a mutation about a session answers; no session where Shopify knows none."""

    session: Ended | None = None
    user_errors: tuple[UserError, ...] = ()

    @property
    def code(self) -> str | None:
        """Where the session stands now, if the answer says so."""
        state = self.session.state if self.session else None
        return state.code if state else None


class ToldAnswer(_Graph):
    """The answer to a mutation about a session, which each document names `told`."""

    told: Told | None


class Configured(_Graph):
    """What a mutation about the app's set-up answers."""

    user_errors: tuple[UserError, ...] = ()


class ConfiguredAnswer(_Graph):
    """The answer to configure.graphql."""

    configured: Configured | None


class ApiVersion(_Graph):
    """One version of the Payments Apps API."""

    handle: str
    supported: bool


class VersionsAnswer(_Graph):
    """The answer to versions.graphql, the only thing that can be asked there."""

    versions: tuple[ApiVersion, ...]
