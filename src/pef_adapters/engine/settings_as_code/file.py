"""The file `stores.yaml`: what may stand in it, and every mistake with place and line.

Owns names and shapes only; whether what is written fits the database is the plan's to say.
A name that is left out leaves what it is about as it is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from pef_adapters.core.costs import CostSettings
from pef_adapters.core.errors import InvalidInput, SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.core.reading import Format
from pef_adapters.core.texts import LANGUAGES
from pef_adapters.engine.agencies import usable_name
from pef_adapters.engine.onboarding import canonical_address


def _address(text: str) -> str:
    try:
        return canonical_address(text)
    except SettingInvalid as error:
        raise ValueError(str(error)) from None


def _agency(text: str) -> str:
    try:
        return usable_name(text)
    except InvalidInput as error:
        raise ValueError(str(error)) from None


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"give one of {', '.join(LANGUAGES)}")
    return text


def _plain(value: Any) -> Any:
    """Numbers with a point as JSON has them; whatever counts money reads its own text."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {str(name): _plain(inside) for name, inside in value.items()}
        case list():
            return [_plain(inside) for inside in value]
        case _:
            return value


def _written_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Address = Annotated[str, AfterValidator(_address)]
_AgencyName = Annotated[str, AfterValidator(_agency)]
_Language = Annotated[str, AfterValidator(_language)]
_Settings = Annotated[dict[str, Any], BeforeValidator(_plain)]
_Number = Annotated[_Word, BeforeValidator(_written_number)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Reference(_Entry):
    """Where a secret is: in a variable of the environment, or in a file beside this one."""

    env: _Word | None = None
    file: _Word | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("give env: NAME or file: PATH; a secret itself never stands here")
        return self

    @property
    def place(self) -> str:
        """How the place is called in messages."""
        return f"the variable {self.env}" if self.env else f"the file {self.file}"


class AgencyEntry(_Entry):
    """An agency: its title, the settings that its stores inherit, and its policy."""

    name: _AgencyName
    title: _Word | None = None
    settings: _Settings | None = None
    policy: dict[str, Any] | None = None


class AccountEntry(_Entry):
    """A merchant account; its two keys are references."""

    id: _Word
    mode: Mode
    base_url: _Word
    service_id: _Number
    access_key: Reference
    secret_key: Reference
    settings: _Settings | None = None
    documents_until: date | None = None
    keys_until: date | None = None
    costs: CostSettings | None = None


class StoreEntry(_Entry):
    """A store. `connect` says how a new one gets its keys: given here, or by a link.

    `operators` are the names of people by what the store calls them. `agency: null` takes
    the store out of its agency; leaving it out leaves it where it is.
    """

    address: _Address
    platform: _Word
    account: _Word
    agency: _AgencyName | None = None
    language: _Language | None = None
    mode: Mode | None = None
    settings: _Settings | None = None
    policy: dict[str, Any] | None = None
    keys: dict[_Word, Reference] = Field(default_factory=dict)
    operators: dict[str, _Word] | None = None
    connect: Literal["keys", "link"] = "keys"


class StoresFile(_Entry):
    """The whole file."""

    version: Literal[1]
    agencies: tuple[AgencyEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    stores: tuple[StoreEntry, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        twice = [
            *_twice("agency", (each.name for each in self.agencies)),
            *_twice("account", (each.id for each in self.accounts)),
            # By http and https it is one store, or its refunds would be paid twice.
            *_twice("store", (each.address.partition("://")[2] for each in self.stores)),
        ]
        if twice:
            raise ValueError(f"each stands here once; twice there is {', '.join(twice)}")
        return self


_FORMAT = Format(
    StoresFile,
    SettingInvalid,
    name="file of stores",
    start='a file of stores starts with "version: 1"',
    names='the guide "Keep stores in a file" lists them all',
)


def read_stores(text: str) -> StoresFile:
    """The file in a YAML or JSON text.

    Raises:
        SettingInvalid: it can't be used; the message names each mistake with its line.
    """
    return _FORMAT.read(text)


def _twice(what: str, names: Iterable[str]) -> list[str]:
    return [f"{what} {name}" for name, count in Counter(names).items() if count > 1]
