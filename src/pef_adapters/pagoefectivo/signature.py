"""The two signatures of PagoEfectivo: `hashString` going out, `PE-Signature` coming in.

Pure. It must never compare a signature in another way than constant time.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping

from pef_adapters.core.errors import SignatureInvalid, SignatureMissing

HEADER = "pe-signature"
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
# A whole JSON string, or a run of the blanks that JSON allows between tokens. A string that
# never ends goes to the end and is not tried again from its every quote: that took seconds.
_STRING_OR_BLANKS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[ \t\r\n]+', re.DOTALL)


def hash_string(service_id: str, access_key: str, secret_key: str, date_request: str) -> str:
    """The proof of `POST /v1/authorizations` (fact sheet 1.2): lower-case hex SHA-256."""
    joined = f"{service_id}.{access_key}.{secret_key}.{date_request}"
    return hashlib.sha256(joined.encode()).hexdigest()


def sign(body: bytes, secret_key: str) -> str:
    """The `PE-Signature` of a body (fact sheet 2): lower-case hex HMAC-SHA256."""
    return hmac.new(secret_key.encode(), body, hashlib.sha256).hexdigest()


def compact(body: bytes) -> bytes:
    """The body without blanks between JSON tokens; blanks inside strings stay."""
    return _STRING_OR_BLANKS.sub(lambda hit: hit[0] if hit[0][:1] == b'"' else b"", body)


def verify(body: bytes, headers: Mapping[str, str], secret_key: str) -> None:
    """Check a delivery on its raw bytes first, then on the compact form.

    Some deliveries come indented while the signature covers the compact text
    (fact sheet 2). Header names are case-blind.

    Raises:
        SignatureMissing: no signature, or no secret to check it with.
        SignatureInvalid: it does not fit, or it is not one.
    """
    given = _given(headers)
    if not given or not secret_key:
        raise SignatureMissing
    if not _HEX_SHA256.match(given):
        raise SignatureInvalid
    if not any(hmac.compare_digest(sign(form, secret_key), given) for form in _forms(body)):
        raise SignatureInvalid


def _forms(body: bytes) -> tuple[bytes, bytes]:
    return body, compact(body)


def _given(headers: Mapping[str, str]) -> str:
    """The one signature header; two different ones are none."""
    values = {value for name, value in headers.items() if name.lower() == HEADER}
    if len(values) > 1:
        raise SignatureInvalid("the delivery carries two signatures")
    return values.pop() if values else ""
