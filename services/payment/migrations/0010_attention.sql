-- What waits for a person, one row an item that ever did or that ended: monitoring counts it without opening a payment. Written from
-- facts; the view needs_person says the same from the entities. R3.1, R3.5, R3.8.
CREATE TABLE attention (
    key   text        NOT NULL,  -- order_id, or the party of a payout
    kind  text        NOT NULL CHECK (kind IN ('refund', 'compensation', 'chargeback', 'payout')),
    id    text        NOT NULL,
    why   text        CHECK (why IN ('not paid', 'no answer', 'no end', 'excess')),  -- null: it waits no more
    since timestamptz NOT NULL,
    PRIMARY KEY (key, kind, id)
);
CREATE INDEX attention_waiting ON attention (kind, why, since) WHERE why IS NOT NULL;

-- Since when they wait, only their facts say.
INSERT INTO attention (key, kind, id, why, since)
SELECT key, kind, id, why, coalesce((SELECT max(clock_at) FROM process), now()) FROM needs_person;
