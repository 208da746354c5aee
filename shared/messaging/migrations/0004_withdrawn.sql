-- A version may be withdrawn before it begins: it stays known, as its name is not used again, and another may begin when it would have.

ALTER TABLE policy ADD COLUMN withdrawn bigint;               -- offset of the record that says so
ALTER TABLE policy DROP CONSTRAINT policy_begins_key;
CREATE UNIQUE INDEX policy_begins ON policy (begins) WHERE withdrawn IS NULL;
