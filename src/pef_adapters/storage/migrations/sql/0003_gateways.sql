-- What gateways ask of us, what privacy laws ask, and ends that are told once. Every new
-- column of an old table may be missing in what an older release writes.

CREATE TABLE checkouts (
    id              text PRIMARY KEY,
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    store_id        text NOT NULL REFERENCES stores,
    account_id      text NOT NULL REFERENCES accounts,
    payment_id      text NOT NULL,
    order_id        text NOT NULL,
    order_number    text NOT NULL,
    amount          bigint NOT NULL,
    currency        char(3) NOT NULL,
    test            boolean NOT NULL,
    state           text NOT NULL,
    return_url      text NOT NULL,
    private         bytea NOT NULL, -- sealed; empty where there is nothing
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    transaction_id  text,
    pay_url         text,
    expires_at      timestamptz,
    paid_at         timestamptz,
    settled_at      timestamptz,
    told            text,
    tell_at         timestamptz,
    tell_tries      integer NOT NULL,
    look_at         timestamptz,
    look_tries      integer NOT NULL,
    CONSTRAINT checkout_identity UNIQUE (store_id, payment_id),
    CONSTRAINT checkout_amount_positive CHECK (amount > 0),
    CONSTRAINT checkout_state_known
        CHECK (state IN ('asked', 'waiting', 'paid', 'expired', 'cancelled')),
    CONSTRAINT checkout_told_known
        CHECK (told IN ('asked', 'waiting', 'paid', 'expired', 'cancelled'))
);

-- LEAST ignores NULLs: the earlier of the two things that a checkout waits for.
CREATE INDEX checkouts_due ON checkouts ((LEAST(tell_at, look_at)), seq);
CREATE INDEX checkouts_by_transaction ON checkouts (account_id, transaction_id, created_at, seq);
CREATE INDEX checkouts_by_order ON checkouts (store_id, order_id, seq);

CREATE TABLE asked_refunds (
    store_id        text NOT NULL REFERENCES stores,
    refund_id       text NOT NULL,
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    operation       text NOT NULL,
    payment_id      text,
    order_id        text NOT NULL,
    order_number    text NOT NULL,
    amount          bigint NOT NULL,
    currency        char(3) NOT NULL,
    reason          text NOT NULL,
    requested_by    text,
    payment_method  text NOT NULL,
    transaction_id  text,
    paid            bigint,
    paid_currency   char(3),
    paid_at         timestamptz,
    asked_at        timestamptz NOT NULL,
    private         bytea NOT NULL, -- sealed; empty where there is nothing
    PRIMARY KEY (store_id, refund_id),
    CONSTRAINT asked_refund_operation_known CHECK (operation IN ('refund', 'cancel')),
    CONSTRAINT asked_refund_paid_whole CHECK ((paid IS NULL) = (paid_currency IS NULL))
);

CREATE INDEX asked_refunds_by_order ON asked_refunds (store_id, order_id, seq);
CREATE INDEX asked_refunds_by_time ON asked_refunds (store_id, asked_at, seq);

-- The platform's only word about a refund: of it, privacy laws take what a person said or
-- is called by, and nothing else ever changes. What is blank stays blank.
CREATE FUNCTION guard_asked_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    forgettable  text[] := ARRAY['reason', 'private', 'requested_by'];
BEGIN
    IF to_jsonb(NEW) - forgettable = to_jsonb(OLD) - forgettable
       AND NEW.reason IN (OLD.reason, '') AND NEW.private IN (OLD.private, '')
       AND (NEW.requested_by IS NULL OR NEW.requested_by IS NOT DISTINCT FROM OLD.requested_by)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'table asked_refunds is append-only'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'asked_refunds_append_only';
END
$$;

CREATE TRIGGER asked_refunds_only_forget BEFORE UPDATE ON asked_refunds
    FOR EACH ROW EXECUTE FUNCTION guard_asked_refund();
CREATE TRIGGER asked_refunds_append_only BEFORE DELETE OR TRUNCATE ON asked_refunds
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE privacy_cases (
    store_id     text NOT NULL REFERENCES stores,
    id           text NOT NULL,
    seq          bigint GENERATED ALWAYS AS IDENTITY,
    kind         text NOT NULL,
    buyers       jsonb NOT NULL, -- keyed hashes
    order_ids    jsonb NOT NULL,
    received_at  timestamptz NOT NULL,
    done_at      timestamptz,
    erased       jsonb NOT NULL,
    kept         jsonb NOT NULL,
    PRIMARY KEY (store_id, id),
    CONSTRAINT privacy_case_kind_known CHECK (kind IN ('tell', 'erase_buyer', 'erase_store'))
);

CREATE INDEX privacy_cases_by_time ON privacy_cases (received_at, seq);

ALTER TABLE refunds
    ADD COLUMN outcome text,
    ADD CONSTRAINT refund_outcome_known
        CHECK (outcome IN ('refunded', 'failed', 'left_to_store'));

CREATE FUNCTION guard_refund_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a refund that ended as % for its platform can''t end otherwise', OLD.outcome
        USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_outcome_guard';
END
$$;

CREATE TRIGGER refund_outcome_guard BEFORE UPDATE OF outcome ON refunds
    FOR EACH ROW WHEN (OLD.outcome IS NOT NULL AND OLD.outcome IS DISTINCT FROM NEW.outcome)
    EXECUTE FUNCTION guard_refund_outcome();

-- A platform that delivers twice under one name is heard once.
ALTER TABLE received ADD COLUMN delivery_id text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX received_once ON received (source, owner_id, delivery_id)
    WHERE delivery_id <> '';
