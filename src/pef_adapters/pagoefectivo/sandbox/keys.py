"""The sandbox's own credentials: made up, public, and good for nothing else."""

DEFAULT_SERVICE_ID = "9001"
DEFAULT_ACCESS_KEY = "SBX00000DEMO00000KEY"
DEFAULT_SECRET_KEY = "sandbox-secret-that-protects-nothing-001"  # noqa: S105 - public by design
