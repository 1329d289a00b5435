"""The room of merchant accounts: their days and stores, never a key."""
