-- The chain of seals over what is only ever added to (see engine.evidence). It refers to
-- nothing and nothing refers to it, so an older release writes what it always wrote.

CREATE TABLE seals (
    book       text NOT NULL, -- the table it covers
    number     bigint NOT NULL,
    first_seq  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    rows       bigint NOT NULL,
    digest     text NOT NULL,
    mark       text NOT NULL, -- by the house's key, which the database alone does not give
    sealed_at  timestamptz NOT NULL,
    PRIMARY KEY (book, number)
);

CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
