-- A provider's statement shows what sellers and promoters put in, too. R3.9.
ALTER TABLE statement_break
    DROP CONSTRAINT statement_break_movement_check,
    ADD CONSTRAINT statement_break_movement_check
        CHECK (movement IN ('capture', 'refund', 'compensation', 'chargeback', 'payout', 'deposit', 'prefund'));
