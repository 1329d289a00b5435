"""The calls that PagoEfectivo knows: CIPs as published, refunds as proposed.

Owns paths, headers and bodies, and the one retry after a 401. It decides nothing:
what an answer means for a refund is `rail.py`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from pef_adapters.core.errors import AnsweredNonsense, InvalidInput
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.auth import Authorizer
from pef_adapters.pagoefectivo.evidence import Answer, Call
from pef_adapters.pagoefectivo.settings import AccountSettings
from pef_adapters.pagoefectivo.transport import Transport, judge
from pef_adapters.pagoefectivo.wire import (
    Beneficiary,
    CipRecord,
    CreatedCip,
    NewCip,
    RefundOrder,
    RefundRecord,
)

_UNAUTHORIZED = 401
_Shape = TypeVar("_Shape")
_CIPS: TypeAdapter[list[CipRecord]] = TypeAdapter(list[CipRecord])
_REFUNDS: TypeAdapter[list[RefundRecord]] = TypeAdapter(list[RefundRecord])
_REFUND = TypeAdapter(RefundRecord)
_CREATED = TypeAdapter(CreatedCip)


class PagoEfectivoClient:
    """One merchant account's calls. Every method raises the RailError it met."""

    def __init__(
        self, transport: Transport, authorizer: Authorizer, settings: AccountSettings
    ) -> None:
        self._transport = transport
        self._authorizer = authorizer
        self._paths = settings.paths
        self._headers: dict[str, str] = {
            "Origin": settings.origin,
            "Accept-Language": settings.accept_language,
        }

    # CIPs (fact sheet 1.3, 1.4)
    async def create_cip(self, cip: NewCip) -> CreatedCip:
        """WRITES outside; PagoEfectivo has no idempotency key for it."""
        body = cip.model_dump(by_alias=True, exclude_none=True)
        return _shaped(_CREATED, await self._data("create_cip", "POST", self._paths.cips, body))

    async def search_cips(self, numbers: Sequence[str]) -> list[CipRecord]:
        """One item per CIP; an unknown one comes back empty (`known` is False)."""
        return await self.search([{"cip": int(number)} for number in numbers])

    async def search(self, wanted: Sequence[Mapping[str, object]]) -> list[CipRecord]:
        """Search by other fields than `cip`; only `cip` is published."""
        body = {"data": [dict(item) for item in wanted]}
        path = f"{self._paths.cips}/search"
        return _shaped(_CIPS, await self._data("find_payment", "POST", path, body))

    async def patch_cip(self, number: str, new_expiry: str) -> None:
        """Move the expiry (`wire.lima_text`). WRITES outside; revives an expired CIP."""
        path = f"{self._paths.cips}/{_segment(number)}"
        await self._data("patch_cip", "PATCH", path, {"dateExpiry": new_expiry})

    async def delete_cip(self, number: str) -> None:
        """WRITES outside; only a CIP that waits for its payment can be deleted."""
        await self._data("delete_cip", "DELETE", f"{self._paths.cips}/{_segment(number)}")

    # refunds (fact sheet 7.2, proposed)
    async def create_refund(self, order: RefundOrder) -> RefundRecord:
        """WRITES outside. The same id and content again answer the same refund."""
        body = order.model_dump(exclude_none=True)
        data = await self._data(
            "send_refund", "POST", self._paths.refunds, body, order.merchant_refund_id
        )
        return _shaped(_REFUND, data)

    async def refund(self, refund_id: str) -> RefundRecord:
        path = f"{self._paths.refunds}/{_segment(refund_id)}"
        return _shaped(_REFUND, await self._data("read_refund", "GET", path))

    async def refunds_named(self, merchant_refund_id: str) -> list[RefundRecord]:
        """The refund under our id; an empty list where the rail does not know it."""
        call = self._call("find_refund", "GET", self._paths.refunds, None, merchant_refund_id)
        call = replace(call, query={"merchant_refund_id": merchant_refund_id})
        return _shaped(_REFUNDS, judge(await self._authorized(call)).data)

    async def refunds_of(self, transaction_id: str) -> list[RefundRecord]:
        path = f"{self._paths.transactions}/{_segment(transaction_id)}/refunds"
        return _shaped(_REFUNDS, await self._data("list_refunds", "GET", path))

    async def give_beneficiary(self, refund_id: str, who: Beneficiary) -> RefundRecord:
        """WRITES outside; repeating it is harmless."""
        path = f"{self._paths.refunds}/{_segment(refund_id)}/beneficiary"
        body = who.model_dump(exclude_none=True)
        return _shaped(_REFUND, await self._data("give_beneficiary", "PUT", path, body))

    async def cancel_refund(self, refund_id: str) -> RefundRecord:
        """WRITES outside; only before PROCESSING."""
        path = f"{self._paths.refunds}/{_segment(refund_id)}"
        return _shaped(_REFUND, await self._data("cancel_refund", "DELETE", path))

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _data(
        self,
        purpose: str,
        method: str,
        path: str,
        body: object = None,
        merchant_refund_id: str | None = None,
    ) -> object:
        call = self._call(purpose, method, path, body, merchant_refund_id)
        return judge(await self._authorized(call)).data

    def _call(
        self, purpose: str, method: str, path: str, body: object, merchant_refund_id: str | None
    ) -> Call:
        headers = {**self._headers}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if body is not None and merchant_refund_id:
            headers["X-Idempotency-Key"] = merchant_refund_id
        return Call(
            purpose=purpose,
            method=method,
            path=path,
            body=None if body is None else exact_json.write(body),
            headers=headers,
            merchant_refund_id=merchant_refund_id,
        )

    async def _authorized(self, call: Call) -> Answer:
        """Send with a token; once more, with a new token and the same body, after a 401."""
        token = await self._authorizer.token()
        answer = await self._transport.ask(_bearing(call, token))
        if answer.status != _UNAUTHORIZED:
            return answer
        self._authorizer.forget(token)
        return await self._transport.ask(_bearing(call, await self._authorizer.token()))


def _bearing(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})


def _shaped(shape: TypeAdapter[_Shape], data: object) -> _Shape:
    try:
        return shape.validate_python(data)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "data"
        raise AnsweredNonsense(f"the answer's {place} can't be read") from None


def _segment(text: str) -> str:
    """One path segment; nothing that could climb out of its place."""
    if not text.strip("."):
        raise InvalidInput("an id can't be empty or only dots")
    return quote(text, safe="")
