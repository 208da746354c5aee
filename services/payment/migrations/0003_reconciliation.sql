-- What an accountant reads beside the amounts: the kind of transaction, the type of the fact that carries it. NULL: posted before.
ALTER TABLE posting ADD COLUMN kind text CHECK (kind <> '');
