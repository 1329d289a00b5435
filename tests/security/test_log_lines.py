"""A line of the log is one event of ours: with its moment, and forged by nobody."""

import io
import json
import logging
import re
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
import structlog

from pef_adapters import logs

_NUMBER = "00332184726190553870"
_FORGED = "x\n2026-11-30T12:00:00.000000Z [info     ] refund paid\r\n\x1b[2J\u2028\x85y"
_STUMBLE = """
import logging, sys
import structlog
from pef_adapters import logs

def stumble(account):
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("refund_stumbled")
        logging.getLogger("theirs").exception("Exception in ASGI application")

logs.configure("info", as_json=sys.argv[1] == "1")
stumble(sys.argv[2])
"""


def _said(*, as_json: bool) -> str:
    """What stands in the log after values and a library's words that want to be a line."""
    written = io.StringIO()
    logs.configure("info", as_json=as_json, stream=written)
    structlog.get_logger("ours").info("refused", path=_FORGED, code=_FORGED)
    logging.getLogger("theirs").warning("unreadable: %s", _FORGED)
    return written.getvalue()


@pytest.mark.parametrize("as_json", [True, False], ids=["as JSON", "to be read"])
def test_no_line_of_the_log_can_be_forged(as_json: bool) -> None:  # noqa: FBT001
    """Two events are two lines, and nothing in them moves a terminal's cursor."""
    said = _said(as_json=as_json)
    assert len(said.splitlines()) == 2
    assert [each for each in said if not each.isprintable()] == ["\n", "\n"]
    assert said.count("refund paid") >= 3


@pytest.mark.parametrize("as_json", [True, False], ids=["as JSON", "to be read"])
def test_each_line_of_the_log_has_its_moment_in_utc(as_json: bool) -> None:  # noqa: FBT001
    """Ours and the libraries' go to the same place, with level, moment and what happened."""
    for line in _said(as_json=as_json).splitlines():
        told = json.loads(line) if as_json else _read(line)
        assert datetime.fromisoformat(told["timestamp"]).utcoffset() == timedelta()
        assert told["level"] in {"info", "warning"}
        assert told["event"].startswith(("refused", "unreadable"))


def _read(line: str) -> dict[str, str]:
    found = re.fullmatch(r"(?P<timestamp>\S+) \[(?P<level>\w+) *\] (?P<event>.*)", line)
    assert found is not None, line
    return found.groupdict()


@pytest.mark.parametrize("as_json", [True, False], ids=["as JSON", "to be read"])
def test_log_of_a_mistake_of_ours_shows_no_values(as_json: bool) -> None:  # noqa: FBT001
    """A trace tells where it was, in our log and in a library's, and not what was worked on."""
    done = subprocess.run(
        [sys.executable, "-c", _STUMBLE, str(int(as_json)), _NUMBER],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr.count("ZeroDivisionError") >= 2
    assert _NUMBER not in done.stderr


def test_who_listens_later_hears_loggers_used_before() -> None:
    """Two worlds in one process hear the same: no logger keeps to its first configuration."""
    early = structlog.get_logger("ours")
    logs.configure("info", as_json=True, stream=io.StringIO())
    early.info("said_to_nobody")
    logs.configure("info", as_json=True, stream=(later := io.StringIO()))
    early.info("said_later")
    with structlog.testing.capture_logs() as heard:
        early.info("said_to_a_test")
    assert "said_later" in later.getvalue()
    assert [each["event"] for each in heard] == ["said_to_a_test"]
