-- The signed JSON of a person's decision. NULL: nobody decided, or before there were receipts.
ALTER TABLE pauses ADD COLUMN receipt TEXT;
-- When the keys that sign receipts were replaced. The keys are derived from the master key, and the first one, of generation 1,
-- has no row: it is as old as the first tenant.
CREATE TABLE receipt_keys (
  generation INTEGER PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT;
