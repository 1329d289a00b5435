"""Whether a store bars payouts by bank, asked of its adapter without any refund of the store's.

An adapter that bars some stores' payouts says so by `payout_bar`, beside each refund that it
reads; any other bars none. Reads settings only, and asks nobody outside.
"""

from typing import Protocol, runtime_checkable

from pef_adapters.platforms.stores import StoreConnection


@runtime_checkable
class BarsPayouts(Protocol):
    """An adapter of whose stores some let refunds go back by the original route only."""

    def payout_bar(self, store: StoreConnection) -> str | None: ...


def payout_bar_of(platform: object, store: StoreConnection) -> str | None:
    """Why nothing of this store may be paid out by bank, as a text key; None where it may.

    Raises:
        SettingInvalid: a setting of the store can't be used.
    """
    return platform.payout_bar(store) if isinstance(platform, BarsPayouts) else None
