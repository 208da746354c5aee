-- What the provider paid, and says since that it came back, waits for a person too: a refund, a compensation. R3.5.
CREATE OR REPLACE VIEW needs_person AS
SELECT payment.key,
       'refund' AS kind,
       entry.key AS id,
       CASE WHEN entry.value ->> 'contradicted' = 'true' THEN 'contradicted'
            WHEN entry.value ->> 'state' = 'failed' THEN 'not paid' ELSE 'no answer' END AS why,
       (entry.value ->> 'buyer_minor')::bigint AS amount_minor,
       entry.value ->> 'currency' AS currency
  FROM payment, json_each(payment.body -> 'refunds') AS entry
 WHERE (entry.value ->> 'state' = 'failed' AND entry.value ->> 'decided' IS DISTINCT FROM 'true')
    OR (entry.value ->> 'state' = 'done' AND entry.value ->> 'contradicted' = 'true' AND entry.value ->> 'decided' IS DISTINCT FROM 'true')
    OR (entry.value ->> 'state' = 'reserved' AND entry.value ->> 'answer_by' IS NULL)
UNION ALL
SELECT payment.key,
       'compensation',
       entry.key,
       CASE WHEN entry.value ->> 'contradicted' = 'true' THEN 'contradicted'
            WHEN entry.value ->> 'state' = 'failed' THEN 'not paid' ELSE 'no answer' END,
       (entry.value ->> 'amount_minor')::bigint,
       entry.value ->> 'currency'
  FROM payment, json_each(payment.body -> 'compensations') AS entry
 WHERE entry.value ->> 'state' = 'failed' OR (entry.value ->> 'state' = 'instructed' AND entry.value ->> 'answer_by' IS NULL)
    OR (entry.value ->> 'state' = 'done' AND entry.value ->> 'contradicted' = 'true' AND entry.value ->> 'by_hand' IS DISTINCT FROM 'true')
UNION ALL
SELECT payment.key,
       'chargeback',
       entry.key,
       CASE entry.value ->> 'state' WHEN 'open' THEN 'no end' ELSE 'excess' END,
       (entry.value ->> CASE entry.value ->> 'state' WHEN 'open' THEN 'amount_minor' ELSE 'excess_minor' END)::bigint,
       entry.value ->> 'currency'
  FROM payment, json_each(payment.body -> 'chargebacks') AS entry
 WHERE (entry.value ->> 'state' = 'open' AND entry.value ->> 'answer_by' IS NULL) OR (entry.value ->> 'excess_minor')::bigint > 0
UNION ALL
SELECT account.key,
       'payout',
       entry.key,
       CASE entry.value ->> 'state' WHEN 'instructed' THEN 'no answer' ELSE 'contradicted' END,
       (entry.value ->> 'amount_minor')::bigint,
       entry.value ->> 'currency'
  FROM account, json_each(account.body -> 'payouts') AS entry
 WHERE (entry.value ->> 'state' = 'instructed' AND entry.value ->> 'answer_by' IS NULL)
    OR (entry.value ->> 'contradicted' = 'true' AND entry.value ->> 'handled' IS NULL);
