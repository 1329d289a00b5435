"""`pef store add`: connect a store, each platform in its own way.

Secrets come from the environment, never from a command line that others can read.
"""

import re
import secrets as random
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from pef_adapters.cli import output
from pef_adapters.cli.options import Json
from pef_adapters.cli.running import run
from pef_adapters.cli.store_options import (
    AccountName,
    NotesLanguage,
    OriginalRouteDays,
    PayoutDays,
    PolicyFile,
    StoreMode,
    policy_of,
)
from pef_adapters.cli.store_report import record
from pef_adapters.core.errors import SettingInvalid
from pef_adapters.core.texts import DEFAULT_LANGUAGE
from pef_adapters.engine import installs, link_ups, onboarding
from pef_adapters.engine.onboarding import StoreRequest
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.records import Store
from pef_adapters.platforms.by_hand import BY_HAND
from pef_adapters.platforms.contract import Check
from pef_adapters.settings import Settings
from pef_shopify.install import shop_domain

app = typer.Typer(help="Connect a store.", no_args_is_help=True)

_TOKEN_BYTES = 24
_PLAIN_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
# A store is known by its address; this one has none, and no name without a dot is anybody's.
_NOBODY_LISTENS = "by-hand"
ShopName = Annotated[
    str, typer.Option(help="The shop's own name in Shopify, such as tienda.myshopify.com.")
]
OwnAppId = Annotated[
    str, typer.Option(envvar="PEF_STORE_CLIENT_ID", help="Client id of the store's own custom app.")
]
OwnAppSecret = Annotated[
    str, typer.Option(envvar="PEF_STORE_CLIENT_SECRET", help="Client secret of that app.")
]
Payouts = Annotated[
    str,
    typer.Option(help="allowed, or barred: what can't go back by itself waits for a person."),
]


