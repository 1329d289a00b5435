"""What the fake shop remembers of its apps: their tokens, their rights, their sessions."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, Field


class TokenPair(BaseModel):
    """An offline token and, where it expires, the refresh token that came with it.

    `parent` is the refresh token it was got by. `lapsed` says that a successor of its refresh
    token was used, which ends this one.
    """

    client_id: str
    access_token: str = Field(repr=False)
    expires: datetime | None = None
    refresh_token: str | None = Field(default=None, repr=False)
    refresh_expires: datetime | None = None
    parent: str | None = Field(default=None, repr=False)
    used: datetime | None = None
    lapsed: bool = False


class Install(BaseModel):
    """An app as this shop has it: what it may do, and whether its set-up is finished."""

    scopes: list[str]
    ready: bool = False
    external_handle: str | None = None


class Grant(BaseModel):
    """An authorization code that waits to be exchanged, once."""

    code: str = Field(repr=False)
    client_id: str
    scopes: list[str]


class PaymentSession(BaseModel):
    """A payment that the buyer chose at the checkout, and what the app said of it."""

    id: str
    client_id: str
    order_id: int | None = None
    amount: Decimal
    currency: str
    email: str
    test: bool
    locale: str
    proposed: datetime
    redirect_url: str | None = None
    state: Literal["open", "pending", "resolved", "rejected"] = "open"
    reason: str | None = None
    merchant_message: str | None = None
    pending_expires: datetime | None = None


class RefundSession(BaseModel):
    """A refund that the app was asked for; `sent` says whether its answer was as it must be."""

    id: str
    client_id: str
    order_id: int
    transaction_id: int
    payment_id: str
    amount: Decimal
    currency: str
    test: bool
    locale: str
    proposed: datetime
    state: Literal["open", "resolved", "rejected"] = "open"
    merchant_message: str | None = None
    sent: Literal["waiting", "sent", "failed"] = "waiting"
    due: datetime
    tries: list[int | None] = Field(default_factory=list)
