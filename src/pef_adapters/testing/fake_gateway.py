"""A platform in memory whose gateway calls us, for tests of the engine without any wire.

It remembers what it was told, takes the first outcome of a refund only, as the strictest
real one does, and can leave what needs a person to its store.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pef_adapters.core.errors import (
    BodyUnreadable,
    PefError,
    PlatformError,
    PlatformRefused,
    SignatureInvalid,
)
from pef_adapters.core.money import Money
from pef_adapters.platforms.asked import (
    AskedPayment,
    AskedRefund,
    AskedSettlement,
    Checkout,
    CheckoutState,
    Operation,
)
from pef_adapters.platforms.contract import (
    Capabilities,
    Changes,
    Hint,
    OrderReport,
    Outcome,
    StoreConnection,
    StoreRefund,
)
from pef_adapters.platforms.kept import changes_kept, read_kept
from pef_adapters.platforms.provider import (
    Answer,
    Asked,
    Call,
    Plain,
    RefundStanding,
    Standing,
)
from pef_adapters.testing.fake_platform import CAPABILITIES, FakePlatform

RHYTHM = (5, 10, 30)


class FakeGatewayPlatform(FakePlatform):
    """As `FakePlatform`, but it asks for refunds instead of announcing them."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.final_outcomes = True
        self.outcomes: dict[str, Outcome] = {}
        self.told: list[tuple[str, CheckoutState]] = []
        self.telling_fails: list[PlatformError] = []
        self.outcome_answers_lost = 0
        self.leaves_payouts = False

    @property
    def capabilities(self) -> Capabilities:
        return replace(
            CAPABILITIES,
            refund_can_be_deleted=False,
            outcome_is_final=self.final_outcomes,
            tell_again_after=RHYTHM,
        )

    @property
    def provider(self) -> "FakeProvider":
        return FakeProvider(self)

    async def read(self, hint: Hint, store: StoreConnection) -> tuple[StoreRefund, ...]:
        self.reads += 1
        return await read_kept(hint, store)

    async def find_changes(self, since: datetime, store: StoreConnection) -> Changes:
        self._reach()
        return await changes_kept(since, self._now(), store)

    async def write_back(self, report: OrderReport, store: StoreConnection) -> None:
        self._reach()
        self.write_backs += 1
        for line in report.lines:
            if line.outcome is None:
                continue
            first = self.outcomes.setdefault(line.refund_id, line.outcome)
            if self.outcome_answers_lost:
                self.outcome_answers_lost -= 1
                raise PlatformError("the answer was lost")
            if first is not line.outcome:
                raise PlatformRefused(f"the refund is {first} already")


class FakeProvider:
    """Speaks a protocol of its own: one JSON body, one secret in a header."""

    by_certificate = False
    max_body_bytes = 10_000

    def __init__(self, platform: FakeGatewayPlatform) -> None:
        self._platform = platform

    def caller(self, call: Call) -> str | None:
        return call.headers.get("x-store")

    def greet(self, call: Call) -> Answer | None:
        return Answer(200, b"{}") if call.path == "/manifest" else None

    def read(self, call: Call, store: StoreConnection) -> Asked:
        if call.headers.get("x-secret") != store.secrets["webhook_secret"]:
            raise SignatureInvalid
        try:
            return _asked(call.path, json.loads(call.body, parse_float=Decimal))
        except (KeyError, ValueError):
            raise BodyUnreadable from None

    def leaves_payouts_to_store(self, store: StoreConnection) -> bool:
        return self._platform.leaves_payouts

    def answer(self, asked: Asked, standing: Standing, store: StoreConnection) -> Answer:
        if isinstance(standing, RefundStanding):
            return _json(
                200,
                state=standing.state,
                ours=standing.our_id,
                code=standing.code,
                not_paid=standing.not_paid,
                left=standing.left_to_store,
            )
        return _json(200, state=standing.state, pay_url=standing.pay_url)

    def refused(self, call: Call, fault: PefError) -> Answer:
        return _json(fault.http_status, code=fault.code)

    async def tell_payment(self, checkout: Checkout, store: StoreConnection) -> None:
        if self._platform.telling_fails:
            raise self._platform.telling_fails.pop(0)
        self._platform.told.append((checkout.payment_id, checkout.state))


def _asked(path: str, body: Mapping[str, Any]) -> Asked:
    payment = str(body["payment"])
    if path == "/payment":
        return AskedPayment(
            payment_id=payment,
            order_id=str(body["order"]),
            order_number=str(body["order"]),
            amount=Money.parse(str(body["amount"]), "PEN"),
            test=bool(body.get("test", True)),
            return_url="https://tienda.example/gracias",
            email="ana@example.com",
        )
    if path == "/settlement":
        return AskedSettlement(payment_id=payment, request_id="1", amount=Decimal(body["amount"]))
    if path not in {"/refund", "/cancel"}:
        return Plain(Answer(404))
    operation = Operation.REFUND if path == "/refund" else Operation.CANCEL
    amount = body.get("amount")
    return AskedRefund(
        refund_id=f"{payment}/{operation}/{body['request']}",
        operation=operation,
        payment_id=payment,
        amount=None if amount is None else Decimal(str(amount)),
        currency=body.get("currency"),
        test=bool(body.get("test", True)),
    )


def _json(status: int, **said: object) -> Answer:
    return Answer(status, json.dumps(said).encode())
