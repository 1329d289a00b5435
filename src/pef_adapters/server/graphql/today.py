"""How refunds stand today, in the schema."""

from datetime import date, timedelta

import strawberry

from pef_adapters.core.states import State
from pef_adapters.engine import records
from pef_adapters.engine.gate import today as gate
from pef_adapters.server.graphql.money import Money, shown_money
from pef_adapters.server.graphql.refunds import Refund, shown_refund


@strawberry.type(description="Unfinished refunds in one state and currency.")
class StateTally:
    """See the schema's description."""

    state: State = strawberry.field(description="The state.")
    count: int = strawberry.field(description="How many.")
    total: Money = strawberry.field(description="Their sum.")


@strawberry.type(description="Refunds that were asked for on one day in Lima, in one currency.")
class DayTally:
    """See the schema's description."""

    day: date = strawberry.field(description="The day.")
    count: int = strawberry.field(description="How many.")
    total: Money = strawberry.field(description="Their sum.")


@strawberry.type(description="What needs somebody, what is under way, and how quickly it went.")
class Today:
    """See the schema's description."""

    needs_person: list[Refund] = strawberry.field(description="Longest waiting first.")
    stuck: list[Refund] = strawberry.field(description="Those that went silent or into trouble.")
    in_flight: list[StateTally] = strawberry.field(description="What is under way.")
    money_in_flight: list[Money] = strawberry.field(description="Its sum in each currency.")
    days: list[DayTally] = strawberry.field(description="The last thirty days.")
    median_seconds: int | None = strawberry.field(
        description="How long the newest finished refunds took, in the middle."
    )
    slowest_seconds: int | None = strawberry.field(description="And the slowest of them.")


def shown_today(found: gate.Today) -> Today:
    """How things stand, as the schema shows it."""
    return Today(
        needs_person=[shown_refund(each) for each in found.needs_person],
        stuck=[shown_refund(each) for each in found.stuck],
        in_flight=[_shown_state(each) for each in found.in_flight],
        money_in_flight=[shown_money(each) for each in found.money_in_flight],
        days=[_shown_day(each) for each in found.days],
        median_seconds=_seconds(found.median),
        slowest_seconds=_seconds(found.slowest),
    )


def _shown_state(tally: records.StateTally) -> StateTally:
    return StateTally(state=tally.state, count=tally.count, total=shown_money(tally.total))


def _shown_day(tally: records.DayTally) -> DayTally:
    return DayTally(day=tally.day, count=tally.count, total=shown_money(tally.total))


def _seconds(took: timedelta | None) -> int | None:
    return None if took is None else int(took.total_seconds())
