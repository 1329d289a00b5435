"""What one store's payments extension needs to be told; reads nothing but the environment."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pef_adapters.core.errors import SettingInvalid
from pef_adapters.platforms.contract import StoreConnection
from pef_shopify.app import AppSettings, app_of
from pef_shopify.install import PAYMENTS, app_for

BARRED_BY_APP_STORE: Final = "code.PAYOUT_BARRED_BY_APP_STORE"
BARRED_BY_STORE: Final = "code.PAYOUT_BARRED_BY_STORE"


class PaymentsSettings(BaseModel):
    """`payouts` says whether a refund may be paid out by bank (never in an App Store app).

    `account` is what the merchant reads in Shopify's admin beside the payment method, to
    know which account it pays to; empty means the store's name here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    payouts: Literal["allowed", "barred"] = "allowed"
    account: Annotated[str, Field(max_length=100)] = ""


def payments_settings_of(store: StoreConnection) -> PaymentsSettings:
    """The store's settings.

    Raises:
        SettingInvalid: a setting can't be used.
    """
    try:
        return PaymentsSettings.model_validate(dict(store.settings))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors()]
        raise SettingInvalid(f"Shopify payments settings: {'; '.join(faults)}") from None


def payments_app_of(store: StoreConnection) -> AppSettings:
    """The payments app that the store installed, as the app that tokens and hooks are of.

    A store's secrets can name a payments app of its own, as Plus merchants may have one.

    Raises:
        SettingInvalid: a PEF_SHOPIFY_ variable can't be used.
    """
    app = app_of(store)
    return app if store.secrets.get("client_id") else app_for(PAYMENTS, app)


def payout_barred(store: StoreConnection) -> str | None:
    """Why a refund may go back by PagoEfectivo only, as a text key; None where it need not.

    Raises:
        SettingInvalid: a setting can't be used.
    """
    if payments_app_of(store).distribution == "app_store":
        return BARRED_BY_APP_STORE
    return BARRED_BY_STORE if payments_settings_of(store).payouts == "barred" else None
