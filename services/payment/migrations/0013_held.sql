-- What the accounts hold that move by facts of their party alone: summing their postings at each debit took the longer, the older the
-- party; a promoter is drawn on by each order that it subsidises. Of orders' accounts the postings are few, and a balance, which facts
-- of many orders credit at once, is seldom debited: these are summed as ever. Written by the trigger alone. R3.1.
LOCK TABLE posting IN SHARE ROW EXCLUSIVE MODE;  -- what an old process posts meanwhile is counted once

CREATE TABLE held (
    account      text   NOT NULL,
    currency     text   NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (account, currency)
) WITH (fillfactor = 50);

INSERT INTO held
SELECT account, currency, sum(amount_minor)
  FROM posting
 WHERE account LIKE ANY (ARRAY['deposit:%', 'payout:%', 'prefunded:%', 'debt:%'])
 GROUP BY account, currency;

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);  -- nobody's temporary table stands before ours

CREATE OR REPLACE FUNCTION posting_check() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
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

    INSERT INTO held
    SELECT account, currency, sum(amount_minor)
      FROM added
     WHERE account LIKE ANY (ARRAY['deposit:%', 'payout:%', 'prefunded:%', 'debt:%'])
     GROUP BY account, currency
     ORDER BY account, currency
        ON CONFLICT (account, currency) DO UPDATE SET amount_minor = held.amount_minor + excluded.amount_minor;

    SELECT moved.account, moved.currency, told.amount INTO bad
      FROM (SELECT account, currency, CASE WHEN account LIKE 'debt:%' THEN -1 ELSE 1 END AS side, sum(amount_minor) AS amount
              FROM added
             WHERE account LIKE ANY (ARRAY['escrow:%', 'unwanted:%', 'balance:%', 'deposit:%', 'payout:%', 'prefunded:%', 'debt:%'])
             GROUP BY account, currency) moved
      LEFT JOIN held h ON h.account = moved.account AND h.currency = moved.currency
     CROSS JOIN LATERAL (SELECT CASE WHEN h.amount_minor * moved.side >= 0 THEN h.amount_minor ELSE (
               SELECT sum(p.amount_minor) FROM posting p WHERE p.account = moved.account AND p.currency = moved.currency) END AS amount
           ) told  -- where it would say no, the postings do
     WHERE moved.amount * moved.side < 0  -- what only went away from its bound cannot be past it
       AND told.amount * moved.side < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % would hold % %', bad.account, bad.amount, bad.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_within_bounds', TABLE = 'posting';
    END IF;
    RETURN NULL;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'laotie_payment') THEN
        REVOKE INSERT, UPDATE, DELETE ON held FROM laotie_payment;
    END IF;
END
$$;
