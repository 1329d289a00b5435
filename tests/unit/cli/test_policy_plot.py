"""The picture of a back-test: the figures in words too, and well-formed whatever a name holds."""

from xml.etree import ElementTree as ET

from pef_adapters.cli.policy_plot import drawn
from pef_adapters.core.money import Money
from pef_adapters.core.policy import Outcome, read_policy
from pef_adapters.core.policy.backtest import Backtest, PastRefund, backtest
from policy_samples import facts, paying

SVG = "{http://www.w3.org/2000/svg}"


def report(*amounts: str) -> Backtest:
    """These amounts, all approved then; now all above S/ 100 are held."""
    policy = read_policy(
        "name: mine\notherwise: approve\n"
        "rules: [{id: large, when: {amount: {min: 100.01, currency: PEN}}, then: hold}]\n"
    )
    past = [PastRefund(n, facts(**paying(n)), Outcome.APPROVE) for n in amounts]
    return backtest(past, policy)


def drawing(text: str) -> ET.Element:
    """The picture, which has to be well-formed."""
    return ET.fromstring(text)  # noqa: S314 - drawn by us a moment ago


def words(picture: ET.Element, name: str) -> list[str]:
    """The texts of every element of this name."""
    return [found.text or "" for found in picture.iter(f"{SVG}{name}")]


def widths(picture: ET.Element, look: str) -> list[int]:
    """How wide the bars of this look are."""
    bars = picture.iter(f"{SVG}rect")
    return [int(bar.attrib["width"]) for bar in bars if bar.attrib["class"] == look]


def test_the_bars_are_in_proportion_and_carry_their_money() -> None:
    """Then and now stand beside each other, with counts and sums."""
    picture = drawing(drawn(report("20.00", "100.00", "700.00", "80.00")))
    assert widths(picture, "was") == [300, 0, 0, 0]
    assert (widths(picture, "approve"), widths(picture, "hold")) == ([225], [75])
    assert "3 (200.00 PEN)" in words(picture, "text")
    assert "1 (700.00 PEN)" in words(picture, "text")


def test_each_currency_has_its_sum() -> None:
    """Money of two currencies is never added up."""
    told = report("20.00")
    told.was[Outcome.APPROVE].add(Money(500, "USD"))
    assert "2 (20.00 PEN, 5.00 USD)" in drawn(told)


def test_the_picture_is_told_in_words_and_follows_the_screen() -> None:
    """Title and description say the figures; the colours have a dark twin."""
    text = drawn(report("20.00", "700.00"))
    picture = drawing(text)
    assert picture.attrib["role"] == "img"
    assert words(picture, "title") == ["2 past refunds by mine-0"]
    (told,) = words(picture, "desc")
    assert "hold: 0 then, 1 (700.00 PEN) now." in told
    assert "Decisions that would change: 1." in told
    assert "prefers-color-scheme: dark" in text


def test_without_refunds_there_are_no_bars() -> None:
    """Nothing to show is no error."""
    picture = drawing(drawn(report()))
    assert {int(bar.attrib["width"]) for bar in picture.iter(f"{SVG}rect")} == {0, 760}
