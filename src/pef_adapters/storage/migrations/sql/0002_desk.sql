-- Policies, approvals, the manual payout desk, alarms and costs. Every new column of an
-- old table may be missing in what an older release writes.

ALTER TABLE refunds
    ADD COLUMN buyer           text,
    ADD COLUMN destination     text,
    ADD COLUMN lane            text NOT NULL DEFAULT 'original',
    ADD COLUMN lane_chosen_by  text,
    ADD COLUMN edited_by       text,
    ADD COLUMN counted_at      timestamptz,
    ADD COLUMN deadline_at     timestamptz;

-- What an older release began goes on: a payout that waits is in the manual lane, and
-- what was approved counts for limits from then on.
UPDATE refunds SET lane = 'payout' WHERE state IN ('awaiting_beneficiary', 'payout_due');
UPDATE refunds SET counted_at = COALESCE(
    (SELECT max(at) FROM timeline
     WHERE refund_id = refunds.id AND from_state IN ('received', 'held')
       AND to_state IN ('ready', 'awaiting_beneficiary', 'payout_due')),
    requested_at)
WHERE state IN ('ready', 'awaiting_beneficiary', 'payout_due', 'sending', 'unknown', 'pending',
                'returned', 'refunded');

-- What limits add up; only refunds that count stand in these.
CREATE INDEX refunds_counted_by_store ON refunds (store_id, counted_at)
    WHERE counted_at IS NOT NULL;
CREATE INDEX refunds_counted_by_account ON refunds (account_id, counted_at)
    WHERE counted_at IS NOT NULL;
CREATE INDEX refunds_counted_by_buyer ON refunds (buyer, counted_at)
    WHERE counted_at IS NOT NULL AND buyer IS NOT NULL;
CREATE INDEX refunds_counted_by_destination ON refunds (destination, counted_at)
    WHERE counted_at IS NOT NULL AND destination IS NOT NULL;
CREATE INDEX refunds_counted_by_operator ON refunds ((store_id || '/' || requested_by), counted_at)
    WHERE counted_at IS NOT NULL;
CREATE INDEX refunds_by_deadline ON refunds (deadline_at, seq) WHERE deadline_at IS NOT NULL;

CREATE TABLE policies (
    owner         text NOT NULL, -- store/NAME or agency/NAME
    version       integer NOT NULL CHECK (version > 0),
    digest        text NOT NULL,
    body          jsonb NOT NULL,
    published_by  text NOT NULL,
    published_at  timestamptz NOT NULL,
    PRIMARY KEY (owner, version)
);

CREATE TABLE decisions (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_id  text NOT NULL REFERENCES refunds,
    store_id   text NOT NULL,
    at         timestamptz NOT NULL,
    facts      jsonb NOT NULL,
    decision   jsonb NOT NULL
);

CREATE INDEX decisions_by_time ON decisions (at, seq);

CREATE TABLE reviews (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_id  text NOT NULL REFERENCES refunds,
    store_id   text NOT NULL,
    digest     text NOT NULL,
    needed     integer NOT NULL CHECK (needed IN (1, 2)),
    covers     jsonb NOT NULL,
    opened_at  timestamptz NOT NULL,
    remind_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_as   text
);

CREATE UNIQUE INDEX one_open_review ON reviews (refund_id) WHERE ended_at IS NULL;
CREATE INDEX reviews_open ON reviews (expires_at, id) WHERE ended_at IS NULL;
CREATE INDEX reviews_by_refund ON reviews (refund_id, id);

CREATE TABLE review_acts (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review_id  bigint NOT NULL REFERENCES reviews,
    refund_id  text NOT NULL REFERENCES refunds,
    at         timestamptz NOT NULL,
    person     text NOT NULL,
    act        text NOT NULL,
    comment    text NOT NULL,
    digest     text NOT NULL,
    covers     jsonb NOT NULL
);

CREATE INDEX review_acts_by_refund ON review_acts (refund_id, seq);

CREATE TABLE links (
    id          text PRIMARY KEY,
    refund_id   text NOT NULL REFERENCES refunds,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    tries_left  integer NOT NULL CHECK (tries_left >= 0),
    told_at     timestamptz,
    ended_at    timestamptz,
    ended_as    text
);

CREATE UNIQUE INDEX one_open_link ON links (refund_id) WHERE ended_at IS NULL;

CREATE TABLE destinations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_id  text NOT NULL REFERENCES refunds,
    account    text NOT NULL,
    bound      text NOT NULL,
    masked     jsonb NOT NULL,
    details    bytea NOT NULL, -- sealed
    given_by   text NOT NULL,
    given_at   timestamptz NOT NULL,
    good_from  timestamptz NOT NULL
);

CREATE INDEX destinations_by_refund ON destinations (refund_id, id);
CREATE INDEX destinations_by_account ON destinations (account, id);

CREATE TABLE payout_batches (
    id          text PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    account_id  text NOT NULL REFERENCES accounts,
    format      text NOT NULL,
    made_by     text NOT NULL,
    made_at     timestamptz NOT NULL,
    sha256      text NOT NULL
);

CREATE TABLE payouts (
    line_id         text PRIMARY KEY,
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    refund_id       text NOT NULL REFERENCES refunds,
    generation      integer NOT NULL,
    batch_id        text NOT NULL REFERENCES payout_batches,
    destination_id  bigint NOT NULL REFERENCES destinations,
    paid_out        bigint NOT NULL CHECK (paid_out > 0),
    currency        char(3) NOT NULL,
    exchange        jsonb NOT NULL,
    exported_at     timestamptz NOT NULL,
    ended_as        text,
    answered_at     timestamptz,
    answered_by     text,
    bank_reference  text NOT NULL,
    paid_on         text,
    reason          text NOT NULL,
    reason_code     text NOT NULL
);

-- A refund is never in two bank files at once.
CREATE UNIQUE INDEX one_open_payout ON payouts (refund_id) WHERE ended_as IS NULL;
CREATE INDEX payouts_by_batch ON payouts (batch_id, seq);
CREATE INDEX payouts_by_refund ON payouts (refund_id, seq);

CREATE TABLE proofs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id   text NOT NULL REFERENCES payout_batches,
    line_id    text NOT NULL,
    file_name  text NOT NULL,
    sha256     text NOT NULL,
    body       bytea NOT NULL, -- sealed
    added_by   text NOT NULL,
    added_at   timestamptz NOT NULL
);

CREATE INDEX proofs_by_batch ON proofs (batch_id, id);

CREATE TABLE alarms (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL,
    subject     text NOT NULL,
    code        text NOT NULL,
    figures     jsonb NOT NULL,
    raised_at   timestamptz NOT NULL,
    cleared_at  timestamptz
);

CREATE UNIQUE INDEX one_open_alarm ON alarms (key) WHERE cleared_at IS NULL;

CREATE TABLE actual_costs (
    seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    refund_id    text NOT NULL REFERENCES refunds,
    amount       bigint NOT NULL,
    currency     char(3) NOT NULL,
    what         text NOT NULL,
    recorded_by  text NOT NULL,
    recorded_at  timestamptz NOT NULL
);

CREATE INDEX actual_costs_by_refund ON actual_costs (refund_id, seq);

-- Hashes accounts and buyers, and signs links; made once, sealed like any secret.
CREATE TABLE house_key (
    only_one  boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    sealed    bytea NOT NULL
);

CREATE TRIGGER policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policies
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER review_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_acts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER destinations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON destinations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER proofs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON proofs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER actual_costs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON actual_costs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
