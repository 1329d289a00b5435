"""The root of every error of ours, and whether a retry can help."""

from enum import StrEnum
from typing import ClassVar


class Retry(StrEnum):
    """Whether the same call can succeed later, and who must act first."""

    NEVER = "never"
    LATER = "later"
    AFTER_MENDING = "after_mending"


class PefError(Exception):
    """Something in pef-adapters went wrong."""

    code: ClassVar[str] = "PEF_ERROR"
    http_status: ClassVar[int] = 500
    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message())

    @classmethod
    def default_message(cls) -> str:
        return (cls.__doc__ or cls.__name__).split("\n", maxsplit=1)[0]

    @property
    def text_key(self) -> str:
        """The key of this error's explanation in `core.texts`."""
        return f"error.{self.code}"

    @property
    def help_page(self) -> str:
        """The page about this code, relative to the docs' root."""
        return f"reference/errors.md#{self.code.lower()}"
