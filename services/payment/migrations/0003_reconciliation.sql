-- What an accountant reads beside the amounts: the kind of transaction, the type of the fact that carries it. NULL: posted before.
ALTER TABLE posting ADD COLUMN kind text CHECK (kind <> '');

-- Differences between the provider's statement and the ledger, append only: one row when found, one more when explained. R3.9.
CREATE TABLE statement_break (
    break_id        text        NOT NULL,
    step            text        NOT NULL CHECK (step IN ('found', 'explained')),
    order_id        text        NOT NULL,
    at              timestamptz NOT NULL,
    day             text        CHECK (day ~ '^\d{4}-\d{2}-\d{2}$'),  -- this and all below: of what was found
    break_kind      text        CHECK (break_kind IN ('missing_here', 'missing_there', 'amount', 'currency', 'duplicate')),
    movement        text        CHECK (movement IN ('capture', 'refund', 'compensation')),
    reference       text,
    line_id         text,
    ours_minor      bigint,
    ours_currency   text,
    theirs_minor    bigint,
    theirs_currency text,
    PRIMARY KEY (break_id, step),
    CHECK ((step = 'found') = (num_nonnulls(day, break_kind, movement, reference) = 4))
);

CREATE VIEW open_break AS
SELECT f.break_id, f.order_id, f.at, f.day, f.break_kind, f.movement, f.reference, f.line_id,
       f.ours_minor, f.ours_currency, f.theirs_minor, f.theirs_currency
  FROM statement_break f
 WHERE f.step = 'found' AND NOT EXISTS (SELECT FROM statement_break e WHERE e.break_id = f.break_id AND e.step = 'explained');

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'laotie_payment') THEN
        REVOKE UPDATE, DELETE ON statement_break FROM laotie_payment;
        REVOKE INSERT, UPDATE, DELETE ON open_break FROM laotie_payment;
    END IF;
END
$$;
