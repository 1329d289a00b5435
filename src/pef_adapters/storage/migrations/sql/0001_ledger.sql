-- The ledger. Money is a bigint of minor units beside its ISO 4217 currency; every
-- time is a timestamptz. `seq` is the order of writing, for records that share a time.

CREATE TABLE accounts (
    id          text PRIMARY KEY,
    mode        text NOT NULL,
    base_url    text NOT NULL,
    service_id  text NOT NULL,
    settings    jsonb NOT NULL,
    secrets     bytea NOT NULL, -- sealed by storage.secrets, never plain
    created_at  timestamptz NOT NULL
);

CREATE TABLE stores (
    id            text PRIMARY KEY,
    platform      text NOT NULL,
    identity      text NOT NULL,
    account_id    text NOT NULL REFERENCES accounts,
    mode          text NOT NULL,
    language      text NOT NULL,
    callback_url  text NOT NULL,
    settings      jsonb NOT NULL,
    secrets       bytea NOT NULL, -- sealed
    poll_cursor   timestamptz NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE received (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text NOT NULL,
    owner_id     text NOT NULL,
    topic        text NOT NULL,
    body_sha256  text NOT NULL,
    hints        jsonb NOT NULL,
    received_at  timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    outcome      text,
    closed_at    timestamptz,
    tries        integer NOT NULL DEFAULT 0
);

CREATE INDEX received_open ON received (due_at, id) WHERE outcome IS NULL;

CREATE TABLE payments (
    account_id      text NOT NULL REFERENCES accounts,
    transaction_id  text NOT NULL,
    currency        char(3) NOT NULL,
    paid            bigint NOT NULL,
    reserved        bigint NOT NULL,
    refunded        bigint NOT NULL,
    paid_at         timestamptz,
    reversed_at     timestamptz,
    PRIMARY KEY (account_id, transaction_id),
    CONSTRAINT payment_reserved_not_negative CHECK (reserved >= 0),
    CONSTRAINT payment_refunded_not_negative CHECK (refunded >= 0),
    CONSTRAINT payment_within_paid CHECK (refunded + reserved <= paid)
);

CREATE TABLE refunds (
    id                  text PRIMARY KEY,
    seq                 bigint GENERATED ALWAYS AS IDENTITY,
    store_id            text NOT NULL REFERENCES stores,
    platform            text NOT NULL,
    platform_refund_id  text NOT NULL,
    order_id            text NOT NULL,
    order_number        text NOT NULL,
    amount              bigint NOT NULL,
    currency            char(3) NOT NULL,
    reason              text NOT NULL,
    requested_by        text,
    requested_at        timestamptz NOT NULL,
    account_id          text NOT NULL REFERENCES accounts,
    transaction_id      text,
    state               text NOT NULL,
    generation          integer NOT NULL,
    revision            integer NOT NULL,
    written_revision    integer NOT NULL,
    tries               integer NOT NULL,
    next_action_at      timestamptz,
    write_back_at       timestamptz,
    write_back_tries    integer NOT NULL,
    decision            jsonb,
    attention           text,
    expected_on         text,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    said                text NOT NULL,
    CONSTRAINT refund_identity UNIQUE (store_id, platform_refund_id)
);

-- LEAST ignores NULLs: the earlier of the two things that a refund waits for.
CREATE INDEX refunds_due ON refunds ((LEAST(next_action_at, write_back_at)), seq);
CREATE INDEX refunds_by_order ON refunds (store_id, order_id, created_at, seq);
CREATE INDEX refunds_by_payment ON refunds (account_id, transaction_id, created_at, seq);
CREATE INDEX refunds_newest ON refunds (created_at DESC, seq DESC);
CREATE INDEX refunds_newest_by_store ON refunds (store_id, created_at DESC, seq DESC);
CREATE INDEX refunds_newest_by_state ON refunds (state, created_at DESC, seq DESC);

-- Filled from core.states at each migration; the guard below reads it.
CREATE TABLE refund_moves (
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    PRIMARY KEY (from_state, to_state)
);

CREATE FUNCTION guard_refund_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM refund_moves WHERE from_state = OLD.state AND to_state = NEW.state
    ) THEN
        RAISE EXCEPTION 'a refund that is % can''t become %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_state_guard';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refund_state_guard BEFORE UPDATE OF state ON refunds
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION guard_refund_state();

CREATE TABLE attempts (
    merchant_refund_id  text PRIMARY KEY,
    seq                 bigint GENERATED ALWAYS AS IDENTITY,
    refund_id           text NOT NULL REFERENCES refunds,
    generation          integer NOT NULL,
    transaction_id      text NOT NULL,
    amount              bigint NOT NULL,
    currency            char(3) NOT NULL,
    reason              text NOT NULL,
    intended_at         timestamptz NOT NULL,
    first_sent_at       timestamptz,
    sends               integer NOT NULL,
    maybe_sent          boolean NOT NULL,
    rail_refund_id      text,
    rail_status         text,
    rail_text           text,
    expected_on         text,
    closed_at           timestamptz
);

CREATE INDEX attempts_by_refund ON attempts (refund_id, seq);

CREATE TABLE exchanges (
    seq                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id          text NOT NULL,
    merchant_refund_id  text,
    purpose             text NOT NULL,
    request             text NOT NULL,
    request_body        text,
    status              integer,
    answer_body         text,
    answer_sha256       text,
    response_id         text,
    rail_timestamp      text,
    fault               text,
    started_at          timestamptz NOT NULL,
    ended_at            timestamptz NOT NULL
);

CREATE INDEX exchanges_by_attempt ON exchanges (merchant_refund_id, seq);

CREATE TABLE timeline (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_id   text NOT NULL REFERENCES refunds,
    at          timestamptz NOT NULL,
    what        text NOT NULL,
    from_state  text,
    to_state    text,
    actor       text NOT NULL,
    detail      jsonb NOT NULL
);

CREATE INDEX timeline_by_refund ON timeline (refund_id, seq);

-- Evidence is worth something only if nobody can mend it afterwards.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$;

CREATE TRIGGER exchanges_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exchanges
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER timeline_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON timeline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE invitations (
    token_sha256  text PRIMARY KEY,
    payload       bytea NOT NULL, -- sealed
    expires_at    timestamptz NOT NULL
);

-- How far the job queue's own schema has been brought (see migrations.queue_schema).
CREATE TABLE queue_migrations (
    name        text PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
