-- How many are held is told every few seconds, and what is ready is asked for: neither opens what has expired, which stays until somebody
-- discards it.

CREATE INDEX parked_state ON parked (state);
