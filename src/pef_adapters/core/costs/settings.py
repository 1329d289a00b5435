"""An account's costs as settings: fees, rates and the currency of payouts.

Owns the file that an owner writes and the plain data that is kept of it; never reads
or keeps anything itself.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Self

from pydantic import model_validator

from pef_adapters.core.costs.amounts import KnownCurrency, exact, rounded
from pef_adapters.core.costs.exchange import (
    Bearer,
    Conversion,
    Exchange,
    converted,
    payout_amount,
)
from pef_adapters.core.costs.fees import Cost, CostName, CostPart, FeeSchedule, expected_cost
from pef_adapters.core.errors import CostsUnreadable
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Plain, Words
from pef_adapters.core.policy.decision import Route
from pef_adapters.core.reading import Format


class CostSettings(Plain):
    """Everything known about what an account's refunds cost; empty means nothing is.

    `payout_currency` is what buyers get by bank transfer, such as soles for orders in
    dollars. By the original route a refund stays in its payment's currency, as the
    refund contract asks (fact sheet 7.2).
    """

    fees: tuple[FeeSchedule, ...] = ()
    exchange: Exchange | None = None
    payout_currency: KnownCurrency | None = None

    @model_validator(mode="after")
    def _one_schedule_a_currency(self) -> Self:
        named = Counter(schedule.currency for schedule in self.fees)
        if twice := sorted(name for name, count in named.items() if count > 1):
            raise ValueError(f"each currency has its fees once; twice there is {Words(twice)}")
        return self

    def as_settings(self) -> dict[str, Any]:
        """Plain JSON data, which `costs_from_settings` reads again."""
        return self.model_dump(mode="json")

    def schedule_for(self, currency: str) -> FeeSchedule | None:
        """The fees of `currency`, else the first that are written; None without any."""
        first = next(iter(self.fees), None)
        return next((own for own in self.fees if own.currency == currency), first)

    def expected_cost(
        self,
        amount: Money,
        route: Route,
        *,
        paid_on: date,
        refund_on: date,
        express: bool = False,
        paid: Money | None = None,
    ) -> Cost | None:
        """What a refund will cost, with the difference of rates where the merchant bears it.

        The days are days in Lima. None where no fees are known.

        Raises:
            RateMissing: it takes a rate that is not known.
            CurrencyDiffers: `amount` and `paid` are in different currencies.
            InvalidMoney: the amount is below zero, or more than what was paid.
        """
        schedule = self.schedule_for(amount.currency)
        if schedule is None:
            return None
        cost = expected_cost(
            amount,
            route,
            schedule,
            express=express,
            paid=paid,
            exchange=self.exchange,
            day=refund_on,
        )
        conversion = self.conversion(amount, route, paid_on, refund_on)
        if conversion.borne_by is not Bearer.MERCHANT:
            return cost
        difference = self._in(schedule.currency, conversion, refund_on)
        return cost.and_also(CostPart(CostName.EXCHANGE_DIFFERENCE, difference))

    def conversion(self, amount: Money, route: Route, paid_on: date, refund_on: date) -> Conversion:
        """What the buyer of a refund by `route` gets, in which currency and by which rate.

        Raises:
            RateMissing: no rate is known for one of the two days in Lima.
        """
        paid_out = self.payout_currency if route is Route.PAYOUT else None
        to = paid_out or amount.currency
        return payout_amount(amount, to, paid_on, refund_on, self.exchange)

    def _in(self, currency: str, conversion: Conversion, day: date) -> Money:
        """A difference that the merchant bears, in the currency of the fees."""
        difference, asked = conversion.difference, conversion.asked.currency
        if difference.currency == currency:
            return difference
        # Back by the very rate that the refund was paid out by, so that none more is needed.
        back = rounded(exact(difference) / Fraction(conversion.rate), asked)
        return converted(back, currency, day, self.exchange)


_FORMAT = Format(
    CostSettings,
    CostsUnreadable,
    name="file of costs",
    start='a file of costs starts with its fees, such as "fees: [{currency: PEN}]"',
    names='the guide "Know what refunds cost" lists them all',
)


def read_costs(text: str) -> CostSettings:
    """The costs in a YAML or JSON text.

    Raises:
        CostsUnreadable: not YAML, or not costs; the message names lines and mends.
    """
    return _FORMAT.read(text)


def costs_from_settings(settings: Mapping[str, Any]) -> CostSettings:
    """What was kept as plain JSON data; an empty mapping knows no fees.

    Raises:
        CostsUnreadable: what is kept is not costs.
    """
    return _FORMAT.accept(settings)
