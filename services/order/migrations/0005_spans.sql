-- From when until when ended cases held a line, where its row had the latest end alone: of those all began in time. R2.5

UPDATE "order" SET body = replace(regexp_replace(body::text, '"freed_at":("[^"]*")', '"spans":[["0001-01-01T00:00:00Z",\1]]', 'g'),
    '"freed_at":null', '"spans":[]')::json
 WHERE body::text LIKE '%"freed_at":%';
