"""Opens transactions over the whole ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from pef_adapters.engine.ports import Ledger, LedgerAway
from pef_adapters.storage.postgres.agencies import Agencies
from pef_adapters.storage.postgres.alarms import Alarms
from pef_adapters.storage.postgres.asked_refunds import AskedRefunds
from pef_adapters.storage.postgres.attempts import Attempts
from pef_adapters.storage.postgres.audits import Audits
from pef_adapters.storage.postgres.calls import Calls
from pef_adapters.storage.postgres.checkouts import Checkouts
from pef_adapters.storage.postgres.deliveries import Deliveries
from pef_adapters.storage.postgres.destinations import Destinations
from pef_adapters.storage.postgres.evidence import Evidence
from pef_adapters.storage.postgres.invitations import Invitations
from pef_adapters.storage.postgres.limits import Limits
from pef_adapters.storage.postgres.machine_tokens import MachineTokens
from pef_adapters.storage.postgres.payments import Payments
from pef_adapters.storage.postgres.payouts import Payouts
from pef_adapters.storage.postgres.policies import Policies
from pef_adapters.storage.postgres.pool import Pool
from pef_adapters.storage.postgres.privacy import Privacy
from pef_adapters.storage.postgres.refunds import Refunds
from pef_adapters.storage.postgres.reviews import Reviews
from pef_adapters.storage.postgres.search import Searches
from pef_adapters.storage.postgres.sessions import Sessions
from pef_adapters.storage.postgres.store_states import StoreStates
from pef_adapters.storage.postgres.stores import Stores
from pef_adapters.storage.postgres.tallies import Tallies
from pef_adapters.storage.postgres.timeline import Timeline
from pef_adapters.storage.postgres.users import Users
from pef_adapters.storage.postgres.wakes import Wakes
from pef_adapters.storage.secrets import SecretBox


class PostgresLedger(
    Deliveries,
    Refunds,
    Payments,
    Attempts,
    Timeline,
    Stores,
    Invitations,
    Policies,
    Limits,
    Reviews,
    Destinations,
    Payouts,
    Alarms,
    Checkouts,
    AskedRefunds,
    Privacy,
    Users,
    Sessions,
    MachineTokens,
    Audits,
    Calls,
    Agencies,
    Searches,
    Tallies,
    StoreStates,
    Evidence,
):
    """Every table, on one connection inside one transaction."""


class _ServerAway(LedgerAway, psycopg.OperationalError):
    """The same for the engine, which knows no driver, and for those who do."""


class PostgresBook:
    """The ledger book on PostgreSQL; safe for any number of tasks at once."""

    def __init__(self, pool: Pool, box: SecretBox, wakes: Wakes) -> None:
        self._pool = pool
        self._box = box
        self._wakes = wakes

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Ledger]:
        """One transaction: commits on leaving, rolls back on an exception.

        Raises:
            LedgerAway: the server ended, cut us off, or let us wait too long for a lock.
        """
        try:
            async with self._pool.connection() as conn, conn.transaction():
                yield PostgresLedger(conn, self._box, self._wakes)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise _ServerAway(str(error)) from error
