-- Waybills that cases used, one row each: no other case of any order uses it again. Written once, so pages are filled.
CREATE TABLE waybill (  -- carrier/number
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
);

-- The cases that are not ended or are appealed, for people: whose turn it is, and until when. An appeal is the platform's turn.
DROP VIEW case_queue;
CREATE VIEW case_queue AS
SELECT purchase.key AS order_id,
       entry.key AS case_id,
       (entry.value ->> 'line_no')::int AS line_no,
       (entry.value ->> 'state')::int AS state,
       entry.value ->> 'kind' AS kind,
       entry.value ->> 'ground' AS ground,
       purchase.body -> 'lines' -> (entry.value ->> 'line_no') ->> 'seller_id' AS seller_id,
       entry.value ->> 'turn' AS turn,
       (entry.value ->> 'deadline')::timestamptz AS deadline,
       (entry.value ->> 'granted_minor')::bigint AS granted_minor,
       (entry.value ->> 'applied_at')::timestamptz AS applied_at,
       CASE WHEN (entry.value -> 'appeal' ->> 'won') IS NULL THEN (entry.value -> 'appeal' ->> 'until')::timestamptz END AS appeal_until
  FROM purchase, json_each(purchase.body -> 'cases') AS entry
 WHERE (entry.value ->> 'state')::int NOT IN (60, 70)
    OR ((entry.value -> 'appeal' ->> 'until') IS NOT NULL AND (entry.value -> 'appeal' ->> 'won') IS NULL);
