"""A policy as data: what an owner writes in YAML or JSON, and nothing more.

Owns the shape of a policy. Never decides: `judge` does, after the hard guards, which
no policy can name, move or switch off.
"""

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pef_adapters.core.errors import InvalidInput
from pef_adapters.core.money import Money
from pef_adapters.core.policy.conditions import Conditions, Currency, DecimalText, Plain, Words
from pef_adapters.core.policy.decision import Outcome
from pef_adapters.core.texts import LANGUAGES

# Without underscores, so that no rule can be mistaken for a guard or for the window.
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
OTHERWISE = "otherwise"
Days = Annotated[int, Field(ge=0, le=3650)]


class Description(Plain):
    """What a policy or a rule is for, in each language; any may be left out."""

    es_PE: str = ""  # noqa: N815 - the language's own name
    en: str = ""
    zh_Hans: str = ""  # noqa: N815 - the language's own name

    def shown(self, language: str) -> str:
        """The text in `language`, else in the first language that has one."""
        said = (getattr(self, name) for name in (language, *LANGUAGES))
        return next(filter(None, said), "")


class OneUpTo(Plain):
    """One approver up to an amount, this included; two above it or in another currency."""

    one_up_to: DecimalText
    currency: Currency


class Answer(Plain):
    """What happens to a refund: the outcome, and who has to agree while it is held.

    `approvers` counts only for `hold`. `answer_within_hours` is the time in which a
    person should have decided, for platforms that set a deadline (spec S11).
    """

    then: Outcome
    approvers: Literal[1, 2] | OneUpTo = 1
    answer_within_hours: Annotated[int, Field(ge=1, le=8760)] | None = None


class PolicyRule(Answer):
    """One rule: where every condition in `when` holds, its answer is given."""

    id: Id
    description: Description = Description()
    when: Conditions = Conditions()
    locked: bool = False


class Closed(StrEnum):
    """What happens after the last day of a window: refused, or a person decides (spec S7)."""

    REJECT = "reject"
    HOLD = "hold"


class Window(Plain):
    """Window tiers in whole Lima days since payment; each last day is included.

    Up to `original_route_days` the money goes back by itself; up to `payout_days` a
    person pays it out; then `closed` says. The arrivals are business days from the
    day of the decision, at the latest.
    """

    original_route_days: Days = 30
    payout_days: Days = 90
    closed: Closed = Closed.REJECT
    arrival_business_days: Annotated[int, Field(ge=0, le=90)] = 7
    payout_arrival_business_days: Annotated[int, Field(ge=0, le=90)] = 7


class RailWindow(Window):
    """The window of one rail, where it differs from the policy's own."""

    rail: Id


class LimitScope(StrEnum):
    """Whose refunds a limit adds up."""

    REFUND = "refund"
    STORE = "store"
    ACCOUNT = "account"
    BUYER = "buyer"
    OPERATOR = "operator"
    DESTINATION = "destination"


class Limit(Plain):
    """A ceiling that holds the refund which would pass it (spec S14).

    `days` counts whole days in Lima, today among them: 1 is today. `hours` is a
    rolling window up to now. A limit per refund has neither. Either an amount with its
    currency is limited, or a count. Refunds count from their approval on, unless they
    fail or are withdrawn.
    """

    per: LimitScope
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    hours: Annotated[int, Field(ge=1, le=8784)] | None = None
    amount: DecimalText | None = None
    currency: Currency | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    approvers: Literal[1, 2] = 1

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        windows = (self.days is not None) + (self.hours is not None)
        if windows != (self.per is not LimitScope.REFUND):
            raise ValueError("every limit but the one per refund needs either days or hours")
        if (self.amount is None) is (self.count is None):
            raise ValueError("a limit has either an amount or a count")
        if (self.amount is None) is not (self.currency is None):
            raise ValueError("an amount needs its currency, and a count has none")
        if self.per is LimitScope.REFUND and self.count is not None:
            raise ValueError("a limit per refund is an amount: one refund is always one")
        return self

    @cached_property
    def name(self) -> str:
        """What the limit is called in a decision, such as "limit_store_1d_5000.00_PEN"."""
        ceiling = f"{self.amount}_{self.currency}" if self.count is None else f"{self.count}x"
        return "_".join(filter(None, ("limit", self.per.value, self.window, ceiling)))

    @cached_property
    def window(self) -> str:
        """The window in short: "1d", "24h", or nothing for one refund."""
        if self.days is not None:
            return f"{self.days}d"
        return "" if self.hours is None else f"{self.hours}h"

    @cached_property
    def ceiling(self) -> Money | None:
        """The limited amount as money; None where a count is limited.

        Raises:
            InvalidMoney: the amount has more decimals than its currency; lint says so.
            UnknownCurrency: there is no such currency; lint says so.
        """
        if self.amount is None or self.currency is None:
            return None
        return Money.parse(self.amount, self.currency)

    @cached_property
    def most(self) -> str:
        """The ceiling as people read it, such as "5000.00 PEN" or "3"; raises as `ceiling`."""
        return str(self.count if self.ceiling is None else self.ceiling)