@app.command("woocommerce")
def add_woocommerce(
    url: Annotated[str, typer.Option(help="The store's address, such as https://tienda.pe.")],
    payment_method: Annotated[
        list[str],
        typer.Option(help="Payment method whose orders PagoEfectivo was paid for; repeatable."),
    ],
    key: Annotated[str, typer.Option(envvar="PEF_STORE_KEY", help="REST key (ck_…).")] = "",
    secret: Annotated[
        str, typer.Option(envvar="PEF_STORE_SECRET", help="REST secret (cs_…).")
    ] = "",
    transaction_id_from: Annotated[
        str, typer.Option(help="Where the CIP stands on the order: transaction_id or meta:NAME.")
    ] = "transaction_id",
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    auth: Annotated[
        str, typer.Option(help="Where keys go: header, or query where a host strips headers.")
    ] = "header",
    *,
    allow_http: Annotated[
        bool, typer.Option(help="Allow plain http with OAuth 1.0a, for a local store only.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Connect a WooCommerce store.

    Without --key and --secret, a link is shown on which the owner approves with one click.
    """
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
    request = StoreRequest(
        platform="woocommerce",
        address=url,
        account_id=account,
        language=language,
        mode=mode,
        settings={
            "payment_methods": payment_method,
            "transaction_id_from": transaction_id_from,
            "auth": auth,
            "allow_http": allow_http,
        },
        policy=kept,
    )
    if key and secret:
        keys = {"consumer_key": key, "consumer_secret": secret}
        _add_with_keys(request, keys, json_wanted=json_wanted)
    else:
        _add_by_link(request, json_wanted=json_wanted)


@app.command("shopify")
def add_shopify(
    shop: ShopName,
    gateway: Annotated[
        list[str],
        typer.Option(help="Payment method that counts as PagoEfectivo, as shown; repeatable."),
    ],
    transaction_reference: Annotated[
        str,
        typer.Option(help="Where the CIP stands: payment_id, order_name, attribute:NAME, …"),
    ] = "payment_id",
    payouts: Payouts = "allowed",
    webhook_secret: Annotated[
        str,
        typer.Option(
            envvar="PEF_STORE_WEBHOOK_SECRET",
            help="Without our app: the secret shown under Settings > Notifications > Webhooks.",
        ),
    ] = "",
    client_id: OwnAppId = "",
    client_secret: OwnAppSecret = "",
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Connect a Shopify store: by our app, or by a webhook that its owner makes by hand.

    With the app, a link is shown on which the owner installs it. With --webhook-secret,
    refunds are paid, but nothing can be written back to the store.
    """
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
        address = f"https://{shop_domain(shop)}"
    request = StoreRequest(
        platform="shopify",
        address=address,
        account_id=account,
        language=language,
        mode=mode,
        settings={
            "way_in": "webhook" if webhook_secret else "app",
            "gateways": gateway,
            "transaction_reference": transaction_reference,
            "payouts": payouts,
        },
        policy=kept,
    )
    if webhook_secret:
        _add_with_keys(request, {"webhook_secret": webhook_secret}, json_wanted=json_wanted)
    else:
        _prepare(request, _own_app(client_id, client_secret), json_wanted=json_wanted)


@app.command("shopify-payments")
def add_shopify_payments(
    shop: ShopName,
    payouts: Payouts = "allowed",
    client_id: OwnAppId = "",
    client_secret: OwnAppSecret = "",
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Prepare a Shopify store for the payments extension; a link to install it is shown."""
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
        address = f"https://{shop_domain(shop)}"
    request = StoreRequest(
        platform="shopify_payments",
        address=address,
        account_id=account,
        language=language,
        mode=mode,
        settings={"payouts": payouts},
        policy=kept,
    )
    _prepare(request, _own_app(client_id, client_secret), json_wanted=json_wanted)


@app.command("vtex")
def add_vtex(
    vtex_account: Annotated[str, typer.Option(help="The VTEX account's name, such as tienda.")],
    method: Annotated[
        list[str] | None, typer.Option(help="Payment method in the manifest; repeatable.")
    ] = None,
    order_writing: Annotated[
        str, typer.Option(help="Where orders hear of refunds: interactions, notes or none.")
    ] = "interactions",
    manual_refunds: Annotated[
        str,
        typer.Option(help="Who pays what needs a person: ours (the payout desk), or vtex."),
    ] = "ours",
    store_app_key: Annotated[
        str,
        typer.Option(envvar="PEF_STORE_APP_KEY", help="The store's own AppKey, for its orders."),
    ] = "",
    store_app_token: Annotated[
        str, typer.Option(envvar="PEF_STORE_APP_TOKEN", help="The AppToken beside it.")
    ] = "",
    partner_app_key: Annotated[
        str,
        typer.Option(envvar="PEF_PARTNER_APP_KEY", help="Our VTEX partner account's AppKey."),
    ] = "",
    partner_app_token: Annotated[
        str, typer.Option(envvar="PEF_PARTNER_APP_TOKEN", help="The AppToken beside it.")
    ] = "",
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    *,
    test_suite: Annotated[
        bool, typer.Option(help="Let VTEX's test suite in, for a sandbox store.")
    ] = False,
    json_wanted: Json = False,
) -> None:
    """Connect a VTEX store; shows the pair that its owner types into VTEX's admin."""
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
    settings: dict[str, Any] = {
        "account": vtex_account,
        "order_writing": order_writing,
        "manual_refunds": manual_refunds,
        "test_suite": test_suite,
    }
    request = StoreRequest(
        platform="vtex",
        address=f"https://{vtex_account}.myvtex.com",
        account_id=account,
        language=language,
        mode=mode,
        settings=settings | ({"methods": method} if method else {}),
        policy=kept,
    )
    keys = {
        "store_app_key": store_app_key,
        "store_app_token": store_app_token,
        "partner_app_key": partner_app_key,
        "partner_app_token": partner_app_token,
    }
    _add_vtex(request, {name: key for name, key in keys.items() if key}, json_wanted=json_wanted)


@app.command("by-hand")
def add_by_hand(
    name: Annotated[
        str, typer.Option(help="A name for it, in small letters, digits and dashes: tienda-1.")
    ],
    account: AccountName = "main",
    language: NotesLanguage = DEFAULT_LANGUAGE,
    mode: StoreMode = None,
    original_route_days: OriginalRouteDays = 30,
    payout_days: PayoutDays = 90,
    policy: PolicyFile = None,
    *,
    json_wanted: Json = False,
) -> None:
    """Add a store without a shop: its refunds are pressed here, by `pef refund new`."""
    with output.errors_explained(json_wanted=json_wanted):
        kept = policy_of(policy, original_route_days, payout_days)
        if _PLAIN_NAME.fullmatch(name) is None:
            raise SettingInvalid(f"{name[:40]!r} is no name such as tienda-1")
    request = StoreRequest(
        platform=BY_HAND,
        address=f"https://{_NOBODY_LISTENS}/{name}",
        account_id=account,
        language=language,
        mode=mode,
        settings={},
        policy=kept,
    )
    _add_with_keys(request, {}, json_wanted=json_wanted)


def _own_app(client_id: str, client_secret: str) -> dict[str, str]:
    given = {"client_id": client_id, "client_secret": client_secret}
    return {name: value for name, value in given.items() if value}


def _add_with_keys(request: StoreRequest, keys: Mapping[str, str], *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> tuple[Store, tuple[Check, ...]]:
        return await onboarding.add_store(ports, request, keys, settings.address)

    store, found = run(use_case, f"Connecting {request.address}…", json_wanted=json_wanted)
    if json_wanted:
        output.as_json({"store": record(store), "checks": output.check_records(found)})
    else:
        output.say(f"store {store.id} is saved")
        output.checks(found)
    if not all(check.passed for check in found):
        raise typer.Exit(1)


def _add_by_link(request: StoreRequest, *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> str:
        return await onboarding.invite(ports, request, settings.address)

    link = run(use_case, "Making the link…", json_wanted=json_wanted)
    _show_link(link, "approve, within one hour", json_wanted=json_wanted)


def _prepare(request: StoreRequest, keys: Mapping[str, str], *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, _: Settings) -> str:
        return await installs.prepare(ports, request, keys)

    link = run(use_case, "Preparing…", json_wanted=json_wanted)
    _show_link(link, "install the app, within thirty days", json_wanted=json_wanted)


def _show_link(link: str, what: str, *, json_wanted: bool) -> None:
    if json_wanted:
        output.as_json({"authorize_url": link})
        return
    output.out.print(f"Open this address as the store's owner and {what}:")
    output.out.print(link, soft_wrap=True, highlight=False)


def _add_vtex(request: StoreRequest, keys: Mapping[str, str], *, json_wanted: bool) -> None:
    async def use_case(ports: Ports, settings: Settings) -> tuple[Store, str, tuple[Check, ...]]:
        async with ports.book.begin() as ledger:
            known = await ledger.store(onboarding.store_id(request.address))
        # What its owner typed into VTEX's admin stays good, and so does what was given before.
        fresh = {"app_token": random.token_urlsafe(_TOKEN_BYTES)}
        given = {**fresh, **(known.secrets if known else {}), **keys}
        store, found = await onboarding.add_store(ports, request, given, settings.address)
        return store, await link_ups.offer_code(ports, store.id), found

    store, code, found = run(use_case, f"Connecting {request.address}…", json_wanted=json_wanted)
    pair = {"app_key": store.id, "app_token": store.secrets["app_token"], "code": code}
    if json_wanted:
        shown = {"store": record(store), "checks": output.check_records(found)}
        output.as_json(shown | {"provider": pair})
        return
    output.say(f"store {store.id} is saved")
    output.checks(found)
    output.say("In VTEX's admin, under Payments > Providers, type:")
    output.say(f"  AppKey    {pair['app_key']}")
    output.say(f"  AppToken  {pair['app_token']}")
    output.say(f"or link the store up there and give this one-time code: {code}")
