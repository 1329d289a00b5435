"""The monthly quote sheet: the figures that a provider asks for before naming a price.

Refunds and payments in, counts and shares out; pure. A figure that can't be known is
None, never zero: without payments there is no refund rate, and a refund whose cost nobody
recorded did not cost nothing.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from math import floor
from typing import Any

from pef_adapters.core.costs.amounts import exact, rounded
from pef_adapters.core.costs.month import Month
from pef_adapters.core.errors import CurrencyDiffers
from pef_adapters.core.money import Money
from pef_adapters.core.policy.decision import Route
from pef_adapters.core.spreadsheet import words
from pef_adapters.core.states import CARE, MONEY, Position, State
from pef_adapters.core.texts import DEFAULT_LANGUAGE, explain

# Where a refund ends without having given any money back: rejected, failed, withdrawn.
GAVE_NOTHING = frozenset(
    state for state in State if CARE[state].final and MONEY[state] is Position.FREE
)
CSV_COLUMNS = ("month", "figure", "of", "value", "means")
Figure = int | str | None
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFigures:
    """What the sheet needs to know about one refund.

    `automatic` says that it was decided without a person; `hours_to_truth` are those from
    the button to the proof that the money was paid, or was not. A cost is None where it
    is not known.
    """

    store: str
    amount: Money
    asked_at: datetime
    decided_at: datetime | None
    route: Route | None
    automatic: bool
    state: State
    disputed: bool
    hours_to_truth: Decimal | None
    expected_cost: Money | None
    actual_cost: Money | None


@dataclass(frozen=True, slots=True)
class PaymentFigures:
    """How many payments the month had in one currency, and their sum."""

    count: int
    total: Money


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """The refunds in one currency; sums are of those that gave money back, or still may."""

    asked: int
    refunds: tuple[Money, ...]
    payments: PaymentFigures | None

    def as_record(self, currency: str) -> dict[str, Figure]:
        total = sum(self.refunds, start=Money.zero(currency))
        count, payments = len(self.refunds), self.payments
        paid_count, paid = (payments.count, payments.total) if payments else (None, None)
        average = rounded(exact(total) / count, currency) if count else None
        return {
            "asked": self.asked,
            "refunds": count,
            "refunds_total": _shown(total),
            "average": _shown(average),
            "largest": _shown(max(self.refunds, default=None)),
            "payments": paid_count,
            "payments_total": _shown(paid),
            "refund_rate": _percent(count, paid_count),
            "money_rate": _percent(total.minor, paid.minor if paid else None),
        }


@dataclass(frozen=True, slots=True)
class CostFigures:
    """What refunds cost in one currency, over those whose cost is known."""

    expected: tuple[Money, ...]
    actual: tuple[Money, ...]

    def as_record(self, currency: str) -> dict[str, Figure]:
        nothing = Money.zero(currency)
        return {
            "expected_cost": _shown(sum(self.expected, start=nothing)) if self.expected else None,
            "expected_cost_of": len(self.expected),
            "actual_cost": _shown(sum(self.actual, start=nothing)) if self.actual else None,
            "actual_cost_of": len(self.actual),
        }


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One figure: its name, of which currency or store, and its value if it is known."""

    name: str
    of: str
    value: Figure

    def explanation(self, language: str) -> str:
        """What the figure counts, in `language`: es_PE, en or zh_Hans."""
        return explain(f"quote.{self.name}", language)


