"""What refunds cost: fees, exchange rates and the monthly quote sheet. Pure, exact."""

from pef_adapters.core.costs.exchange import Bearer, Conversion, Exchange, Rate, payout_amount
from pef_adapters.core.costs.fees import (
    Cost,
    CostName,
    CostPart,
    Fee,
    FeeSchedule,
    expected_cost,
)
from pef_adapters.core.costs.month import Month
from pef_adapters.core.costs.quote import PaymentFigures, Quote, QuoteLine, RefundFigures, quote
from pef_adapters.core.costs.settings import CostSettings, costs_from_settings, read_costs

__all__ = [
    "Bearer",
    "Conversion",
    "Cost",
    "CostName",
    "CostPart",
    "CostSettings",
    "Exchange",
    "Fee",
    "FeeSchedule",
    "Month",
    "PaymentFigures",
    "Quote",
    "QuoteLine",
    "Rate",
    "RefundFigures",
    "costs_from_settings",
    "expected_cost",
    "payout_amount",
    "quote",
    "read_costs",
]
