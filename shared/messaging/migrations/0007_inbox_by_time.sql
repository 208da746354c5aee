-- New rows take the places of those that were forgotten: from then on every range of pages holds some that look old to a BRIN index, and
-- asking each minute what is too old would read the whole table. Rows come in the order of their time, at the end of the tree.

DROP INDEX inbox_at;
CREATE INDEX inbox_at ON inbox (at);
