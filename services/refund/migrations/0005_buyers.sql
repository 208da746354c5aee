-- One row a trust card: whose it is, and valid from when to when.
CREATE TABLE card (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

-- One row a buyer who has a score: the latest scores, each with since when.
CREATE TABLE buyer (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);
