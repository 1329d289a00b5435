"""The bearer token: asked for once, used until it expires, shared by everyone.

Owns `POST /v1/authorizations` (fact sheet 1.2). The token is opaque and appears in
no log, error, evidence or repr.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr, ValidationError

from pef_adapters.core.errors import AnsweredNo, NotSent, RailError
from pef_adapters.engine.ports import Clock, Refusal
from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.codes import REFUSALS
from pef_adapters.pagoefectivo.evidence import Call
from pef_adapters.pagoefectivo.settings import AccountSettings, Credentials
from pef_adapters.pagoefectivo.signature import hash_string
from pef_adapters.pagoefectivo.transport import Transport, judge
from pef_adapters.pagoefectivo.wire import TokenData, lima_text

EXPIRY_MARGIN = timedelta(seconds=60)
_CREDENTIALS_REFUSED = "INVALID_SIGNATURE"
_UNAUTHORIZED = 401
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class _Token:
    value: SecretStr
    expires: datetime


class Authorizer:
    """Hands out a valid token; concurrent callers share one refresh."""

    def __init__(
        self, transport: Transport, clock: Clock, keys: Credentials, settings: AccountSettings
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._keys = keys
        self._path = settings.paths.authorizations
        self._patience = settings.timeouts.whole
        self._token: _Token | None = None
        self._refreshing = asyncio.Lock()

    async def token(self) -> str:
        """A token that serves for another minute at least.

        Raises:
            NotSent: none could be had, so nothing was sent with it.
            AnsweredNo: the rail refused the keys.
        """
        if not self._serves():
            try:
                async with asyncio.timeout(self._patience), self._refreshing:
                    if not self._serves():
                        self._token = await self._ask()
            except TimeoutError:
                raise NotSent("no token in time") from None
        return self._token.value.get_secret_value() if self._token else ""

    def forget(self, token: str) -> None:
        """Drop a token that the rail refused, unless it was replaced meanwhile."""
        if self._token and self._token.value.get_secret_value() == token:
            self._token = None

    def _serves(self) -> bool:
        return self._token is not None and self._clock.now() < self._token.expires

    async def _ask(self) -> _Token:
        try:
            envelope = judge(await self._transport.ask(self._call()))
            data = TokenData.model_validate(envelope.data)
        except AnsweredNo as refusal:
            raise _keys_refused(refusal) from None
        except RailError as fault:
            raise NotSent(f"no token: {fault}") from None
        except ValidationError:
            raise NotSent("no token: the answer that should hold it can't be read") from None
        return _Token(data.token, data.token_expires - EXPIRY_MARGIN)

    def _call(self) -> Call:
        access_key = self._keys.access_key.get_secret_value()
        secret_key = self._keys.secret_key.get_secret_value()
        date_request = lima_text(self._clock.now())
        proof = hash_string(self._keys.service_id, access_key, secret_key, date_request)
        body = {
            "accessKey": access_key,
            "idService": int(self._keys.service_id),
            "dateRequest": date_request,
            "hashString": proof,
        }
        return Call(
            purpose="authorize",
            method="POST",
            path=self._path,
            body=exact_json.write(body),
            headers={"Content-Type": "application/json"},
        )


def _keys_refused(refusal: AnsweredNo) -> RailError:
    """Without a token the refund itself was not refused: its owner must mend the keys."""
    if refusal.status == _TOO_MANY:
        return NotSent("PagoEfectivo gives out no token just now")
    speaks_of_owner = REFUSALS.get(refusal.rail_code) is Refusal.NEEDS_OWNER
    return AnsweredNo(
        rail_code=refusal.rail_code if speaks_of_owner else _CREDENTIALS_REFUSED,
        status=_UNAUTHORIZED,
        rail_text=f"{refusal.rail_code} {refusal.rail_text}".strip(),
    )
