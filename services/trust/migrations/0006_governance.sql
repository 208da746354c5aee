-- One row an account or identity and local day: its vote. Written once, so pages are filled.
CREATE TABLE ballot (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
);

-- One row a promoter and local day, and one a promoter: its votes.
CREATE TABLE tally (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE poll (
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 50);

-- Appeals that wait for a person's decision. R6.2.
CREATE VIEW open_appeal AS
SELECT standing.key,
       entry.key AS violation_id,
       (entry.value ->> 'opened_at')::timestamptz AS opened_at
  FROM standing, json_each(standing.body -> 'appeals') AS entry
 WHERE entry.value ->> 'outcome' = 'open';
