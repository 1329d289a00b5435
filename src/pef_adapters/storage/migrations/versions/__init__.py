"""One module per schema version; Alembic finds them here."""
