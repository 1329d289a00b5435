"""The window: how old a payment may be for each route back (spec S7)."""

from datetime import date
from functools import lru_cache

from pef_adapters.core.calendar import add_business_days, lima_date
from pef_adapters.core.policy.decision import Outcome, Route, Verdict
from pef_adapters.core.policy.facts import Facts
from pef_adapters.core.policy.matching import age_days
from pef_adapters.core.policy.model import Closed, Window


def window_open(facts: Facts, window: Window) -> Verdict:
    """The age of the payment decides the route (spec S7)."""
    age = age_days(facts)
    if age is None:
        return Verdict("window_open", "WINDOW_NOT_COUNTED", Outcome.APPROVE)
    figures = {
        "age": str(age),
        "original_route": str(window.original_route_days),
        "payout": str(window.payout_days),
    }
    if age <= window.original_route_days:
        return Verdict("window_open", "WINDOW_OPEN", Outcome.APPROVE, figures)
    if age <= window.payout_days:
        return Verdict("window_open", "WINDOW_PAYOUT", Outcome.PAYOUT, figures)
    if window.closed is Closed.HOLD:
        return Verdict("window_open", "WINDOW_LEFT_TO_A_PERSON", Outcome.HOLD, figures)
    return Verdict("window_open", "WINDOW_CLOSED", Outcome.REJECT, figures)


def expected_on(facts: Facts, window: Window, route: Route | None) -> date | None:
    """The last business day on which money that leaves now should arrive; None: none leaves."""
    if route is None:
        return None
    payout = route is Route.PAYOUT
    days = window.payout_arrival_business_days if payout else window.arrival_business_days
    return _business_day(lima_date(facts.now), days)


@lru_cache(maxsize=1024)
def _business_day(start: date, days: int) -> date:
    return add_business_days(start, days)
