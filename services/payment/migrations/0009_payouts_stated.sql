-- A provider's statement shows payouts, too: of a party and of no order. R3.9.
ALTER TABLE statement_break
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN party text,
    ADD CONSTRAINT statement_break_owner_check CHECK (num_nonnulls(order_id, party) = 1),
    DROP CONSTRAINT statement_break_movement_check,
    ADD CONSTRAINT statement_break_movement_check CHECK (movement IN ('capture', 'refund', 'compensation', 'chargeback', 'payout'));

CREATE OR REPLACE VIEW open_break AS
SELECT f.break_id, f.order_id, f.at, f.day, f.break_kind, f.movement, f.reference, f.line_id,
       f.ours_minor, f.ours_currency, f.theirs_minor, f.theirs_currency, f.party
  FROM statement_break f
 WHERE f.step = 'found' AND NOT EXISTS (SELECT FROM statement_break e WHERE e.break_id = f.break_id AND e.step = 'explained');
