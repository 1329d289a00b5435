"""What the store's own plugin asks: connect, decide a refund now, check, disconnect."""
