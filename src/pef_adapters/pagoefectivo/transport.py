"""One HTTP exchange with the rail, and the only place where its failures are sorted.

not sent          the connection was never made: no byte of the request took effect
maybe sent        anything after that, an answer of 5xx included
answered no       a 4xx whose envelope can be read
answered nonsense a redirect, or an answer that can't be read

It must never follow a redirect, and never call a failure "not sent" without proof.
"""

import asyncio
from urllib.parse import urlencode

import httpx
from pydantic import ValidationError

from pef_adapters.core.errors import (
    AnsweredNo,
    AnsweredNonsense,
    MaybeSent,
    NotSent,
    RailError,
)
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.codes import INTERNAL_ERROR, SUCCESS
from pef_adapters.pagoefectivo.evidence import Answer, Call, Evidence
from pef_adapters.pagoefectivo.masking import masked_text
from pef_adapters.pagoefectivo.settings import Timeouts
from pef_adapters.pagoefectivo.wire import Envelope

MAX_ANSWER_BYTES = 1024 * 1024
_PROVABLY_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# Shorter than what servers grant, so that a refund rarely meets a closing connection.
_KEEP_ALIVE_SECONDS = 2.0
_TEXT_LETTERS = 300
_PLAIN = "identity"


class Transport:
    """Sends calls to one base URL and keeps the evidence of each."""

    def __init__(
        self,
        base_url: str,
        timeouts: Timeouts,
        evidence: Evidence,
        http: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._whole = timeouts.whole
        self._evidence = evidence
        self._client = httpx.AsyncClient(
            transport=http,
            timeout=httpx.Timeout(
                connect=timeouts.connect,
                read=timeouts.read,
                write=timeouts.write,
                pool=timeouts.pool,
            ),
            limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS),
            follow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": _PLAIN},
        )

    async def ask(self, call: Call) -> Answer:
        """Send once and read the answer, within the bound of time and size.

        Raises:
            NotSent: no connection was made.
            MaybeSent: it broke, or took too long, afterwards.
        """
        started_at = self._evidence.now()
        line = f"{call.method} {self._url(call)}"
        try:
            answer = await self._exchange(call)
        # UnicodeError: httpx reads a redirect's address although it does not go there.
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError, OSError) as error:
            fault = sort_failure(error)
            await self._evidence.keep(call, line, started_at, fault=fault)
            raise fault from None
        await self._evidence.keep(call, line, started_at, answer=answer, fault=_fault_in(answer))
        return answer

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _exchange(self, call: Call) -> Answer:
        async with asyncio.timeout(self._whole):
            request = self._client.build_request(
                call.method, self._url(call), content=call.body, headers=dict(call.headers)
            )
            response = await self._client.send(request, stream=True)
            try:
                return Answer(response.status_code, await _bounded_body(response))
            finally:
                await response.aclose()

    def _url(self, call: Call) -> str:
        query = f"?{urlencode(call.query)}" if call.query else ""
        return f"{self._base_url}{call.path}{query}"


def sort_failure(error: Exception) -> RailError:
    """Name a transport failure by what may have happened to the request."""
    kind = type(error).__name__
    if isinstance(error, _PROVABLY_UNSENT):
        return NotSent(f"PagoEfectivo was not reached ({kind})")
    return MaybeSent(f"the connection to PagoEfectivo failed midway ({kind})")


def judge(answer: Answer) -> Envelope:
    """The envelope of a success.

    Raises:
        MaybeSent: the rail itself failed (5xx, 408, or its code 166).
        AnsweredNo: a readable refusal, with the rail's code.
        AnsweredNonsense: anything else.
    """
    status = answer.status
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        raise MaybeSent(f"PagoEfectivo answered HTTP {status}")
    envelope = _read(answer)
    succeeded = envelope.code == SUCCESS
    if succeeded != httpx.codes.is_success(status):
        raise AnsweredNonsense(f"HTTP {status} contradicts code {_short(envelope.code)}")
    if not succeeded:
        raise _refusal(envelope, status)
    return envelope


def _fault_in(answer: Answer) -> RailError | None:
    """How `judge` will name this answer, for the evidence."""
    try:
        judge(answer)
    except RailError as fault:
        return fault
    return None


def _refusal(envelope: Envelope, status: int) -> RailError:
    if envelope.code == INTERNAL_ERROR:
        return MaybeSent(f"PagoEfectivo reported an internal error with HTTP {status}")
    return AnsweredNo(
        rail_code=_short(envelope.code), status=status, rail_text=_short(envelope.message)
    )


def _read(answer: Answer) -> Envelope:
    if not (httpx.codes.is_success(answer.status) or httpx.codes.is_client_error(answer.status)):
        raise AnsweredNonsense(f"PagoEfectivo answered HTTP {answer.status}")
    if len(answer.body) > MAX_ANSWER_BYTES:
        raise AnsweredNonsense(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    try:
        return Envelope.model_validate(exact_json.read(answer.body))
    except (ValueError, ValidationError):
        raise AnsweredNonsense(f"HTTP {answer.status} without a readable envelope") from None


async def _bounded_body(response: httpx.Response) -> bytes:
    """At most one byte more than allowed; a compressed body was not asked for: not read."""
    body = bytearray()
    if response.headers.get("content-encoding", _PLAIN) != _PLAIN:
        return b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body[: MAX_ANSWER_BYTES + 1])


def _short(text: str) -> str:
    return masked_text(text)[:_TEXT_LETTERS]
