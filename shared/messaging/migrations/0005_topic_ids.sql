-- A topic that was deleted and made anew has the old one's name and another id, and an offset there is another record: a cursor says which
-- it is about.

ALTER TABLE cursor ADD COLUMN topic_id uuid;   -- as Kafka gave it to the topic; null: not known yet, and taken at the next check
