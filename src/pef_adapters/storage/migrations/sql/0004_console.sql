-- Who uses the console and the API, what they did, and the indexes that they search by.
-- No old table gets a column, so an older release writes what it always wrote.

CREATE TABLE users (
    id           text PRIMARY KEY,
    email        text NOT NULL,
    name         text NOT NULL,
    language     text NOT NULL,
    private      bytea NOT NULL, -- sealed: the password's hash, the secret of one-time codes
    totp_step    bigint NOT NULL,
    passkeys     jsonb NOT NULL,
    grants       jsonb NOT NULL,
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL,
    disabled_at  timestamptz,
    CONSTRAINT user_email UNIQUE (email)
);

CREATE TABLE sessions (
    token_sha256  text PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY,
    user_id       text REFERENCES users, -- none where a platform proved who it is
    name          text NOT NULL,
    powers        jsonb NOT NULL,
    csrf          bytea NOT NULL, -- sealed
    origin        text NOT NULL,
    device        text NOT NULL,
    created_at    timestamptz NOT NULL,
    seen_at       timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL
);

CREATE INDEX sessions_by_user ON sessions (user_id, created_at, seq);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE machine_tokens (
    id            text PRIMARY KEY,
    seq           bigint GENERATED ALWAYS AS IDENTITY,
    name          text NOT NULL,
    token_sha256  text NOT NULL,
    place         text NOT NULL,
    permissions   jsonb NOT NULL,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    used_at       timestamptz,
    CONSTRAINT machine_token_hash UNIQUE (token_sha256)
);

-- It refers to nothing, so that it outlives what it tells about, and tells of refusals too.
CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    what      text NOT NULL,
    subject   text NOT NULL,
    store_id  text,
    agency    text,
    outcome   text NOT NULL,
    origin    text NOT NULL,
    detail    jsonb NOT NULL
);

-- Of a text that others chose, an index holds the beginning: a long one must not be refused.
CREATE INDEX audit_by_store ON audit ((left(store_id, 100)), id) WHERE store_id IS NOT NULL;
CREATE INDEX audit_by_agency ON audit ((left(agency, 100)), id) WHERE agency IS NOT NULL;
CREATE INDEX audit_by_actor ON audit ((left(actor, 100)), id);
CREATE INDEX audit_by_subject ON audit ((left(subject, 100)), id);

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE tries (
    key_sha256  text PRIMARY KEY,
    began_at    timestamptz NOT NULL,
    count       integer NOT NULL
);

CREATE INDEX tries_by_time ON tries (began_at);

CREATE TABLE api_calls (
    actor       text NOT NULL,
    key_sha256  text NOT NULL,
    digest      text NOT NULL,
    at          timestamptz NOT NULL,
    answer      bytea, -- sealed: it may show a new token, once
    PRIMARY KEY (actor, key_sha256)
);

CREATE INDEX api_calls_by_time ON api_calls (at);

CREATE TABLE agencies (
    name        text PRIMARY KEY,
    title       text NOT NULL,
    settings    jsonb NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE TABLE store_health (
    store_id  text PRIMARY KEY REFERENCES stores,
    at        timestamptz NOT NULL,
    checks    jsonb NOT NULL
);

-- Refunds as people see them: newest first, by time and then by id as Python sorts text.
-- Each way to ask has an index that begins with what is asked and goes on in this order,
-- so that the first page and the thousandth cost the same. A store's own words may be long:
-- of these an index holds the beginning.
CREATE INDEX refunds_shown
    ON refunds (created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_shown_by_store
    ON refunds (store_id, created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_shown_by_state
    ON refunds (state, created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_shown_by_store_and_state
    ON refunds (store_id, state, created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_by_order_number
    ON refunds ((left(order_number, 100)), created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_by_order_id
    ON refunds ((left(order_id, 100)), created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_by_transaction
    ON refunds ((left(transaction_id, 100)), created_at DESC, id COLLATE "C" DESC)
    WHERE transaction_id IS NOT NULL;
CREATE INDEX refunds_by_buyer
    ON refunds (buyer, created_at DESC, id COLLATE "C" DESC) WHERE buyer IS NOT NULL;
CREATE INDEX refunds_by_amount
    ON refunds (amount, currency, created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_by_store_and_amount
    ON refunds (store_id, amount, currency, created_at DESC, id COLLATE "C" DESC);
CREATE INDEX refunds_attention
    ON refunds (created_at DESC, id COLLATE "C" DESC) WHERE attention IS NOT NULL;
CREATE INDEX refunds_attention_by_store
    ON refunds (store_id, created_at DESC, id COLLATE "C" DESC) WHERE attention IS NOT NULL;

-- Nearly every refund reaches us about when it was asked for, so that a stretch of asking
-- is a stretch of `refunds_shown`. These are the others (see storage.postgres.search).
CREATE INDEX refunds_asked_at_another_time
    ON refunds (created_at DESC, id COLLATE "C" DESC) INCLUDE (requested_at, store_id, state)
    WHERE created_at - requested_at < interval '-1 hour'
       OR created_at - requested_at > interval '48 hours';

-- Sums.
CREATE INDEX refunds_in_flight
    ON refunds (store_id, state) INCLUDE (amount, currency)
    WHERE state IN ('received', 'held', 'awaiting_beneficiary', 'payout_due', 'ready', 'sending',
                    'unknown', 'pending', 'returned');
CREATE INDEX refunds_asked
    ON refunds (requested_at) INCLUDE (amount, currency);
CREATE INDEX refunds_asked_by_store
    ON refunds (store_id, requested_at) INCLUDE (amount, currency);
CREATE INDEX refunds_changed
    ON refunds (updated_at, id COLLATE "C");
CREATE INDEX received_of_store
    ON received (owner_id, received_at) WHERE source = 'store';
