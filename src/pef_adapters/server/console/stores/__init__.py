"""The room of stores: how each stands, and what it is told."""
