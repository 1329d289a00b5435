"""What somebody asks for by its name: the record, or the error that says where names stand.

Reads only. Where a record must be there because another one refers to it, its own
module says what is wrong.
"""

from pef_adapters.core.errors import NotThere
from pef_adapters.engine.ports import Ledger
from pef_adapters.engine.records import Account, PayoutBatch, Refund, Store


async def known_account(ledger: Ledger, account_id: str) -> Account:
    """The merchant account.

    Raises:
        NotThere: there is none of this name.
    """
    account = await ledger.account(account_id)
    if account is None:
        raise no_account(account_id)
    return account


async def known_store(ledger: Ledger, store_id: str) -> Store:
    """The store.

    Raises:
        NotThere: there is none of this name.
    """
    store = await ledger.store(store_id)
    if store is None:
        raise no_store(store_id)
    return store


async def known_refund(ledger: Ledger, refund_id: str) -> Refund:
    """The refund, to read.

    Raises:
        NotThere: there is none of this name.
    """
    return _there(await ledger.refund(refund_id), refund_id)


async def locked_refund(ledger: Ledger, refund_id: str) -> Refund:
    """The refund, locked until the transaction ends.

    Raises:
        NotThere: there is none of this name.
    """
    return _there(await ledger.lock_refund(refund_id), refund_id)


async def known_batch(ledger: Ledger, batch_id: str) -> PayoutBatch:
    """The batch of payouts.

    Raises:
        NotThere: there is none of this name.
    """
    batch = await ledger.batch(batch_id)
    if batch is None:
        raise no_batch(batch_id)
    return batch


def _there(refund: Refund | None, refund_id: str) -> Refund:
    if refund is None:
        raise no_refund(refund_id)
    return refund


def no_account(account_id: str) -> NotThere:
    """What is said where there is no such merchant account, or none that you may see."""
    return NotThere(f"there is no merchant account {account_id}; see `pef account list`")


def no_store(store_id: str) -> NotThere:
    """What is said where there is no such store, or none that you may see."""
    return NotThere(f"there is no store {store_id}; see `pef store list`")


def no_batch(batch_id: str) -> NotThere:
    """What is said where there is no such batch, or none that you may see."""
    return NotThere(f"there is no batch {batch_id}; see `pef payout batches`")


def no_refund(refund_id: str) -> NotThere:
    """What is said where there is no such refund, or none that you may see."""
    return NotThere(f"there is no refund {refund_id}")
