"""The adapter contract: what a store platform must offer, in six methods."""
