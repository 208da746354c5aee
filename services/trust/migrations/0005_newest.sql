-- One row a subject and weight: the newest items that weigh so much, for explanations. Rewritten with each newer item.
CREATE TABLE newest (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 50);
