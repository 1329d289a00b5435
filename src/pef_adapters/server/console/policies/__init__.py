"""The room of policies: read, explained, tried on the past, and published."""
