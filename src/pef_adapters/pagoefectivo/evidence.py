"""Evidence: each request to the rail and its answer, masked, handed to a recorder.

Owns what is kept of an exchange (spec S17). It must never hand out a secret, and
never turn a known result into an error because it could not be written down.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from pydantic import ValidationError

from pef_adapters.core.errors import RailError
from pef_adapters.engine.ports import Clock
from pef_adapters.engine.records import Exchange
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.masking import masked, masked_text
from pef_adapters.pagoefectivo.wire import Envelope

Recorder = Callable[[Exchange], Awaitable[None]]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: what it is for, where it goes and what it says."""

    purpose: str
    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    merchant_refund_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came; `body` is cut one byte after the bound."""

    status: int
    body: bytes = field(repr=False)


class Evidence:
    """Writes down the exchanges of one account, from one clock."""

    def __init__(
        self, account_id: str, clock: Clock, record: Recorder, secrets: tuple[str, ...]
    ) -> None:
        self._account_id = account_id
        self._clock = clock
        self._record = record
        self._secrets = secrets

    def now(self) -> datetime:
        return self._clock.now()

    async def keep(
        self,
        call: Call,
        line: str,
        started_at: datetime,
        *,
        answer: Answer | None = None,
        fault: RailError | None = None,
    ) -> None:
        """Record one exchange; a recorder that fails is logged and changes nothing."""
        envelope = _envelope(answer)
        exchange = Exchange(
            account_id=self._account_id,
            merchant_refund_id=call.merchant_refund_id,
            purpose=call.purpose,
            request=masked_text(line, self._secrets),
            request_body=None if call.body is None else masked(call.body, self._secrets),
            status=answer.status if answer else None,
            answer_body=masked(answer.body, self._secrets) if answer else None,
            answer_sha256=hashlib.sha256(answer.body).hexdigest() if answer else None,
            response_id=envelope.response_id if envelope else None,
            rail_timestamp=envelope.timestamp if envelope else None,
            fault=fault.code if fault else None,
            started_at=started_at,
            ended_at=self.now(),
        )
        await self._write(exchange)

    async def _write(self, exchange: Exchange) -> None:
        try:
            await self._record(exchange)
        except Exception as error:  # noqa: BLE001 - the rail's answer must not be lost with it
            _log.error(
                "evidence_not_recorded", purpose=exchange.purpose, error=type(error).__name__
            )


def _envelope(answer: Answer | None) -> Envelope | None:
    if answer is None:
        return None
    try:
        return Envelope.model_validate(exact_json.read(answer.body))
    except (ValueError, ValidationError):
        return None
