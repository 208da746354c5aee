-- One row a paid order: its certificate, its lines, its cases. The engine writes it; body follows services/refund/model.py.
CREATE TABLE "purchase" (
    key text PRIMARY KEY,
    version bigint NOT NULL,
    base bigint NOT NULL,
    body jsonb NOT NULL
) WITH (fillfactor = 70);

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
  FROM purchase, jsonb_each(purchase.body -> 'cases') AS entry
 WHERE (entry.value ->> 'state')::int NOT IN (60, 70);
