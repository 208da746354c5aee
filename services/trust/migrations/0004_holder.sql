-- One row a buyer who ever claimed a trust card, or against whom a case was decided for abuse.
CREATE TABLE holder (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

-- One row a person, under the name of its identity cluster: the cards that its accounts hold.
CREATE TABLE person (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);
