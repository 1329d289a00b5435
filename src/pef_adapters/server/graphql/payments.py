"""A payment that somebody looks up before pressing a refund, in the schema."""

import strawberry

from pef_adapters.engine.by_hand import Found
from pef_adapters.server.graphql.money import Money, shown_money
from pef_adapters.server.graphql.refunds import Payment, Refund, shown_payment, shown_refund


@strawberry.type(description="A payment and what can still go back of it.")
class FoundPayment:
    """See the schema's description."""

    payment: Payment = strawberry.field(description="The payment.")
    asked: Money = strawberry.field(description="What refunds ask for without holding money yet.")
    rest: Money = strawberry.field(description="What is left; goes back as `expectedRest`.")
    refunds: list[Refund] = strawberry.field(description="The store's refunds of it.")
    elsewhere: bool = strawberry.field(description="Whether other stores refund it too.")
    order_number: str = strawberry.field(description="The order; empty where nothing names it.")


def shown_found(found: Found) -> FoundPayment:
    """What was found, as the schema shows it."""
    return FoundPayment(
        payment=shown_payment(found.payment),
        asked=shown_money(found.asked),
        rest=shown_money(found.rest),
        refunds=[shown_refund(each) for each in found.refunds],
        elsewhere=found.elsewhere,
        order_number=found.order_number,
    )
