"""Serve a gateway that calls us as its payment provider: keep what it asks, say how it stands.

The adapter proves the caller and speaks the protocol; what is asked is kept, with its
wake-up, before it is answered. The platform is never called while its call is served.
"""

from pef_adapters.core.errors import NotThere, RequestIdReused, SignatureInvalid
from pef_adapters.core.texts import explain
from pef_adapters.engine.asked_refunds import keep_asked_refund, tell_of_reuse
from pef_adapters.engine.attention import why
from pef_adapters.engine.checkout_steps import OVER
from pef_adapters.engine.checkouts import (
    ask_payment,
    keep_modes_apart,
    settle_checkout,
    stop_checkout,
)
from pef_adapters.engine.identity import refund_id
from pef_adapters.engine.ports import Ports
from pef_adapters.engine.receive import hint_record, keep_in
from pef_adapters.engine.records import KeptRefund, Refund, Source, Store
from pef_adapters.engine.store_records import connection
from pef_adapters.platforms.asked import AskedPayment, AskedRefund, Operation
from pef_adapters.platforms.contract import Hint, HintKind, Outcome
from pef_adapters.platforms.provider import (
    Answer,
    Asked,
    Call,
    Plain,
    Provider,
    RefundStanding,
)


def provider_of(ports: Ports, platform: str) -> Provider:
    """How the platform's gateway is served.

    Raises:
        NotThere: no such platform, or one whose gateway calls nobody.
    """
    provider = ports.platforms.named(platform).provider
    if provider is None:
        raise NotThere(f"{platform} has no gateway that calls a payment provider")
    return provider


async def caller(ports: Ports, platform: str, call: Call) -> Store:
    """The store that a call names; `Provider.read` has to prove it.

    Raises:
        SignatureInvalid: it names none of this platform's stores.
        WebhookRejected: the name can't be read.
    """
    name = provider_of(ports, platform).caller(call)
    async with ports.book.begin() as ledger:
        store = await ledger.store(name) if name else None
    if store is None or store.platform != platform:
        raise SignatureInvalid
    return store


async def serve(ports: Ports, store: Store, call: Call) -> tuple[Asked, Answer | None]:
    """Prove and keep what a call asks; with its answer, or None for a refund to be decided.

    Raises:
        PefError: nothing was kept, or nothing more than before; the gateway may call again.
    """
    provider, here = provider_of(ports, store.platform), connection(ports, store)
    asked = provider.read(call, here)
    if isinstance(asked, Plain):
        return asked, asked.answer
    if isinstance(asked, AskedRefund):
        unpaid = await _take_in_refund(ports, store, asked)
        return asked, provider.answer(asked, unpaid, here) if unpaid else None
    if isinstance(asked, AskedPayment):
        return asked, provider.answer(asked, await ask_payment(ports, store, asked), here)
    checkout = await settle_checkout(ports, store, asked)
    return asked, provider.answer(asked, checkout, here)


async def refund_standing(ports: Ports, store: Store, asked: AskedRefund) -> RefundStanding:
    """How a refund that was asked for stands now.

    Raises:
        NotThere: it was never kept.
    """
    async with ports.book.begin() as ledger:
        kept = await ledger.asked_refund(store.id, asked.refund_id)
        if kept is None:
            raise NotThere(f"refund {asked.refund_id} was never asked for")
        name = refund_id(store.identity, store.platform, kept.refund_id)
        refund = await ledger.refund(name)
    if refund is None:
        return RefundStanding(our_id=name, amount=kept.amount, state=None)
    return _standing(store, kept, refund)


async def _take_in_refund(ports: Ports, store: Store, asked: AskedRefund) -> RefundStanding | None:
    """Keep the refund; where nothing was paid in, the payment is cancelled instead."""
    keep_modes_apart(store, test=asked.test)
    if asked.operation is Operation.CANCEL and not await _is_kept(ports, store, asked):
        checkout = await stop_checkout(ports, store, asked.payment_id or "")
        if checkout.state in OVER:
            return RefundStanding(
                our_id=checkout.id, amount=checkout.amount, state=None, not_paid=True
            )
    try:
        await _keep(ports, store, asked)
    except RequestIdReused:
        await tell_of_reuse(ports, store, asked)
        raise
    return None


async def _is_kept(ports: Ports, store: Store, asked: AskedRefund) -> bool:
    async with ports.book.begin() as ledger:
        return await ledger.asked_refund(store.id, asked.refund_id) is not None


async def _keep(ports: Ports, store: Store, asked: AskedRefund) -> None:
    """The refund with the delivery that makes it ours; called again, nothing is added."""
    async with ports.book.begin() as ledger:
        kept = await keep_asked_refund(ports, ledger, store, asked)
        hint = Hint(kind=HintKind.REFUND_CREATED, order_id=kept.order_id, refund_id=kept.refund_id)
        await keep_in(
            ports,
            ledger,
            source=Source.STORE,
            owner_id=store.id,
            topic=asked.operation,
            body=b"",
            hints=(hint_record(hint),),
            delivery_id=f"asked/{kept.refund_id}",
        )


def _standing(store: Store, kept: KeptRefund, refund: Refund) -> RefundStanding:
    key, figures = why(refund, refund.attention)
    return RefundStanding(
        our_id=refund.id,
        amount=kept.amount,
        state=refund.state,
        left_to_store=refund.outcome is Outcome.LEFT_TO_STORE,
        code=(key or refund.state).rpartition(".")[2],
        text=explain(key, store.language, figures) if key else "",
    )
