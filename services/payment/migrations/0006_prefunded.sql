-- What a promoter prefunded is never below zero either. R3.1.
CREATE OR REPLACE FUNCTION posting_check() RETURNS trigger
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

    SELECT moved.account, moved.currency, held.amount INTO bad
      FROM (SELECT account, currency, CASE WHEN account LIKE 'debt:%' THEN -1 ELSE 1 END AS side, sum(amount_minor) AS amount
              FROM added
             WHERE account LIKE ANY (ARRAY['escrow:%', 'unwanted:%', 'balance:%', 'deposit:%', 'payout:%', 'prefunded:%', 'debt:%'])
             GROUP BY account, currency) moved
     CROSS JOIN LATERAL (SELECT sum(p.amount_minor) AS amount
              FROM posting p
             WHERE p.account = moved.account AND p.currency = moved.currency) held
     WHERE moved.amount * moved.side < 0  -- what only went away from its bound cannot be past it
       AND held.amount * moved.side < 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % would hold % %', bad.account, bad.amount, bad.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_within_bounds', TABLE = 'posting';
    END IF;
    RETURN NULL;
END
$$;
