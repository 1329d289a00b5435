"""What one VTEX store needs to be told, and its secrets; reads nothing itself.

Three pairs of keys meet here and must never be mixed up (platforms/vtex.md, sections 1
and 6): what the merchant types into VTEX's admin for us, what our own partner account
needs for callbacks, and what the store lets us use its order APIs with.
"""

from typing import Annotated, Literal, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.policy import Mode
from pef_adapters.platforms.contract import StoreConnection

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
_Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?$")]
_Address = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s?#]+)?$")]
_Secret = Annotated[SecretStr, Field(min_length=1)]
_Model = TypeVar("_Model", bound=BaseModel)


class Settings(BaseModel):
    """Where the store is, and how much of VTEX's own machinery is wanted.

    `account` is the VTEX account's name; `api_address` and `payments_address` only where
    the store's APIs are not at VTEX's usual addresses. `methods` are the payment methods
    that a manifest for this store alone names. `order_writing` says where an order hears
    of its refunds: in its history (`interactions`), in VTEX DO's notes, or nowhere.
    `manual_refunds` says who pays what can't go back by itself: `ours` is our payout desk,
    `vtex` leaves it to the store, with VTEX's own mail and task. `test_suite` lets VTEX's
    test suite in, in sandbox mode only. `callback_hosts` and `return_hosts` are trusted
    beside VTEX's own: with our partner keys, and with the answer of the link-up.
    `grace_minutes` is how long a return may stand in VTEX before its refund is missed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    api_address: _Address = ""
    payments_address: _Address = ""
    methods: Annotated[tuple[_Word, ...], Field(min_length=1)] = ("Promissories",)
    order_writing: Literal["interactions", "notes", "none"] = "interactions"
    manual_refunds: Literal["ours", "vtex"] = "ours"
    test_suite: bool = False
    callback_hosts: tuple[_Host, ...] = ()
    return_hosts: tuple[_Host, ...] = ()
    grace_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = 60

    @property
    def api(self) -> str:
        """Where the APIs of orders, notes and hooks are, without a trailing slash."""
        return (self.api_address or f"https://{self.account}.vtexcommercestable.com.br").rstrip("/")

    @property
    def payments(self) -> str:
        """Where the API of transactions is, without a trailing slash."""
        return (self.payments_address or f"https://{self.account}.vtexpayments.com.br").rstrip("/")


class Secrets(BaseModel):
    """The token of the provider's pair, and whatever else was given.

    `app_token` is typed in VTEX's admin beside the AppKey, which is our name of the store.
    The partner pair belongs to the connector's own VTEX account; the store pair may read
    and write orders. `hook_secret` stands in a header of the Orders hook.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    app_token: _Secret
    partner_app_key: SecretStr = SecretStr("")
    partner_app_token: SecretStr = SecretStr("")
    store_app_key: SecretStr = SecretStr("")
    store_app_token: SecretStr = SecretStr("")
    hook_secret: Annotated[
        _Secret, Field(validation_alias=AliasChoices("hook_secret", "webhook_secret"))
    ]

    @property
    def has_partner_pair(self) -> bool:
        return _both(self.partner_app_key, self.partner_app_token)

    @property
    def has_store_pair(self) -> bool:
        return _both(self.store_app_key, self.store_app_token)


def settings_of(store: StoreConnection) -> Settings:
    """The store's settings.

    Raises:
        SettingInvalid: a setting is missing or can't be used.
    """
    return _read(Settings, dict(store.settings))


def secrets_of(store: StoreConnection) -> Secrets:
    """The store's secrets.

    Raises:
        SettingInvalid: a secret is missing; the message never shows a value.
    """
    return _read(Secrets, dict(store.secrets))


def takes_test_suite(store: StoreConnection) -> bool:
    """Whether VTEX's test suite may call for this store: it asks for no real money."""
    return store.mode is Mode.SANDBOX and settings_of(store).test_suite


def _both(key: SecretStr, token: SecretStr) -> bool:
    return bool(key.get_secret_value() and token.get_secret_value())


def _read(model: type[_Model], values: dict[str, object]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingInvalid(f"VTEX settings: {'; '.join(faults)}") from None
