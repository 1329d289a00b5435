"""How cassettes of the rail are recorded and scrubbed.

A cassette holds what went over real HTTP between the client and the sandbox, minus
everything secret: it must never hold a key, a hash, a token or a full account.
"""

import re
from pathlib import Path
from typing import Any

import vcr
from vcr.request import Request

from pef_adapters.pagoefectivo import exact_json
from pef_adapters.pagoefectivo.masking import masked
from pef_adapters.pagoefectivo.sandbox.keys import DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY

CASSETTES = Path(__file__).parents[2] / "cassettes" / "pagoefectivo"
SANDBOX_HOST = "http://127.0.0.1:8801"
PLAYED_TOKEN = "played-back"
_RECORDED_HOST = re.compile(r"http://127\.0\.0\.1:\d+")
_SECRETS = (DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY)
_SHAPED_LIKE_SECRETS = (
    re.compile(r"eyJ[A-Za-z0-9_-]{8,}\."),
    re.compile(r"SBX[A-Za-z0-9]{17}"),
    re.compile(r"(?i)bearer +[A-Za-z0-9]"),
    re.compile(r"(?<![0-9A-Fa-f])[0-9a-f]{64}(?![0-9A-Fa-f])"),
    re.compile(r"(?<!\d)\d{20}(?!\d)"),
)


def recorder(mode: str) -> vcr.VCR:
    """A VCR that scrubs; `mode` is vcrpy's record mode ("none" plays only)."""
    return vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=mode,
        match_on=["method", "path", "query"],
        filter_headers=["Authorization", "User-Agent", "Host"],
        before_record_request=_scrubbed_request,
        before_record_response=_scrubbed_response,
        decode_compressed_response=True,
    )


def leaks(text: str) -> list[str]:
    """Everything in a text that is or looks like a secret."""
    known = [secret for secret in _SECRETS if secret in text]
    return known + [hit[0] for shape in _SHAPED_LIKE_SECRETS if (hit := shape.search(text))]


def _scrubbed_request(request: Request) -> Request:
    if "/sandbox/" in request.path:
        return None  # the bench's own calls are no part of the wire
    if request.body:
        request.body = masked(request.body, _SECRETS).encode()
    request.uri = _RECORDED_HOST.sub(SANDBOX_HOST, request.uri)
    return request


def _scrubbed_response(response: dict[str, Any]) -> dict[str, Any]:
    """The token becomes a word that can be played back; the rest is masked in place."""
    content = exact_json.read(masked(response["body"]["string"], _SECRETS))
    assert isinstance(content, dict), "an answer without an envelope needs no cassette"
    if isinstance(content["data"], dict) and "tokenExpires" in content["data"]:
        content["data"] |= {"token": PLAYED_TOKEN, "tokenExpires": "2999-01-01T00:00:00-05:00"}
    # The port was another one: a CIP's own page is on the host that is played back.
    scrubbed = _RECORDED_HOST.sub(SANDBOX_HOST, exact_json.write(content).decode()).encode()
    response["body"]["string"] = scrubbed
    response["headers"]["content-length"] = [str(len(scrubbed))]
    response["headers"].pop("date", None)
    return response
