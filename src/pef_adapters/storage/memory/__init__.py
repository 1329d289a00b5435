"""The in-memory twin of the ledger, for unit tests and the simulator.

Same semantics as PostgreSQL's, proved by the one storage suite that runs over
both: transactions that roll back, unique identities, the money's CHECKs and the
state guard. One transaction at a time. It is never a database for real money.
"""

from pef_adapters.storage.memory.book import MemoryBook
from pef_adapters.storage.memory.tables import Wake

__all__ = ["MemoryBook", "Wake"]
