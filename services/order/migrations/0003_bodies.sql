-- Bodies as they were written: jsonb sorts the keys of objects, and what is folded in memory would come back in another order.
ALTER TABLE "order" ALTER COLUMN body TYPE json USING body::json;
