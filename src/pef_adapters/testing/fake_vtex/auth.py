"""Who asks the store's own APIs: an AppKey with its token, and the roles it was given."""

import secrets
from collections.abc import Iterable
from http import HTTPStatus

from starlette.requests import Request

from pef_adapters.testing.fake_vtex.settings import AppKey, Role


class ApiError(Exception):
    """An error as the store's APIs tell it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "exception": None}}


def admit(request: Request, keys: Iterable[AppKey], role: Role | None) -> AppKey:
    """The key that a request proves, which has `role` where one is wanted.

    Raises:
        ApiError: no such key, another token, or a key without the role.
    """
    name, token = key_pair(request)
    key = next((each for each in keys if each.key == name), None)
    if key is None or not secrets.compare_digest(key.token.encode(), token.encode()):
        raise ApiError(HTTPStatus.UNAUTHORIZED, "1", "Unauthorized")
    if role is not None and role not in key.roles:
        raise ApiError(HTTPStatus.FORBIDDEN, "1", "Access denied")
    return key


def key_pair(request: Request) -> tuple[str, str]:
    """The pair of keys that a request carries, "" for what is missing."""
    headers = request.headers
    return headers.get("x-vtex-api-appkey", ""), headers.get("x-vtex-api-apptoken", "")
