-- A topic of versions that was deleted and made anew counts its offsets from 0 again: what was kept of the old one may have the same.

ALTER TABLE policy DROP CONSTRAINT policy_offset_key;
