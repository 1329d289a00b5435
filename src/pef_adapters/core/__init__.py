"""The rules of refunding, pure: no I/O, no clock, no randomness, nothing else of ours."""
