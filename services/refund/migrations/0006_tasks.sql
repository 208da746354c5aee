-- What people are to do: one row a case, and one for an appeal of it, which runs beside it. Written from the facts of cases, so
-- that reading the queue opens no purchase but those of open cases.
CREATE TABLE case_task (
    order_id  text        NOT NULL,
    case_id   text        NOT NULL,  -- of its order: another order may have one of that name
    task      text        NOT NULL CHECK (task IN ('case', 'appeal')),
    line_no   int         NOT NULL,
    state     int         NOT NULL,
    turn      text        NOT NULL,
    deadline  timestamptz,
    rule      text        NOT NULL,  -- this and code, said_at: of the case's last fact
    code      text        NOT NULL,
    said_at   timestamptz NOT NULL,
    open      bool        NOT NULL,
    kind      text,                  -- this and the following: of a case only
    ground    text,
    seller_id text,
    buyer_id  text,
    opened_at timestamptz,
    PRIMARY KEY (order_id, case_id, task)
) WITH (fillfactor = 80);
CREATE INDEX case_task_open ON case_task (order_id) WHERE open;
CREATE INDEX case_task_case ON case_task (case_id);

INSERT INTO case_task
SELECT p.key, e.key, 'case', (e.value ->> 'line_no')::int, (e.value ->> 'state')::int, e.value ->> 'turn',
       (e.value ->> 'deadline')::timestamptz, '', '', (e.value ->> 'since')::timestamptz, (e.value ->> 'state')::int NOT IN (60, 70),
       e.value ->> 'kind', e.value ->> 'ground', p.body -> 'lines' -> (e.value ->> 'line_no') ->> 'seller_id', p.body ->> 'buyer_id',
       coalesce(e.value ->> 'applied_at', e.value ->> 'since')::timestamptz
  FROM purchase p, json_each(p.body -> 'cases') AS e
UNION ALL
SELECT p.key, e.key, 'appeal', (e.value ->> 'line_no')::int, (e.value ->> 'state')::int, 'platform',
       (e.value -> 'appeal' ->> 'until')::timestamptz, '', '', (e.value ->> 'since')::timestamptz, true, NULL, NULL, NULL, NULL, NULL
  FROM purchase p, json_each(p.body -> 'cases') AS e
 WHERE (e.value -> 'appeal' ->> 'until') IS NOT NULL AND (e.value -> 'appeal' ->> 'won') IS NULL;

-- The queue of the platform's staff, for reading: whose turn it is, and until when. A case whose appeal is open has two rows while it
-- goes on itself, and one of its appeal once it has ended.
-- since: when its last step happened. attempts: claims on the line so far (R4.3); grants: refunds of the case (R3.5).
DROP VIEW case_queue;
CREATE VIEW case_queue AS
SELECT t.order_id, t.case_id, t.task, t.line_no, t.state, k.kind, k.ground, k.seller_id, k.buyer_id, t.turn, t.deadline,
       t.rule, t.code, k.opened_at,
       (p.body -> 'cases' -> t.case_id ->> 'since')::timestamptz AS since,
       coalesce((p.body -> 'lines' -> t.line_no::text ->> 'attempts')::int, 0) AS attempts,
       coalesce((p.body -> 'cases' -> t.case_id ->> 'attempts')::int, 0) AS grants,
       coalesce((p.body -> 'cases' -> t.case_id ->> 'granted_minor')::bigint, 0) AS granted_minor,
       p.body ->> 'currency' AS currency,
       t.task = 'case' AND t.state = 10 AND t.turn = 'platform' AS waits_for_fund,
       t.task = 'case' AND t.state = 50 AND t.turn = 'platform' AS stuck
  FROM case_task t
  JOIN case_task k ON (k.order_id, k.case_id, k.task) = (t.order_id, t.case_id, 'case')
  JOIN purchase p ON p.key = t.order_id
 WHERE t.open;
