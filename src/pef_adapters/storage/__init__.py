"""Where everything we know is kept: PostgreSQL, its queue, and the in-memory twin.

Owns the database's life (embedded server, migrations, pool), the ledger's SQL,
the job queue and the encryption of secrets. It decides nothing about refunds and
never imports a use case: what a job does is handed in.
"""
