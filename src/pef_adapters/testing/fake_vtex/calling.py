"""The gateway's calls to its provider: headers, time limits, and a record of every one.

A call is recorded as it went out, but for the keys, the merchant's settings and the
callback's signature, which are masked. Decides nothing about what an answer means.
"""

import asyncio
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

import httpx

from pef_adapters.testing.fake_vtex.answers import Answered, faults_of
from pef_adapters.testing.fake_vtex.settings import VtexSettings
from pef_adapters.testing.fake_vtex.state import CallRecord, VtexState
from pef_adapters.testing.fake_vtex.wire_json import Json, read, write

_HEADERS: Final = {
    "vtex": ("X-VTEX-API-AppKey", "X-VTEX-API-AppToken"),
    "provider": ("X-PROVIDER-API-AppKey", "X-PROVIDER-API-AppToken"),
}
_SIGNATURE: Final = re.compile(r"(X-VTEX-signature=\w{2})\w*(\w{2})")
_BY_HAND: Final = {"refund-manually", "cancel-manually"}
_MASK: Final = "******"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call to make. `body` is "" for a GET; `credentials` False sends empty keys."""

    operation: str
    payment_id: str
    path: str
    body: str = ""
    suite: bool = False
    credentials: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, as far as the gateway counts it: `status` None is no answer at all."""

    status: int | None
    body: Json
    record: CallRecord

    @property
    def is_done(self) -> bool:
        return self.status == HTTPStatus.OK and not self.is_by_hand

    @property
    def is_by_hand(self) -> bool:
        """Said with 501; documents of 2020 say it with 200 (platforms/vtex.md, section 3)."""
        said = self.status == HTTPStatus.OK and self.body.get("code") in _BY_HAND
        return said or self.status == HTTPStatus.NOT_IMPLEMENTED


@dataclass(slots=True)
class Caller:
    """Calls the provider. `in_flight` counts the calls of a payment that wait for answers."""

    settings: VtexSettings
    state: VtexState
    now: Callable[[], datetime]
    in_flight: Counter[str] = field(default_factory=Counter)
    # Made once: it takes longer than many a provider's answer.
    trusted: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)

    async def call(self, question: Question) -> Reply:
        """Ask, and ask again as long as the answer is one that gets lost."""
        while True:
            self.in_flight[question.payment_id] += 1
            try:
                reply = await self._once(question)
            finally:
                self.in_flight[question.payment_id] -= 1
            if not self._loses(reply):
                return reply

    async def _once(self, question: Question) -> Reply:
        record = self._record(question)
        self.state.calls.append(record)
        began = time.monotonic()
        answer = await self._send(question, record)
        record.milliseconds = round((time.monotonic() - began) * 1000)
        if answer is None:
            record.faults.append(f"no answer within {self._limit(question)} seconds")
            return Reply(None, {}, record)
        body = _object(answer.content)
        record.status, record.answer = answer.status_code, answer.text
        kind = answer.headers.get("content-type", "")
        answered = Answered(answer.status_code, kind, body)
        asked = read(question.body) if question.body else {}
        record.faults += faults_of(question.operation, answered, asked)
        counts = not (self.settings.strict and record.faults)
        return Reply(answer.status_code if counts else None, body or {}, record)

    async def _send(self, question: Question, record: CallRecord) -> httpx.Response | None:
        url = f"{self.settings.provider_url}{question.path}"
        headers = self._headers(question)
        try:
            async with (
                asyncio.timeout(self._limit(question)),
                httpx.AsyncClient(verify=self.trusted) as client,
            ):
                return await client.request(
                    record.method, url, content=question.body.encode() or None, headers=headers
                )
        except (httpx.HTTPError, TimeoutError):
            return None

    def _headers(self, question: Question) -> dict[str, str]:
        key, token = _HEADERS[self.settings.header_pair]
        given = question.credentials
        return {
            key: self.settings.provider_key if given else "",
            token: self.settings.provider_token if given else "",
            "Content-Type": "application/json",
            "Accept": "application/json",
            **({"X-VTEX-API-Is-TestSuite": "true"} if question.suite else {}),
        }

    def _record(self, question: Question) -> CallRecord:
        secret = _HEADERS[self.settings.header_pair]
        headers = self._headers(question).items()
        return CallRecord(
            id=self.state.next_number(),
            at=self.now(),
            operation=question.operation,
            payment_id=question.payment_id,
            method="POST" if question.body else "GET",
            path=question.path,
            headers={n: _MASK if n in secret and value else value for n, value in headers},
            body=self._masked(question.body),
            suite=question.suite,
        )

    def _masked(self, body: str) -> str:
        if not body:
            return ""
        shown = read(body)
        for each in shown.get("merchantSettings", []):
            each["value"] = _MASK
        return _SIGNATURE.sub(rf"\1{_MASK}\2", write(shown))

    def _limit(self, question: Question) -> float:
        settings = self.settings
        return settings.suite_answer_seconds if question.suite else settings.answer_seconds

    def _loses(self, reply: Reply) -> bool:
        moods = self.state.moods
        if moods.lose_answers <= 0 or reply.record.method == "GET" or reply.record.suite:
            return False
        moods.lose_answers -= 1
        reply.record.lost = True
        return True


def _object(content: bytes) -> Json | None:
    try:
        body = read(content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
