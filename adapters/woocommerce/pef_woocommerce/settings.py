"""What one WooCommerce store needs to be told, and its secrets; reads nothing itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.platforms.contract import StoreConnection

_Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Secret = Annotated[SecretStr, Field(min_length=1)]
_Model = TypeVar("_Model", bound=BaseModel)


class Settings(BaseModel):
    """Where refunds of ours are recognised, and how the store is called.

    `payment_methods` are the ids whose orders were paid through PagoEfectivo; with
    none, nothing would ever be refunded, so at least one is required.
    `transaction_id_from` says where the CIP stands on the order. `auth` puts the
    keys into the header, or into the query where a host strips that header.
    `allow_http` permits OAuth 1.0a over plain http, for a local store only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    payment_methods: Annotated[tuple[_Word, ...], Field(min_length=1)]
    transaction_id_from: Annotated[str, Field(pattern=r"^(transaction_id|meta:.+)$")] = (
        "transaction_id"
    )
    auth: Literal["header", "query"] = "header"
    allow_http: bool = False

    @property
    def transaction_meta_key(self) -> str | None:
        """The order's meta key that holds the CIP, or None for `transaction_id`."""
        source, _, key = self.transaction_id_from.partition(":")
        return key if source == "meta" else None


class Secrets(BaseModel):
    """The REST keys and the secret that signs this store's webhooks."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    consumer_key: _Secret
    consumer_secret: _Secret
    webhook_secret: _Secret


def settings_of(store: StoreConnection) -> Settings:
    """The store's settings.

    Raises:
        SettingInvalid: a setting is missing or can't be used.
    """
    return chosen_settings(store.settings)


def chosen_settings(chosen: Mapping[str, Any]) -> Settings:
    """What somebody chose for a store that is not connected yet.

    Raises:
        SettingInvalid: a setting is missing or can't be used.
    """
    return _read(Settings, dict(chosen))


def secrets_of(store: StoreConnection) -> Secrets:
    """The store's secrets.

    Raises:
        SettingInvalid: a secret is missing; the message never shows a value.
    """
    return _read(Secrets, dict(store.secrets))


def _read(model: type[_Model], values: dict[str, object]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingInvalid(f"WooCommerce settings: {'; '.join(faults)}") from None
