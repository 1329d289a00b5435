"""What one Shopify store needs to be told, and its secrets; reads nothing itself."""

import re
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from pef_adapters.core.errors import PlatformRefused, SettingInvalid
from pef_adapters.platforms.contract import StoreConnection

# Shopify's own name for every manual method, so it tells none from another (section 2).
MANUAL: Final = "manual"
_SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_PLACES: Final = r"^(payment_id|order_id|order_number|order_name|attribute:.+|metafield:.+\..+)$"
# What the body of a refund's webhook can hold; there is nothing else to read from.
_PLACES_IN_A_WEBHOOK: Final = frozenset({"payment_id", "order_id"})
_Model = TypeVar("_Model", bound=BaseModel)


def _says_which(gateway: str) -> str:
    if gateway.casefold() == MANUAL:
        raise ValueError(
            '"manual" is every manual payment method; give the name of the one for PagoEfectivo'
        )
    return gateway


_Gateway = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1),
    AfterValidator(_says_which),
]


class Settings(BaseModel):
    """Where refunds of ours are recognised, and how the store is reached.

    `way_in` is "app" where our app is installed, "webhook" where the merchant made a webhook
    by hand. `gateways` are the names of payment methods that count as PagoEfectivo, as the
    store shows them; upper and lower case are one. `transaction_reference` says where the
    CIP or transaction code stands. `payouts` says whether a refund may be paid out by bank
    (never in an App Store app). `currency` is what amounts are in where a webhook names none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    way_in: Literal["app", "webhook"] = "app"
    gateways: Annotated[tuple[_Gateway, ...], Field(min_length=1)]
    transaction_reference: Annotated[str, Field(pattern=_PLACES)] = "payment_id"
    payouts: Literal["allowed", "barred"] = "allowed"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "PEN"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        place = self.transaction_reference
        if self.way_in == "webhook" and place not in _PLACES_IN_A_WEBHOOK:
            there = " or ".join(sorted(_PLACES_IN_A_WEBHOOK))
            raise ValueError(
                f"a webhook alone tells no {place}: transaction_reference can be {there}"
            )
        return self

    @property
    def attribute(self) -> str | None:
        """The order attribute that holds the reference, if one does."""
        source, _, name = self.transaction_reference.partition(":")
        return name if source == "attribute" else None

    @property
    def metafield(self) -> tuple[str, str] | None:
        """Namespace and key of the metafield that holds the reference, if one does."""
        source, _, name = self.transaction_reference.partition(":")
        namespace, _, key = name.rpartition(".")
        return (namespace, key) if source == "metafield" else None

    def names(self, gateway: str) -> bool:
        """Whether a payment method of this name counts as PagoEfectivo."""
        wanted = {each.casefold() for each in self.gateways}
        return gateway.strip().casefold() in wanted


class WebhookSecret(BaseModel):
    """The secret that Shopify shows beside a webhook made by hand."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    webhook_secret: Annotated[SecretStr, Field(min_length=1)]


def settings_of(store: StoreConnection) -> Settings:
    """The store's settings.

    Raises:
        SettingInvalid: a setting is missing or can't be used.
    """
    return _read(Settings, dict(store.settings))


def usable_settings(store: StoreConnection) -> Settings:
    """As `settings_of`, for whoever speaks to the store.

    Raises:
        PlatformRefused: a setting is missing or can't be used.
    """
    try:
        return settings_of(store)
    except SettingInvalid as error:
        raise PlatformRefused(str(error)) from None


def webhook_secret_of(store: StoreConnection) -> str:
    """What signs the webhooks of a store without our app.

    Raises:
        SettingInvalid: the secret is missing.
    """
    return _read(WebhookSecret, dict(store.secrets)).webhook_secret.get_secret_value()


def shop_of(store: StoreConnection) -> str:
    """The shop's own name, such as tienda.myshopify.com.

    Raises:
        SettingInvalid: the store is connected under another name than Shopify's.
    """
    host, path = _host_and_path(store.address)
    # With a path or port, one shop would be two stores, and each would pay its refunds.
    if not is_shop(host) or path:
        raise SettingInvalid(
            f"{store.address} is not the shop's own name; connect it as "
            "https://NAME.myshopify.com, which stands in its admin under Settings > Domains"
        )
    return host


def _host_and_path(address: str) -> tuple[str, str]:
    """Both empty where the address can't be read."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.netloc, parts.path


def is_shop(name: str) -> bool:
    """Whether this is a name that Shopify gives to a shop, in lower case."""
    return _SHOP.fullmatch(name) is not None


def _read(model: type[_Model], values: dict[str, object]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors()]
        raise SettingInvalid(f"Shopify settings: {'; '.join(faults)}") from None
