"""What the conformance suite needs of a platform's tests, and its way of asking.

`StoreHarness` is what an adapter's tests provide; the functions below it are the
suite's sentences. Nothing here knows a platform, nor pytest.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pef_adapters.core.errors import PefError
from pef_adapters.core.money import Money
from pef_adapters.core.states import State
from pef_adapters.platforms.contract import (
    Check,
    Delivery,
    Hint,
    HintKind,
    Platform,
    RefundLine,
    StoreConnection,
    StoreRefund,
)

AMOUNT: Final = "59.90"
WRITTEN_AT: Final = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class StoreHarness(Protocol):
    """A store under the suite's hands, and the adapter that serves it.

    `deliveries` are all webhooks that arrived so far, oldest first, after waiting
    for those under way. `record` is the hidden record on the order, by refund id.
    """

    platform: Platform
    store: StoreConnection

    async def paid_order(self, total: str) -> str: ...

    async def press_refund(self, order_id: str, amount: str) -> str: ...

    async def delete_refund(self, order_id: str, refund_id: str) -> None: ...

    async def erase_order(self, order_id: str) -> None: ...

    async def deliveries(self) -> Sequence[Delivery]: ...

    async def lose_webhooks(self) -> None:
        """From now on no webhook is sent, until `heal`."""
        ...

    async def kill_webhooks(self) -> None:
        """Every webhook that exists now is switched off."""
        ...

    async def heal(self) -> None: ...

    async def live_webhooks(self) -> Sequence[str]:
        """What each active webhook announces; one entry per webhook."""
        ...

    async def notes(self, order_id: str) -> Sequence[str]: ...

    async def record(self, order_id: str) -> Mapping[str, Any]: ...

    async def status(self, order_id: str) -> str: ...

    def unsigned(self, delivery: Delivery) -> Delivery: ...

    def of_another_store(self, delivery: Delivery) -> Delivery:
        """The same delivery, signed with our secret, as another store would send it."""
        ...

    def unreachable(self) -> StoreConnection:
        """A connection to a place where nobody listens."""
        ...

    def with_wrong_keys(self) -> StoreConnection: ...


def require(promise_kept: bool, breach: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise an AssertionError that names the breach, unless the promise was kept."""
    if not promise_kept:
        raise AssertionError(breach)


@contextmanager
def refused(error: type[Exception]) -> Iterator[None]:
    """What runs inside must raise `error`."""
    try:
        yield
    except error:
        return
    raise AssertionError(f"not refused as {error.__name__}")


async def fails(error: type[PefError], work: Awaitable[object]) -> PefError:
    """The error that the work must raise."""
    try:
        await work
    except error as raised:
        return raised
    raise AssertionError(f"not refused as {error.__name__}")


def only(refunds: Sequence[StoreRefund]) -> StoreRefund:
    """The one refund that must have been read."""
    require(len(refunds) == 1, f"{len(refunds)} refunds were read instead of one")
    return refunds[0]


def failed_of(checks: Sequence[Check]) -> list[Check]:
    """The checks that did not pass."""
    return [check for check in checks if not check.passed]


def about(order_id: str) -> Hint:
    """A hint that an order changed."""
    return Hint(kind=HintKind.ORDER_CHANGED, order_id=order_id)


async def read_one(harness: StoreHarness, order_id: str, refund_id: str) -> Sequence[StoreRefund]:
    """What the adapter reads about one refund of one order."""
    hint = Hint(kind=HintKind.REFUND_CREATED, order_id=order_id, refund_id=refund_id)
    return await harness.platform.read(hint, harness.store)


async def hints_of(harness: StoreHarness, after: int = 0) -> list[Hint]:
    """The hints of all deliveries after the first `after`."""
    deliveries = (await harness.deliveries())[after:]
    return [h for d in deliveries for h in harness.platform.receive(d, harness.store)]


async def refund_delivery(harness: StoreHarness) -> Delivery:
    """A delivery that a pressed refund caused."""
    order_id = await harness.paid_order("119.80")
    await harness.press_refund(order_id, AMOUNT)
    return (await harness.deliveries())[-1]


def leads_to(hints: Sequence[Hint], order_id: str, refund_id: str) -> bool:
    """Whether following the hints finds this refund."""
    return any(
        hint.refund_id == refund_id
        or (hint.order_id == order_id and hint.refund_id is None and _may_list(hint, refund_id))
        for hint in hints
    )


def _may_list(hint: Hint, refund_id: str) -> bool:
    return hint.refund_ids is None or refund_id in hint.refund_ids


async def pressed_line(harness: StoreHarness) -> tuple[str, RefundLine]:
    """A paid order with a pressed refund, and the line to write about it."""
    order_id = await harness.paid_order("119.80")
    return order_id, line_of(await harness.press_refund(order_id, AMOUNT), revision=1)


def line_of(refund_id: str, revision: int) -> RefundLine:
    """A line that says: accepted, expected on a date, with a note."""
    return RefundLine(
        refund_id=refund_id,
        our_id="ours-1",
        state=State.PENDING,
        amount=Money(5990, "PEN"),
        revision=revision,
        expected_on="2026-11-30",
        updated_at=WRITTEN_AT,
        note="PagoEfectivo aceptó el reembolso.",
        marker=f"suite-{revision}",
    )
