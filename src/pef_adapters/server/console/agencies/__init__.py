"""The room of agencies: what their stores inherit."""
