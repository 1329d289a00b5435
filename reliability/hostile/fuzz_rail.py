"""PagoEfectivo's answers, spoiled: nothing but a true answer about this very refund succeeds."""

from typing import Any, Final

import httpx

import fuzz_rail_news
import fuzz_rail_truth as truth
from fuzz_answers import Answers, InProcess, Network, Target
from fuzz_mutations import Raw, Told, told
from fuzz_rail_truth import CHECKOUT, CIP, OURS, REFUND
from pagoefectivo_bench import Witness, sandbox_account
from pef_adapters.core.errors import NotSent, RailError
from pef_adapters.engine.ports import RailCip, RailRefusal
from pef_adapters.pagoefectivo import PagoEfectivoRails
from pef_adapters.pagoefectivo.client import PagoEfectivoClient
from pef_adapters.pagoefectivo.rail import PagoEfectivoRail
from pef_adapters.pagoefectivo.wire import Beneficiary, RefundRecord
from pef_adapters.testing.clock import VirtualClock


def _enveloped(data: Any, status: int = 200, code: str = "100", message: str = "Ok.") -> Told:
    stamp = "2026-11-23T00:25:59-05:00"
    said = {"code": code, "message": message, "response_id": "RSP-1", "timestamp": stamp}
    return told({**said, "data": data}, status)


def _refund(status: str = "PROCESSING") -> dict[str, Any]:
    return {
        "refund_id": "RFD-0000000001",
        "merchant_refund_id": REFUND,
        "original_transaction_id": CIP,
        "cip": CIP,
        "status": status,
        "refund_amount": Raw("22.05"),
        "currency": "PEN",
        "refunded_total": Raw("22.05"),
        "remaining": Raw("37.85"),
        "route": "BANK_TRANSFER",
        "estimated_payment_date": "2026-11-26",
    }


_CIP: Final = {
    "cip": 11546901,
    "transactionCode": "CO1A2B3C",
    "currency": "PEN",
    "amount": Raw("129.80"),
    "status": 23,
    "statusName": "Cancelado",
    "dateCreation": "2026-11-20T08:00:00-05:00",
    "dateExpiry": "2026-11-23T08:00:00-05:00",
    "datePayment": "2026-11-21T08:00:00-05:00",
    "dateRemoval": "1900-01-01T00:00:00-05:00",
}
_CREATED: Final = {
    "cip": 11546901,
    "currency": "PEN",
    "amount": Raw("129.80"),
    "transactionCode": "CO1A2B3C",
    "dateExpiry": "2026-11-24T10:00:00-05:00",
    "cipUrl": "https://pagoefectivo.example/11546901.html",
}
_TOKEN: Final = {
    "token": "eyJmYWtl.b25s.eQ",
    "codeService": "SBX",
    "tokenStart": "2026-11-23T00:25:59-05:00",
    "tokenExpires": "2999-01-01T00:00:00-05:00",
}
_NO: Final = {"code": "AMOUNT_EXCEEDED", "message": "Ya no queda tanto.", "field": "refund_amount"}


class _Bench:
    """A real client on the network of this process; a new one has no token yet."""

    def __init__(self) -> None:
        self.network = Network(route=self._route)
        self.reached = 0
        self.new()

    def new(self) -> None:
        clock = VirtualClock()
        self.rails = PagoEfectivoRails(clock, Witness(), lambda _: InProcess(self.network))
        self.rail: PagoEfectivoRail = self.rails.of(sandbox_account("http://127.0.0.1:8082"))

    @property
    def client(self) -> PagoEfectivoClient:
        return self.rail._client

    def _route(self, request: httpx.Request) -> str:
        if request.url.path.endswith("/authorizations"):
            return "token"
        self.reached += 1
        return "answer"


def targets() -> list[Target]:
    """Each call of the client, and what PagoEfectivo tells by itself."""
    bench = _Bench()
    token = _enveloped(_TOKEN, 201)

    def target(name: str, call: Any, faults: Any, *answers: Told) -> list[Target]:
        made = f"rail.{name}"
        return [_target(bench, made, call, faults, token=token, answer=each) for each in answers]

    every_state = [
        _enveloped(_refund(state), 201) for state in ("PROCESSING", "REFUNDED", "RECEIVED")
    ]
    found = [_enveloped([_refund(state)]) for state in ("REFUNDED", "REJECTED", "RETURNED")]
    several = _enveloped([_refund(), {**_refund(), "refund_id": "RFD-2"}])
    refused = _enveloped([_NO], 422, "AMOUNT_EXCEEDED", "Ya no queda tanto.")
    return [
        *target("send", lambda b: b.rail.send(OURS), truth.sent, *every_state, refused),
        *target(
            "find_refund",
            lambda b: b.rail.find_refund(OURS),
            truth.found,
            *found,
            several,
            _enveloped([]),
        ),
        *target(
            "find_payment", lambda b: b.rail.find_payment(CIP), truth.payment, _enveloped([_CIP])
        ),
        *target("create_payment", _create, truth.created, _enveloped(_CREATED, 201)),
        *target(
            "cancel_payment", lambda b: b.rail.cancel_payment(CIP), truth.said_yes, _enveloped(None)
        ),
        *target("refund", lambda b: b.client.refund("RFD-1"), truth.record, _enveloped(_refund())),
        *target(
            "refunds_of", lambda b: b.client.refunds_of(CIP), truth.records, _enveloped([_refund()])
        ),
        *target(
            "cancel_refund",
            lambda b: b.client.cancel_refund("RFD-1"),
            truth.record,
            _enveloped(_refund()),
        ),
        *target("give_beneficiary", _beneficiary, truth.record, _enveloped(_refund())),
        _token_target(bench, token, every_state[1]),
        *fuzz_rail_news.targets(),
    ]


def _target(
    bench: _Bench, name: str, call: Any, faults: Any, *, token: Told, answer: Told
) -> Target:
    async def ask(answers: Answers) -> Any:
        bench.network.answers = {"token": token, **answers}
        bench.reached = 0
        try:
            return await call(bench)
        except NotSent as error:
            if bench.reached:
                raise AssertionError(f"called not sent, although it was: {error}") from None
            raise

    # Whatever the rail answers, its client raises what the engine has an answer to.
    return Target(name, {"answer": answer}, ask, faults, (RailError,))


def _token_target(bench: _Bench, token: Told, answer: Told) -> Target:
    async def ask(answers: Answers) -> Any:
        await bench.rails.aclose()
        bench.new()
        bench.network.answers = {**answers, "answer": answer}
        return await bench.rail.send(OURS)

    def faults(answers: Answers, came: Any) -> str | None:
        bench.new()  # a token that was taken must not serve the next target
        if isinstance(came, RailRefusal):  # the keys were refused, and the refund never asked for
            return truth.no_success({"answer": answers["token"]})
        return truth.sent({"answer": answer}, came)

    return Target("rail.authorize", {"token": token}, ask, faults, (RailError,))


async def _create(bench: _Bench) -> RailCip:
    return await bench.rail.create_payment(CHECKOUT, "ana@example.com")


async def _beneficiary(bench: _Bench) -> RefundRecord:
    who = Beneficiary(
        first_name="Ana",
        last_name="Quispe",
        document_type="DNI",
        document_number="12345678",
        cci="00219100123456789012",
        account_type="SAVINGS",
    )
    return await bench.client.give_beneficiary("RFD-1", who)
