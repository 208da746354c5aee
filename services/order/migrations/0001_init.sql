-- One row an order: the snapshot of the fold over its facts (services/order/model.py). body is the whole state as JSON.
CREATE TABLE "order" (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    jsonb  NOT NULL
) WITH (fillfactor = 70);  -- rows grow with each fact: room for the next version on the same page
