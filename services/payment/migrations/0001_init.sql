-- One row an entity: the snapshot of the fold over its facts (services/payment/model). body is the whole state as JSON.
CREATE TABLE payment (
    key     text   PRIMARY KEY,  -- order_id
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    jsonb  NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE account (
    key     text   PRIMARY KEY,  -- party
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    jsonb  NOT NULL
) WITH (fillfactor = 70);

-- The ledger: double entry, append only, per currency. R3.1.
CREATE TABLE posting (
    tx           uuid        NOT NULL,  -- id of the fact that carries it
    ordinal      int         NOT NULL CHECK (ordinal >= 0),
    account      text        NOT NULL CHECK (account ~ '^[a-z_]+:[A-Za-z0-9_.:-]+$'),
    currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint      NOT NULL CHECK (amount_minor <> 0),
    order_id     text,
    party        text,
    at           timestamptz NOT NULL,
    PRIMARY KEY (tx, ordinal),
    CHECK (num_nonnulls(order_id, party) = 1)
);
CREATE INDEX posting_account ON posting (account, currency) INCLUDE (amount_minor);  -- balances without touching the table
CREATE INDEX posting_order ON posting (order_id) WHERE order_id IS NOT NULL;

CREATE VIEW balance AS
SELECT account, currency, sum(amount_minor) AS amount_minor, count(*) AS postings, max(at) AS at
  FROM posting
 GROUP BY account, currency;

-- Checked at the end of each statement, not deferred to the commit: there a bad one could not be told from its batch.
-- Two transactions cannot drain one account past each other: the engine locks the order or the party before it folds.
CREATE FUNCTION posting_check() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.tx, p.currency, sum(p.amount_minor) AS amount INTO bad
      FROM posting p
     WHERE p.tx IN (SELECT DISTINCT tx FROM added)
     GROUP BY p.tx, p.currency
    HAVING sum(p.amount_minor) <> 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % sums to % %, not to zero', bad.tx, bad.amount, bad.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_sums_to_zero', TABLE = 'posting';
    END IF;

    SELECT drawn.account, drawn.currency, held.amount INTO bad
      FROM (SELECT account, currency
              FROM added
             WHERE account LIKE ANY (ARRAY['escrow:%', 'unwanted:%', 'balance:%', 'payout:%'])
             GROUP BY account, currency
            HAVING sum(amount_minor) < 0) drawn  -- what only grew cannot be below its bound
     CROSS JOIN LATERAL (SELECT sum(p.amount_minor) AS amount
              FROM posting p
             WHERE p.account = drawn.account AND p.currency = drawn.currency) held
     WHERE held.amount < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % would hold % %', bad.account, bad.amount, bad.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_within_bounds', TABLE = 'posting';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER posting_check
    AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION posting_check();

CREATE FUNCTION posting_keep() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'posting is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege', HINT = 'Correct a posting by its reverse.';
END
$$;

CREATE TRIGGER posting_keep
    BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION posting_keep();

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'laotie_payment') THEN
        REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON posting FROM laotie_payment;
        REVOKE INSERT, UPDATE, DELETE ON balance FROM laotie_payment;
    END IF;
END
$$;
