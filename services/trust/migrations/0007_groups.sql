-- Groups of counterparties in rows of sixteen (services/trust/model/groups.py), out of the scores' own rows. What was stored goes with them.
CREATE TABLE groups (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 50);

INSERT INTO groups (key, version, base, body)
SELECT key || '/' || line, 0, 0, json_build_object('buckets', json_object_agg(dimension, one))
  FROM (SELECT s.key, (g.key::int - 1) / 16 AS line, d.key AS dimension,
               json_build_object('pooled', '{}'::json, 'grouped', json_object_agg(g.key, g.value), 'bad', '{}'::json) AS one
          FROM score s, json_each(s.body -> 'buckets') d, json_each(d.value -> 'grouped') g
         GROUP BY 1, 2, 3) grouped
 GROUP BY key, line;

UPDATE score SET body = (
    SELECT json_object_agg(f.key, CASE WHEN f.key <> 'buckets' THEN f.value ELSE (
        SELECT coalesce(json_object_agg(d.key, json_build_object(
                   'pooled', d.value -> 'pooled', 'grouped', '{}'::json, 'bad', d.value -> 'bad')), '{}'::json)
          FROM json_each(f.value) d) END)
      FROM json_each(score.body) f)
 WHERE EXISTS (SELECT FROM json_each(body -> 'buckets') d WHERE d.value ->> 'grouped' <> '{}');
