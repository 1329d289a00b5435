"""The operator's Shopify app, from the environment: every name begins with PEF_SHOPIFY_.

One app serves many stores, so what is its own is no store's setting. Agencies have a custom
app per store: `app_of` lets a store's secrets name it. Reads the environment, nothing else.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.platforms.contract import StoreConnection

PREFIX: Final = "PEF_SHOPIFY_"
_OWN_APP: Final = ("client_id", "client_secret")


class AppSettings(BaseSettings):
    """The app as it stands in Shopify's Dev Dashboard. Facts: platforms/shopify.md, 0 and 3."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    client_id: str = Field(default="", description="Client id of your Shopify app.")
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Client secret of your Shopify app; several, separated by commas, while it is "
        "rotated: the first is used for tokens, all of them verify what Shopify signs.",
    )
    distribution: Literal["app_store", "custom"] = Field(
        default="app_store",
        description='How the app reaches stores: "app_store", where Shopify lets refunds go back '
        'by the original payment only, so that nothing is paid out by bank, or "custom".',
    )
    api_version: Annotated[str, Field(pattern=r"^20[0-9]{2}-(01|04|07|10)$")] = Field(
        default="2026-10", description="Version of Shopify's API; each lives about a year."
    )
    api_url: str = Field(
        default="",
        description="For tests only: where Shopify's API is reached instead of the store's own "
        "address.",
    )
    payments_client_id: str = Field(
        default="", description="Client id of your payments app, where you are a payments partner."
    )
    payments_client_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Client secret of your payments app; several, separated by commas, to rotate.",
    )

    @property
    def client_secrets(self) -> tuple[str, ...]:
        """Every secret that Shopify may sign with; the first is the one we use."""
        return _each(self.client_secret)

    @property
    def payments_client_secrets(self) -> tuple[str, ...]:
        """The same of the payments app."""
        return _each(self.payments_client_secret)

    def address_of(self, shop: str) -> str:
        """Where a shop's API is called; `shop` is its name or its https address."""
        if self.api_url:
            return self.api_url.rstrip("/")
        return shop if "://" in shop else f"https://{shop}"


def read_app_settings() -> AppSettings:
    """The app of this process.

    Raises:
        SettingInvalid: a PEF_SHOPIFY_ variable can't be used; its value is never shown.
    """
    try:
        return AppSettings()
    except ValidationError as error:
        faults = "; ".join(f"{_name(e['loc'])}: {e['msg']}" for e in error.errors())
        raise SettingInvalid(faults) from None


def app_of(store: StoreConnection) -> AppSettings:
    """The app that a store installed: its own where its secrets name one, else the operator's.

    An app of one store alone can't come from the App Store, so it is a custom one.

    Raises:
        SettingInvalid: a PEF_SHOPIFY_ variable can't be used.
    """
    app = read_app_settings()
    own = {name: store.secrets[name] for name in _OWN_APP if store.secrets.get(name)}
    if not own:
        return app
    secret = SecretStr(own.get("client_secret", app.client_secret.get_secret_value()))
    changes = {"client_id": own.get("client_id", app.client_id), "client_secret": secret}
    return app.model_copy(update={**changes, "distribution": "custom"})


def _each(secret: SecretStr) -> tuple[str, ...]:
    parts = secret.get_secret_value().split(",")
    return tuple(filter(None, (part.strip() for part in parts)))


def _name(place: tuple[int | str, ...]) -> str:
    return PREFIX + "_".join(map(str, place)).upper()
