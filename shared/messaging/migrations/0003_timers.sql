-- A stripe's deadlines in the order in which they fire: taking the next ones costs as much however many stand behind them, or are due on
-- a stripe that may not fire yet. And those on their way, which are few, for whoever asks whether anything is left to do.

DROP INDEX timer_due;
CREATE INDEX timer_due ON timer (stripe, due_at, kind, subject) WHERE sent_at IS NULL;
CREATE INDEX timer_sent ON timer (due_at) WHERE sent_at IS NOT NULL;
