-- One row a seller or promoter who was ever suspended: for which violations.
CREATE TABLE standing (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);
