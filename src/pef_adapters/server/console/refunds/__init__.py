"""The console's pages of refunds: the search, one refund, and what a person can do to it."""
