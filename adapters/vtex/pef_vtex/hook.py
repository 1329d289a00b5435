"""The store's Orders hook, which tells us of changed orders: one for each AppKey.

Another system's hook under the same key is never replaced: then the store has to make a
key for us alone (platforms/vtex.md, section 6).
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from pef_adapters.platforms.contract import Check, StoreConnection
from pef_vtex import exact_json
from pef_vtex.client import Api, open_api, reading_settings, store_pair, usable_settings
from pef_vtex.inbound import HOOK_HEADER
from pef_vtex.settings import Settings, secrets_of

NAME: Final = "orders hook"
_FILTER: Final = (
    '$count(packageAttachment.packages.restitutions.Refund.value) > 0 or status = "canceled"'
)
_MEND: Final = "connect the store again"


class _Target(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str = ""
    headers: Annotated[dict[str, str] | None, Field(repr=False)] = None


class _Filter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    expression: str | None = None


class _Config(BaseModel):
    """A hook as VTEX shows it; none is an empty one."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hook: _Target = _Target()
    filter: _Filter = _Filter()

    def is_alive(self, store: StoreConnection) -> bool:
        """Whether it leads to us as it should; what VTEX does not show is taken as right."""
        shown = {name.lower(): value for name, value in (self.hook.headers or {}).items()}
        secret = _secret(store)
        return (
            self.hook.url == store.callback_url
            and self.filter.expression in (None, _FILTER)
            and shown.get(HOOK_HEADER, secret) == secret
        )


async def connect(store: StoreConnection) -> tuple[Check, ...]:
    """See `platforms.contract.Platform.connect`; without keys for it there is no hook."""
    settings, pair = usable_settings(store), store_pair(store)
    if pair is None:
        return (Check(NAME, passed=True, detail="no keys for the store's orders, so no hook"),)
    async with open_api(pair) as api:
        standing = await _standing(api, settings)
        if standing.hook.url not in ("", store.callback_url):
            return (_taken(standing.hook.url),)
        if not standing.is_alive(store):
            await api.post(_address(settings), exact_json.write(_wanted(store)))
    return (Check(NAME, passed=True, detail="leads to us"),)


async def check(store: StoreConnection, api: Api) -> Check:
    """Whether the hook leads to us: VTEX drops it after three days without events."""
    standing = await _standing(api, usable_settings(store))
    if standing.is_alive(store):
        return Check(NAME, passed=True, detail="leads to us")
    if standing.hook.url not in ("", store.callback_url):
        return _taken(standing.hook.url)
    return Check(NAME, passed=False, detail="there is none that tells us enough", mend=_MEND)


async def _standing(api: Api, settings: Settings) -> _Config:
    """The hook of our AppKey; VTEX does not document how it says that there is none."""
    answered = await api.get(_address(settings))
    if answered.missing or answered.body.strip() in (b"", b"null"):
        return _Config()
    return answered.read(_Config)


def _taken(url: str) -> Check:
    return Check(
        NAME,
        passed=False,
        detail=f"the AppKey's one hook leads to {url.partition('?')[0]}",
        mend="make an AppKey for this product alone, and connect the store with it",
    )


def _address(settings: Settings) -> str:
    return f"{settings.api}/api/orders/hook/config"


def _wanted(store: StoreConnection) -> dict[str, object]:
    return {
        "filter": {"type": "FromOrders", "expression": _FILTER, "disableSingleFire": True},
        "hook": {"url": store.callback_url, "headers": {HOOK_HEADER: _secret(store)}},
    }


def _secret(store: StoreConnection) -> str:
    with reading_settings():
        return secrets_of(store).hook_secret.get_secret_value()
