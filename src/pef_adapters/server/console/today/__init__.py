"""The first page: how refunds stand, and the news while it is open."""
