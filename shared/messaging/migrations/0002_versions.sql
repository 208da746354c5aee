-- What decisions go by comes in versions by a topic of its own. Each service keeps those that it accepted: the topic is compacted, and
-- another body of the same version may take the place of the one that counts.

CREATE TABLE policy (
    version   text PRIMARY KEY,
    "offset"  bigint NOT NULL UNIQUE,            -- of its record
    begins    timestamptz NOT NULL UNIQUE,
    sha256    text NOT NULL,                     -- of the version, whatever way it was written
    value     bytea NOT NULL                     -- as it was published
);

ALTER TABLE process ADD COLUMN policies_read bigint NOT NULL DEFAULT 0;  -- how far this process is in that topic; 0 where there is none
