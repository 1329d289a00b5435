"""Money on the wire: minor units and a currency, and how people write it."""

from enum import Enum
from typing import Annotated

import strawberry

from pef_adapters.core import money as core
from pef_adapters.server.graphql.context import Info
from pef_adapters.server.graphql.fields import answers
from pef_adapters.server.graphql.scalars import Currency, Minor


@strawberry.enum(description="A language of the texts.")
class Language(Enum):
    """A language, by the name that GraphQL gives it."""

    ES_PE = strawberry.enum_value("es_PE", description="Spanish as written in Peru.")
    EN = strawberry.enum_value("en", description="English.")
    ZH_HANS = strawberry.enum_value("zh_Hans", description="Chinese, simplified.")


@strawberry.type(description="An amount of money.")
class Money:
    """See the schema's description."""

    minor: Minor = strawberry.field(description="The amount in the currency's minor unit.")
    currency: Currency = strawberry.field(description="The currency.")

    @answers("As a reader of the language writes it, such as S/ 59.90.")
    def shown(
        self,
        info: Info,
        language: Annotated[
            Language | None, strawberry.argument(description="Yours, if none is named.")
        ] = None,
    ) -> str:
        amount = core.Money(int(self.minor), str(self.currency))
        return amount.shown(str(language.value) if language else info.context.language)


@strawberry.input(description="An amount of money that is given.")
class MoneyInput:
    """See the schema's description."""

    minor: Minor = strawberry.field(description="The amount in the currency's minor unit.")
    currency: Currency = strawberry.field(description="The currency.")

    def read(self) -> core.Money:
        """The core's money."""
        return core.Money(int(self.minor), str(self.currency))


def shown_money(amount: core.Money) -> Money:
    """The core's money on the wire."""
    return Money(minor=Minor(amount.minor), currency=Currency(amount.currency))
