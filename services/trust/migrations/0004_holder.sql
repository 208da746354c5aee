-- One row a buyer who ever claimed a trust card, or against whom a case was decided for abuse.
CREATE TABLE holder (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);
