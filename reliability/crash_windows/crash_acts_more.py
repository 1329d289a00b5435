"""What gateways, programs and people with other rights do in a scenario, and what fails outside."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from crash_acts import Act, calls, stored, the_store
from crash_ports import Way
from crash_scenarios import Opener
from crash_stage import GatewayStage, NotYetError, ShopStage, Stage
from engine_world import CIP
from pef_adapters.core.errors import (
    PlatformError,
    PlatformUnreachable,
)
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedRefund, Operation
from pef_adapters.platforms.contract import (
    Changes,
    Finding,
    Hint,
    HintKind,
    PrivacyKind,
    PrivacyRequest,
    StoreRecords,
)


def gate(**changes: Any) -> Opener:
    """A store whose gateway calls; `changes` are the stage's own."""

    async def opened() -> Stage:
        stage = GatewayStage()
        for name, value in changes.items():
            setattr(stage.gateway, name, value)
        return await stage.open()

    return opened


def no_shop(**changes: Any) -> Opener:
    """A seller without a shop, or a shop beside which people press here."""

    async def opened() -> Stage:
        policy = {"name": "shop", "otherwise": "approve", "double_press_minutes": 0}
        return await ShopStage().open(**{"settings": {"policy": policy}, **changes})

    return opened


def trouble(fault: PlatformError | None) -> Act:
    """The store fails like this from now on."""

    async def act(stage: Stage) -> None:
        stage.platform.trouble = fault

    return act


def trouble_of_telling(fault: PlatformError | None) -> Act:
    """The store can be read, but not written to."""

    async def act(stage: Stage) -> None:
        stage.telling_trouble = fault

    return act


def telling_fails(times: int) -> Act:
    """The gateway does not take what it is told, so many times."""

    async def act(stage: GatewayStage) -> None:
        stage.gateway.telling_fails += [PlatformUnreachable()] * times

    return act


def rail_down(fault: Any) -> Act:
    """The rail fails like this from now on."""

    async def act(stage: Stage) -> None:
        stage.rail.down = fault

    return act


def find_fails(*faults: Any) -> Act:
    """The next lookups at the rail fail."""

    async def act(stage: Stage) -> None:
        stage.rail.find_faults.extend(faults)

    return act


def forgets() -> Act:
    """The rail knows none of its refunds any more."""

    async def act(stage: Stage) -> None:
        stage.notes["forgotten"] = dict(stage.rail.book)
        stage.rail.book.clear()

    return act


async def remembers(stage: Stage) -> None:
    """It has them after all."""
    stage.rail.book = {**stage.notes["forgotten"], **stage.rail.book}


def reversed_by_bank() -> Act:
    """The bank takes the payment back, and the rail tells."""

    async def act(stage: Stage) -> None:
        stage.rail.reverse(CIP)
        await stage.notify("cip.refunded", cip=CIP)

    return act


def account_days(**days: str) -> Act:
    """The account's documents and keys are good until then."""

    async def act(stage: Stage) -> None:
        async with stage.memory.begin() as ledger:
            account = await ledger.account("main")
            if account is None:
                raise NotYetError("the account is not there")
            await ledger.add_account(replace(account, settings={**account.settings, **days}))

    return act


def store_settings(**settings: Any) -> Act:
    """The store is told something about itself."""

    async def act(stage: Stage) -> None:
        store = await the_store(stage)
        async with stage.memory.begin() as ledger:
            await ledger.add_store(replace(store, settings={**store.settings, **settings}))

    return act


def barred(code: str = "code.PAYOUT_BARRED_BY_APP_STORE") -> Act:
    """From now on the store lets its refund go back by the original route only."""

    async def act(stage: ShopStage) -> None:
        known = stored(stage)
        stage.platform.refunds["15"] = replace(known, payout_barred=code)

    return act


def privacy(kind: PrivacyKind, number: str, *orders: str) -> Hint:
    """What a privacy law asks by way of the store."""
    buyers = ("email:ana@example.com",) if orders else ()
    request = PrivacyRequest(kind=kind, request_id=number, buyers=buyers, order_ids=orders)
    return Hint(kind=HintKind.PRIVACY, privacy=request)


def only_word(number: str, amount: str) -> Hint:
    """A webhook that alone tells of a refund."""
    asked = AskedRefund(
        refund_id=number,
        operation=Operation.REFUND,
        payment_id=None,
        amount=Decimal(amount),
        currency="PEN",
        order_id="14",
        payment_reference=CIP,
    )
    return Hint(kind=HintKind.REFUND_CREATED, order_id="14", refund_id=number, asked=asked)


async def _records(stage: Stage) -> StoreRecords:
    found = connection(stage.ports, await the_store(stage)).records
    if found is None:
        raise NotYetError("the store's records are not at hand")
    return found


async def secrets_renewed(stage: Stage) -> None:
    """The adapter finds the store's token expired, and fetches a new one."""
    records = await _records(stage)

    async def renew(_: Any) -> dict[str, str]:
        stage.meter.cross(Way.STORE_ASKED)
        stage.notes["renewed"] = stage.notes.get("renewed", 0) + 1
        stage.meter.cross(Way.STORE_ANSWERED)
        return {"token": "fresh"}

    await records.renew_secrets(lambda secrets: "token" in secrets, renew)


async def records_read(stage: GatewayStage) -> None:
    """The adapter asks for whatever we keep about its store."""
    records = await _records(stage)
    await records.checkout("pay-1")
    await records.paid_back("pay-1")
    await records.refund("pay-1/refund/r1")
    await records.refunds_of_order("G-1")


def standing_asked(request: str = "r1") -> Act:
    """The gateway asks the same again, and hears how it stands."""
    return calls("/refund", request=request, amount="20.00")


async def finds_in_the_store(stage: ShopStage) -> None:
    """The poll finds a difference that no read can mend."""
    found = Finding(code="code.REFUND_ID_REUSED", order_id="14", figures={})
    real = stage.telling.find_changes

    async def changes(since: Any, store: Any) -> Changes:
        known = await real(since, store)
        return replace(known, findings=(found,), cursor=stage.clock.now())

    stage.telling.find_changes = changes  # type: ignore[method-assign]


async def second_cip_of_a_lost_answer(stage: GatewayStage) -> None:
    """Two calls at once make two CIPs; the buyer is shown the first one's."""
    made = stage.rail.create_payment

    async def slowly(checkout: Any, email: str) -> Any:
        stage.rail.create_payment = made  # type: ignore[method-assign]
        await stage.call("/payment", order="G-1", amount="129.80")
        return await made(checkout, email)

    if not stage.rail.created:
        stage.rail.create_payment = slowly  # type: ignore[method-assign]
    await calls("/payment", order="G-1", amount="129.80")(stage)
