"""The demo: stores, the sandbox and the service as real processes, talking real HTTP."""