@dataclass(frozen=True, slots=True)
class Quote:
    """The sheet of one month, over the refunds that were asked for in it."""

    month: Month
    refunds: tuple[RefundFigures, ...]
    payments: Mapping[str, PaymentFigures]

    @property
    def given(self) -> tuple[RefundFigures, ...]:
        """The refunds that gave money back, or still may."""
        return tuple(refund for refund in self.refunds if refund.state not in GAVE_NOTHING)

    @property
    def currencies(self) -> Mapping[str, CurrencyFigures]:
        """The figures of each currency that was refunded or paid in, by its code."""
        asked = Counter(refund.amount.currency for refund in self.refunds)
        return {
            currency: CurrencyFigures(
                asked[currency],
                tuple(r.amount for r in self.given if r.amount.currency == currency),
                self.payments.get(currency),
            )
            for currency in sorted({*asked, *self.payments})
        }

    @property
    def costs(self) -> Mapping[str, CostFigures]:
        """Known costs by their own currency, which may differ from that of the refund."""
        expected = [r.expected_cost for r in self.refunds if r.expected_cost is not None]
        actual = [r.actual_cost for r in self.refunds if r.actual_cost is not None]
        return {
            currency: CostFigures(
                tuple(cost for cost in expected if cost.currency == currency),
                tuple(cost for cost in actual if cost.currency == currency),
            )
            for currency in sorted({cost.currency for cost in (*expected, *actual)})
        }

    def as_record(self) -> dict[str, Any]:
        """Plain JSON data: amounts and shares as text, counts as numbers."""
        return {
            "month": str(self.month),
            "all": self._all(),
            "currencies": self._by_currency(),
            "costs": self._by_cost(),
            "stores": self._by_store(),
        }

    def lines(self) -> Iterator[QuoteLine]:
        """Every figure by itself: those of all refunds, then by currency, cost and store."""
        yield from (QuoteLine(name.upper(), "", value) for name, value in self._all().items())
        for group in (self._by_currency(), self._by_cost()):
            for of, figures in group.items():
                yield from (QuoteLine(name.upper(), of, value) for name, value in figures.items())
        yield from (QuoteLine("OF_STORE", name, n) for name, n in self._by_store().items())

    def as_csv(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The lines as CSV, each with what it means; an empty value is not known.

        A name that a spreadsheet would take for a formula carries an apostrophe in front;
        semicolons in it become commas, and breaks become spaces.
        """
        text = StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(CSV_COLUMNS)
        for line in self.lines():
            of, value = words(" ".join(line.of.split())), "" if line.value is None else line.value
            rows.writerow((self.month, line.name, of, value, line.explanation(language)))
        return text.getvalue()

    def _by_currency(self) -> dict[str, dict[str, Figure]]:
        return {code: each.as_record(code) for code, each in self.currencies.items()}

    def _by_cost(self) -> dict[str, dict[str, Figure]]:
        return {code: each.as_record(code) for code, each in self.costs.items()}

    def _by_store(self) -> dict[str, int]:
        return dict(sorted(Counter(refund.store for refund in self.refunds).items()))

    def _all(self) -> dict[str, Figure]:
        asked, given = len(self.refunds), self.given
        decided = [refund for refund in self.refunds if refund.decided_at is not None]
        routed = [refund for refund in self.refunds if refund.route is not None]
        payments = self._payments_in_all()
        return {
            "asked": asked,
            "refunds": len(given),
            "payments": payments,
            "refund_rate": _percent(len(given), payments),
            "automation_share": _percent(sum(r.automatic for r in decided), len(decided)),
            "payout_share": _percent(sum(r.route is Route.PAYOUT for r in routed), len(routed)),
            "failed_share": _percent(sum(r.state is State.FAILED for r in self.refunds), asked),
            "dispute_rate": _percent(sum(r.disputed for r in self.refunds), asked),
            "hours_to_truth": _average_hours(self.refunds),
        }

    def _payments_in_all(self) -> int | None:
        """None where a refunded currency has no payments: the rate would seem too high."""
        refunded = {refund.amount.currency for refund in self.given}
        if not self.payments or refunded - self.payments.keys():
            return None
        return sum(each.count for each in self.payments.values())


def quote(
    month: Month, refunds: Iterable[RefundFigures], payments: Mapping[str, PaymentFigures]
) -> Quote:
    """The sheet of `month`; refunds asked for in other months, by Lima's days, are left out.

    `payments` are those of the month by currency code. A currency that is missing there
    has no refund rate.

    Raises:
        CurrencyDiffers: a sum of payments stands under another currency than its own.
        InvalidInput: a time has no zone.
    """
    for currency, paid in payments.items():
        if paid.total.currency != currency:
            raise CurrencyDiffers(f"{paid.total.currency} payments are given as {currency}")
    return Quote(month, tuple(r for r in refunds if month.holds(r.asked_at)), dict(payments))


def _percent(part: int, whole: int | None) -> str | None:
    """An exact share in percent, half up to two decimals; None of nothing."""
    return f"{_hundredths(Fraction(100 * part, whole))}%" if whole else None


def _average_hours(refunds: Iterable[RefundFigures]) -> str | None:
    hours = [Fraction(r.hours_to_truth) for r in refunds if r.hours_to_truth is not None]
    return _hundredths(sum(hours, start=Fraction(0)) / len(hours)) if hours else None


def _hundredths(number: Fraction) -> str:
    whole, rest = divmod(floor(number * 100 + _HALF), 100)
    return f"{whole}.{rest:02}"


def _shown(amount: Money | None) -> str | None:
    return None if amount is None else str(amount.decimal)
