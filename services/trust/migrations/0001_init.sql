-- One row a subject: its score and the day buckets behind it. The engine writes these; bodies follow services/trust/model.py.
CREATE TABLE "score" (
    key text PRIMARY KEY,
    version bigint NOT NULL,
    base bigint NOT NULL,
    body jsonb NOT NULL
) WITH (fillfactor = 70);

-- One row a subject and account on the other side: what that account's good evidence amounts to.
CREATE TABLE "counterparty" (
    key text PRIMARY KEY,
    version bigint NOT NULL,
    base bigint NOT NULL,
    body jsonb NOT NULL
) WITH (fillfactor = 70);

-- One row an item of evidence: the set itself. Written once, so pages are filled.
CREATE TABLE "item" (
    key text PRIMARY KEY,
    version bigint NOT NULL,
    base bigint NOT NULL,
    body jsonb NOT NULL
);
