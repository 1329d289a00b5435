"""`POST /v1/authorizations` as the sandbox answers it (fact sheet 1.2)."""

import hmac
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pef_adapters.pagoefectivo.keys import SANDBOX_KEY_PREFIX, looks_like_sandbox_key
from pef_adapters.pagoefectivo.sandbox import tokens
from pef_adapters.pagoefectivo.sandbox.answers import Refused, invalid_fields
from pef_adapters.pagoefectivo.sandbox.cips import problems_of
from pef_adapters.pagoefectivo.sandbox.settings import SandboxSettings
from pef_adapters.pagoefectivo.signature import hash_string
from pef_adapters.pagoefectivo.wire import TextOrNumber

LIVE_KEY_TEXT = (
    "Este es el entorno de pruebas y la clave no es suya: las claves de prueba empiezan con "
    f"{SANDBOX_KEY_PREFIX}. No envíe aquí claves de producción."
)


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)

    access_key: str = Field(repr=False)
    id_service: TextOrNumber
    date_request: str
    hash_string: str = Field(repr=False)


def authorize(settings: SandboxSettings, body: object, now: datetime) -> dict[str, object]:
    """A token for the sandbox's own keys.

    Raises:
        Refused: 111 for missing fields; INVALID_SIGNATURE for a live-looking key, a
            foreign key or a wrong hash.
    """
    try:
        asked = _Request.model_validate(body)
    except ValidationError as error:
        raise invalid_fields(problems_of(error)) from None
    if not looks_like_sandbox_key(asked.access_key):
        raise Refused("INVALID_SIGNATURE", LIVE_KEY_TEXT)
    if not _fits(asked, settings):
        raise Refused("INVALID_SIGNATURE")
    return tokens.issue(settings, now)


def _fits(asked: _Request, settings: SandboxSettings) -> bool:
    secret = settings.secret_key.get_secret_value()
    expected = hash_string(settings.service_id, settings.access_key, secret, asked.date_request)
    return (
        asked.access_key == settings.access_key
        and asked.id_service == settings.service_id
        and hmac.compare_digest(expected.encode(), asked.hash_string.encode())
    )
