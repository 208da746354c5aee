CREATE TABLE life  (key text PRIMARY KEY, version bigint NOT NULL, base bigint NOT NULL, body json NOT NULL) WITH (fillfactor = 70);
CREATE TABLE pool  (key text PRIMARY KEY, version bigint NOT NULL, base bigint NOT NULL, body json NOT NULL) WITH (fillfactor = 70);
CREATE TABLE tally (key text PRIMARY KEY, version bigint NOT NULL, base bigint NOT NULL, body json NOT NULL) WITH (fillfactor = 70);
CREATE TABLE entry (fact uuid NOT NULL, life_id text NOT NULL, amount int NOT NULL CHECK (amount <> 666));  -- 666: the database says no
