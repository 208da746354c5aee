-- What the engine keeps in each service's schema. One schema is one consumer.

CREATE TABLE stripe (                          -- the lock: whatever touches a key holds its stripe
    n            int PRIMARY KEY,
    held_by      text,                         -- the process that reads it; still set after a death: an unclean start
    attempt_ref  text,                         -- the event begun alone after an unclean start
    attempts     int NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE cursor (                          -- how far each input partition is done; the only truth about it
    topic      text NOT NULL,
    partition  int NOT NULL,
    position   bigint NOT NULL CHECK (position >= 0),
    last_seq   bigint,                         -- own topics: ce_sequence of the last one taken; null: none seen yet
    astray     boolean NOT NULL DEFAULT false, -- a key was seen here that belongs to another stripe
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE inbox (                           -- upstream events that took effect or are held
    source     text NOT NULL,
    id         text NOT NULL,
    body_hash  bytea NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX inbox_at ON inbox USING brin (at);

CREATE TABLE lane (                            -- one partition of one of our topics: its dense sequence
    topic      text NOT NULL,
    partition  int NOT NULL,
    seq        bigint NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE outbox (
    topic      text NOT NULL,
    partition  int NOT NULL,
    seq        bigint NOT NULL,
    key        bytea,
    headers    text NOT NULL,                  -- JSON pairs, values as Latin-1: any byte survives
    value      bytea,
    PRIMARY KEY (topic, partition, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE timer (
    kind       text NOT NULL,
    subject    text NOT NULL,
    key        text NOT NULL,
    stripe     int NOT NULL,
    due_at     timestamptz NOT NULL,
    sent_at    timestamptz,                    -- put into the outbox; its row goes when the aggregate no longer names it
    body       bytea NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX timer_due ON timer (due_at) WHERE sent_at IS NULL;

CREATE TABLE parked (
    n             bigint GENERATED ALWAYS AS IDENTITY,
    ref           text PRIMARY KEY,            -- its place in the log: topic/partition/offset
    state         text NOT NULL CHECK (state IN ('waiting', 'parked', 'ready', 'expired')),
    key           text NOT NULL,
    topic         text NOT NULL,
    partition     int NOT NULL,
    "offset"      bigint NOT NULL,
    record_key    bytea,
    headers       text NOT NULL,
    value         bytea,
    timestamp_ms  bigint NOT NULL,
    reason        text NOT NULL,
    error         text NOT NULL,
    attempts      int NOT NULL,
    at            timestamptz NOT NULL         -- business time at which it was first held
);
CREATE INDEX parked_key ON parked (key, n);

CREATE TABLE process (                         -- for people and `laotie idle`; no decision reads it
    id          text PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    clock_at    timestamptz NOT NULL,
    halts       text NOT NULL DEFAULT ''
);
