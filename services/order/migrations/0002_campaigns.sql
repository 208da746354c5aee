-- Campaigns, identities, suspensions: one row an entity, bodies as in services/order/model.

CREATE TABLE allotment (  -- campaign/sku
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL,
    CHECK ((body ->> 'taken')::bigint BETWEEN 0 AND coalesce((body ->> 'units')::bigint, 0))  -- never oversold, whatever the code says
) WITH (fillfactor = 50);  -- the hottest rows of all: each acceptance of a flash sale writes one of a few

CREATE TABLE cluster (  -- the least buyer_id of an identity
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE member (  -- buyer_id
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE token (  -- kind:token; written once, so pages are filled
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
);

CREATE TABLE suspension (  -- seller:id or promoter:id
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE recent (  -- seller:id or promoter:id / second of placement
    key     text   PRIMARY KEY,
    version bigint NOT NULL,
    base    bigint NOT NULL,
    body    json   NOT NULL
) WITH (fillfactor = 70);
