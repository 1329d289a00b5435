"""A back-test as a picture: plain SVG, without a plotting library.

Says the same in its title and description as in its bars, so that nobody has to see it.
Its colours follow the reader's light or dark screen.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from pef_adapters.cli import output
from pef_adapters.core.policy import Outcome
from pef_adapters.core.policy.backtest import Backtest, Tally

_WIDTH, _LEFT, _BARS, _TOP = 760, 110, 300, 76
_BAR, _GAP, _GROUP = 22, 6, 74
_STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1c1c1c; }
.title { font-size: 18px; font-weight: 600; }
.paper { fill: #ffffff; }
.was { fill: #8a8f98; }
.approve { fill: #2e7d32; } .payout { fill: #1565c0; }
.hold { fill: #b26a00; } .reject { fill: #c62828; }
@media (prefers-color-scheme: dark) {
text { fill: #ececec; }
.paper { fill: #16181c; }
.was { fill: #6b7280; }
.approve { fill: #66bb6a; } .payout { fill: #64b5f6; }
.hold { fill: #ffb74d; } .reject { fill: #ef7a7a; }
}
"""


def drawn(report: Backtest) -> str:
    """The whole SVG document: for each outcome a bar for then and one for now."""
    height = _TOP + _GROUP * len(Outcome)
    picture = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {height}",
            "role": "img",
            "aria-labelledby": "title description",
        },
    )
    _add(picture, "title", _title(report), id="title")
    _add(picture, "desc", " ".join(_sentences(report)), id="description")
    _add(picture, "style", _STYLE)
    _add(picture, "rect", "", **{"class": "paper", "width": str(_WIDTH), "height": str(height)})
    _write(picture, 16, 30, _title(report), look="title")
    _write(picture, 16, 54, "grey: as it was decided then; in colour: by this policy")
    for place, outcome in enumerate(Outcome):
        _draw_outcome(picture, report, outcome, _TOP + place * _GROUP)
    return ET.tostring(picture, encoding="unicode") + "\n"


def _draw_outcome(picture: ET.Element, report: Backtest, outcome: Outcome, y: int) -> None:
    _write(picture, 16, y + _BAR + _GAP, outcome.value)
    bars = (("was", report.was[outcome]), (outcome.value, report.would_be[outcome]))
    for place, (look, tally) in enumerate(bars):
        top = y + place * (_BAR + _GAP)
        width = _width(tally, report)
        box = {"x": _LEFT, "y": top, "width": width, "height": _BAR}
        _add(picture, "rect", "", **{"class": look, **{k: str(v) for k, v in box.items()}})
        _write(picture, _LEFT + width + 8, top + _BAR - _GAP, _label(tally))


def _width(tally: Tally, report: Backtest) -> int:
    """In proportion to the longest bar; whoever has one refund is seen."""
    tallies = (*report.was.values(), *report.would_be.values())
    most = max(each.count for each in tallies)
    return max(2, _BARS * tally.count // most) if tally.count else 0


def _title(report: Backtest) -> str:
    return f"{output.counted(report.count, 'past refund')} by {report.policy.label}"


def _sentences(report: Backtest) -> Iterator[str]:
    for outcome in Outcome:
        was, now = _label(report.was[outcome]), _label(report.would_be[outcome])
        yield f"{outcome.value}: {was} then, {now} now."
    yield f"Decisions that would change: {len(report.changed)}."


def _label(tally: Tally) -> str:
    money = [str(tally.money[currency]) for currency in sorted(tally.money)]
    return f"{tally.count} ({', '.join(money)})" if money else str(tally.count)


def _write(picture: ET.Element, x: int, y: int, words: str, look: str = "words") -> None:
    _add(picture, "text", words, **{"x": str(x), "y": str(y), "class": look})


def _add(picture: ET.Element, name: str, words: str, **attributes: str) -> None:
    ET.SubElement(picture, name, attributes).text = words