class PayoutTerms(Plain):
    """How money is paid out by hand (spec S19).

    `approvers` agree to amount and destination before anything is paid. A changed
    destination rests for `cooling_off_hours`. The buyer's link is good for `link_hours`
    and `link_tries` refused forms. `check_digits` refuses a CCI whose check digits are
    wrong; `tell_buyer` lets the store's own mail carry the link.
    """

    approvers: Literal[1, 2] = 2
    cooling_off_hours: Annotated[int, Field(ge=0, le=720)] = 24
    link_hours: Annotated[int, Field(ge=1, le=720)] = 72
    link_tries: Annotated[int, Field(ge=1, le=20)] = 5
    check_digits: bool = True
    tell_buyer: bool = True


class Expired(StrEnum):
    """What becomes of a held refund that nobody decided about in time."""

    HOLD = "hold"
    REJECT = "reject"


class ApprovalTerms(Plain):
    """How long a held refund waits: for a reminder, then for its end.

    When it has expired, what was agreed so far counts no more. `hold` leaves the refund
    held, with an alarm; `reject` rejects it.
    """

    remind_after_hours: Annotated[int, Field(ge=1, le=8760)] = 24
    expire_after_hours: Annotated[int, Field(ge=1, le=8760)] = 168
    when_expired: Expired = Expired.HOLD


class Part(StrEnum):
    """What an agency can lock besides its rules."""

    OTHERWISE = "otherwise"
    WINDOW = "window"
    RAIL_WINDOWS = "rail_windows"
    LIMITS = "limits"
    DOUBLE_PRESS_MINUTES = "double_press_minutes"
    PAYOUT = "payout"
    APPROVALS = "approvals"


def _short(value: Any) -> Any:
    """Let an owner write `otherwise: hold`."""
    return {"then": value} if isinstance(value, str) else value


class Policy(Plain):
    """Ordered rules of which the first that matches answers; else `otherwise` does.

    Version 0 is a draft. A published version never changes: `digest` names its whole
    contents, and a decision keeps that digest. Two equal refunds of one order within
    `double_press_minutes` are held; 0 watches for none. `under` names the agency's
    version that a store's policy was joined with (`inherit`); nobody writes it.
    """

    name: Id
    description: Description = Description()
    version: Annotated[int, Field(ge=0)] = 0
    rules: tuple[PolicyRule, ...] = ()
    otherwise: Annotated[Answer | None, BeforeValidator(_short)] = None
    window: Window = Window()
    rail_windows: tuple[RailWindow, ...] = ()
    limits: tuple[Limit, ...] = ()
    double_press_minutes: Annotated[int, Field(ge=0, le=1440)] = 10
    payout: PayoutTerms = PayoutTerms()
    approvals: ApprovalTerms = ApprovalTerms()
    locked: tuple[Part, ...] = ()
    under: str = ""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _once("rule", [rule.id for rule in self.rules])
        if any(rule.id == OTHERWISE for rule in self.rules):
            raise ValueError(f"no rule is called {OTHERWISE}: that is the answer without a rule")
        _once("rail", [window.rail for window in self.rail_windows])
        _once("limit", [limit.name for limit in self.limits])
        return self

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    @property
    def label(self) -> str:
        """Name and version, such as "base-1", with those of its agency: "shop-3/acme-1"."""
        own = f"{self.name}-{self.version}"
        return f"{own}/{self.under}" if self.under else own

    def canonical_json(self) -> str:
        """Everything in this policy, always as the same text."""
        return json.dumps(
            self.model_dump(mode="json"),
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )

    def published(self, version: int) -> Self:
        """This draft as a version of its own.

        Raises:
            InvalidInput: it is published already, or `version` is not above zero.
        """
        if self.version or version < 1:
            raise InvalidInput(f"only a draft is published, not {self.label} as {version}")
        return self.model_validate({**self.as_written(), "version": version})

    def as_written(self) -> dict[str, Any]:
        """What its owner wrote, as plain JSON data; what was left open stays open."""
        return self.model_dump(mode="json", exclude_unset=True)

    def window_for(self, rail: str) -> Window:
        """The window of `rail`, else the policy's own."""
        return next((w for w in self.rail_windows if w.rail == rail), self.window)


def _once(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each {what} stands once; twice there is {Words(twice)}")


# What stands where nobody has written a policy: the windows alone decide.
BASE = Policy(name="base", version=1, otherwise=Answer(then=Outcome.APPROVE))
