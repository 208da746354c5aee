-- Bodies as they were written: jsonb sorts the keys of objects, and what is folded in memory would come back in another order.
DROP VIEW case_queue;
ALTER TABLE purchase ALTER COLUMN body TYPE json USING body::json;

-- The cases that are not ended, for people: whose turn it is, and until when.
CREATE VIEW case_queue AS
SELECT purchase.key AS order_id,
       entry.key AS case_id,
       (entry.value ->> 'line_no')::int AS line_no,
       (entry.value ->> 'state')::int AS state,
       entry.value ->> 'ground' AS ground,
       entry.value ->> 'turn' AS turn,
       (entry.value ->> 'deadline')::timestamptz AS deadline,
       (entry.value ->> 'granted_minor')::bigint AS granted_minor
  FROM purchase, json_each(purchase.body -> 'cases') AS entry
 WHERE (entry.value ->> 'state')::int NOT IN (60, 70);
