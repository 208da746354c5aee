-- In which cluster each buyer who has second accounts counts, one row a buyer: a copy of what the order service found out.
CREATE TABLE known_member (  -- buyer
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

-- What each cluster has ordered, as far as that can be its first order, and what it has used the guarantee for.
CREATE TABLE known_cluster (  -- least buyer of the cluster
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

-- What the platform's guarantee fund has promised, one row a local day and currency: changed by each claim that it pays.
CREATE TABLE fund (  -- day/currency
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 50);

-- For people: the claims that wait for somebody to decide on the platform's money stand in case_queue with the turn `platform`;
-- beside them, what of each day's budget is gone.
CREATE VIEW fund_day AS
SELECT split_part(key, '/', 1)::date AS day,
       split_part(key, '/', 2) AS currency,
       (body ->> 'minor')::bigint AS drawn_minor,
       (body ->> 'stopped')::boolean AS stopped
  FROM fund;
