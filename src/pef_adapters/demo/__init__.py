"""The demo: a store, the sandbox and the service as real processes, talking real HTTP."""
