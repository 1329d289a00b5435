"""The homologation suite as VTEX's app runs it: one case after the other, with a report.

Cases and cards are those of VTEX's help (platforms/vtex.md, section 7). Two things it does
not say, and this suite decides: Boleto and Redirect are passed by `undefined` with an
address that opens, a callback is only reported; and the manifest is looked at first.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal

import httpx
from pydantic import BaseModel

from pef_adapters.testing.fake_vtex.callbacks import TAKEN, Callbacks
from pef_adapters.testing.fake_vtex.calling import Question, Reply
from pef_adapters.testing.fake_vtex.gateway import Gateway
from pef_adapters.testing.fake_vtex.shop import new_id, new_payment
from pef_adapters.testing.fake_vtex.state import Ask, Operation, Payment
from pef_adapters.testing.fake_vtex.wire_json import Json, write

_CARDS: Final[Mapping[str, str]] = {
    "approved": "4444333322221111",
    "denied": "4444333322221112",
    "cancellation": "4444333322221111",
    "async_approved": "4222222222222224",
    "async_denied": "4222222222222225",
}
_VALUE: Final = 2000


class SuiteOrder(BaseModel):
    """What to run: all cases or some; `credentials` off sends the keys as empty texts."""

    cases: tuple[str, ...] = ()
    credentials: bool = True
    currency: str = "PEN"


@dataclass(slots=True)
class _Case:
    """One case being run: its payment, what was called, and what went wrong."""

    name: str
    payment: Payment
    faults: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    callback: str = ""

    def expect(self, truth: object, fault: str) -> bool:
        if not truth:
            self.faults.append(fault)
        return bool(truth)


@dataclass(slots=True)
class Suite:
    """Runs the cases against the provider, with payments that belong to no order."""

    gateway: Gateway
    callbacks: Callbacks
    order: SuiteOrder

    async def run(self) -> Json:
        """Run the cases; `passed` is true where each of them passed."""
        steps = self._steps()
        unknown = sorted(set(self.order.cases) - set(steps))
        if unknown:
            raise KeyError(f"no such case: {', '.join(unknown)}")
        wanted = self.order.cases or tuple(steps)
        cases = [await self._run(name, steps[name]) for name in wanted]
        return {"passed": all(case["passed"] for case in cases), "cases": cases}

    def _steps(self) -> Mapping[str, Callable[[_Case], Awaitable[None]]]:
        return {
            "manifest": self._manifest,
            "approved": self._approved,
            "denied": self._denied,
            "cancellation": self._cancellation,
            "async_approved": lambda case: self._later(case, "approved"),
            "async_denied": lambda case: self._later(case, "denied"),
            "boleto": self._boleto,
            "redirect": self._redirect,
        }

    async def _run(self, name: str, step: Callable[[_Case], Awaitable[None]]) -> Json:
        settings = self.gateway.settings
        payment = new_payment(
            group=f"suite-{name}",
            reference="suite",
            value=_VALUE,
            currency=self.order.currency,
            method="BankInvoice" if name == "boleto" else settings.payment_method,
            created=self.gateway.now(),
            suite=True,
        )
        self.gateway.state.payments[payment.id] = payment
        case = _Case(name, payment)
        await step(case)
        records = [r for r in self.gateway.state.calls if r.id in case.calls]
        return {
            "name": name,
            "payment_id": payment.id,
            "passed": not case.faults,
            "faults": case.faults,
            "callback": case.callback,
            "calls": [record.model_dump(mode="json") for record in records],
        }

    # --- the cases ------------------------------------------------------------

    async def _manifest(self, case: _Case) -> None:
        question = Question(
            operation="manifest",
            payment_id=case.payment.id,
            path="/manifest",
            suite=True,
            credentials=self.order.credentials,
        )
        reply = await self._asked(case, question)
        names = [m.get("name") for m in reply.body.get("paymentMethods", []) if reply.is_done]
        method = self.gateway.settings.payment_method
        case.expect(method in names, f"the manifest does not offer {method}")

    async def _approved(self, case: _Case) -> None:
        if not await self._authorized(case, "approved"):
            return
        settled = await self._operation(case, "settlements")
        case.payment.settle_id = str(settled.body.get("settleId") or "")
        if not case.expect(settled.is_done, "the payment was not settled"):
            return
        refunded = await self._operation(case, "refunds")
        case.expect(refunded.is_done and refunded.body.get("refundId"), "no refundId was returned")

    async def _denied(self, case: _Case) -> None:
        await self._authorized(case, "denied")

    async def _cancellation(self, case: _Case) -> None:
        if await self._authorized(case, "approved"):
            reply = await self._operation(case, "cancellations")
            case.expect(reply.is_done, "the payment was not cancelled")

    async def _later(self, case: _Case, end: Literal["approved", "denied"]) -> None:
        if not await self._authorized(case, "undefined"):
            return
        if not case.expect(await self._hear(case), "no callback arrived in time"):
            return
        if self.gateway.settings.callback == "retry":
            self.gateway.apply(case.payment, (await self._pay(case)).body)
        case.expect(case.payment.status == end, f"the payment did not become {end}")

    async def _boleto(self, case: _Case) -> None:
        if await self._authorized(case, "undefined"):
            case.expect(case.payment.payment_url, "no paymentUrl was returned")

    async def _redirect(self, case: _Case) -> None:
        if not await self._authorized(case, "undefined"):
            return
        url = case.payment.payment_url or ""
        if case.expect(url, "no paymentUrl was returned"):
            case.expect(await self._opens(url), "the paymentUrl does not open")

    # --- their steps ------------------------------------------------------------

    async def _authorized(self, case: _Case, status: str) -> bool:
        reply = await self._pay(case)
        # Without an answer there is nothing to apply, and the status stays "started".
        if reply.is_done:
            self.gateway.apply(case.payment, reply.body)
        return case.expect(case.payment.status == status, f"the payment is not {status}")

    async def _pay(self, case: _Case) -> Reply:
        card = _CARDS.get(case.name, "")
        body = self.gateway.bodies.payment(case.payment, [], card)
        return await self._asked(case, self._question(case, "payments", "/payments", body))

    async def _operation(self, case: _Case, operation: Operation) -> Reply:
        ask = Ask(
            id=0,
            operation=operation,
            payment_id=case.payment.id,
            request_id=new_id(),
            value=_VALUE,
            created=self.gateway.now(),
        )
        bodies = self.gateway.bodies
        write_body = {
            "settlements": bodies.settlement,
            "refunds": bodies.refund,
            "cancellations": bodies.cancellation,
        }[operation]
        path = f"/payments/{case.payment.id}/{operation}"
        question = self._question(case, operation, path, write_body(ask, case.payment))
        return await self._asked(case, question)

    def _question(self, case: _Case, operation: str, path: str, body: Any) -> Question:
        return Question(
            operation=operation,
            payment_id=case.payment.id,
            path=path,
            body=write(body),
            suite=True,
            credentials=self.order.credentials,
        )

    async def _asked(self, case: _Case, question: Question) -> Reply:
        reply = await self.gateway.caller.call(question)
        case.calls.append(reply.record.id)
        case.faults += [f"{question.operation}: {fault}" for fault in reply.record.faults]
        return reply

    async def _hear(self, case: _Case) -> bool:
        """Wait for a callback; what was refused meanwhile is a fault."""
        heard = self.callbacks.heard[case.payment.id]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.gateway.settings.suite_callback_seconds):
                await heard.wait()
        told = [c for c in self.gateway.state.callbacks if c.payment_id == case.payment.id]
        case.faults += [f"callback: {each.verdict}" for each in told if each.verdict != TAKEN]
        case.callback = next((each.verdict for each in reversed(told)), "")
        return heard.is_set()

    async def _opens(self, url: str) -> bool:
        """The page that the buyer is sent to, followed as a browser follows it."""
        limit = self.gateway.settings.suite_answer_seconds
        try:
            async with httpx.AsyncClient(timeout=limit, follow_redirects=True) as client:
                answer = await client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.status_code < HTTPStatus.BAD_REQUEST
