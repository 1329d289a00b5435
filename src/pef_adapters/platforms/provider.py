"""A platform whose gateway calls us: one call in, one answer out, by stored state.

The adapter knows the protocol: who calls, what is asked, how an answer is written. The
engine knows what became of it. Nothing here calls anybody while a call is being served,
but `tell_payment`, which is called later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.asked import AskedPayment, AskedRefund, AskedSettlement, Checkout
from pef_adapters.platforms.stores import StoreConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as it arrived. `path` is below the provider's address, with a slash first.

    Header names are lower-case. `at` is when it arrived.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status and a JSON body; `headers` beside the content type."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plain:
    """Asks nothing of the engine: the protocol itself knows the answer (a manifest, say)."""

    answer: Answer


Asked: TypeAlias = AskedPayment | AskedRefund | AskedSettlement | Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundStanding:
    """How an asked refund stands.

    `our_id` names it; `state` is None until it was taken in (then it is open).
    `left_to_store` says that a person at the store refunds it by hand: we pay nothing.
    `not_paid` says that nothing was paid in yet: the payment was cancelled instead.
    `code` and `text` explain the state in the store's language.
    """

    our_id: str
    amount: Money
    state: State | None
    left_to_store: bool = False
    not_paid: bool = False
    code: str = ""
    text: str = ""


Standing: TypeAlias = Checkout | RefundStanding


class Provider(Protocol):
    """How a platform's gateway calls its payment provider."""

    @property
    def by_certificate(self) -> bool:
        """Whether callers prove themselves by mutual TLS: then only that listener serves them."""
        ...

    @property
    def max_body_bytes(self) -> int: ...

    def caller(self, call: Call) -> str | None:
        """The id of the store that the call names, which proves nothing; None: no store.

        Raises:
            WebhookRejected: the call names its store in a way that can't be read.
        """
        ...

    def greet(self, call: Call) -> Answer | None:
        """The answer to a call that concerns no store, or None where it must name one."""
        ...

    def read(self, call: Call, store: StoreConnection) -> Asked:
        """Prove the caller, then say what is asked. Reads and writes nothing outside.

        Raises:
            WebhookRejected: not this store's gateway, or a body that can't be read.
        """
        ...

    def leaves_payouts_to_store(self, store: StoreConnection) -> bool:
        """Whether what needs a person's payout is left to the store, so that we never pay it."""
        ...

    def answer(self, asked: Asked, standing: Standing, store: StoreConnection) -> Answer:
        """The protocol's answer to what was asked, from how it stands. Pure."""
        ...

    def refused(self, call: Call, fault: PefError) -> Answer:
        """The protocol's answer where we could not do what was asked. Pure."""
        ...

    async def tell_payment(self, checkout: Checkout, store: StoreConnection) -> None:
        """Tell the gateway how a payment stands. WRITES outside.

        Safe to repeat; a timeout means: perhaps told, call again. Only `waiting`, `paid`,
        `expired` and `cancelled` are told.

        Raises:
            PlatformError: not (surely) told.
        """
        ...
