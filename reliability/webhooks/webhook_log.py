"""Watches the server's own log: a traceback there is a mistake of ours, whatever was answered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stumbles(wrong: list[str]) -> Iterator[None]:
    """Each error that the server logs meanwhile is added to `wrong`."""
    handler, logger = _Keeper(wrong), logging.getLogger("uvicorn.error")
    logger.addHandler(handler)
    passed_on, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = passed_on


class _Keeper(logging.Handler):
    """Keeps errors, and lets the server's warnings about nonsense pass unseen."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._wrong = wrong

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._wrong.append(f"the server stumbled: {record.getMessage()} {fault}".strip())
