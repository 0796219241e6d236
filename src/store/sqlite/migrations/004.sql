-- The ledger: what the delivery history is filtered, sorted and counted by, column by column, a few thousand deliveries
-- in a row. It is written behind, from the sequences of deliveries and attempts; `meta` has how far.

CREATE TABLE ledger_segments (
  number      INTEGER PRIMARY KEY,
  tenant_seq  INTEGER NOT NULL,
  -- In order of the sequence, and no two segments of a tenant overlap.
  first_seq   INTEGER NOT NULL,
  last_seq    INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  created_min INTEGER NOT NULL,
  created_max INTEGER NOT NULL,
  -- Last: the others are read without it.
  columns     BLOB NOT NULL
) STRICT;

-- Deliveries that changed otherwise than by an attempt, or that retention deleted.
CREATE TABLE ledger_changes (
  -- AUTOINCREMENT: the table is emptied again and again, and a place in it must stay one.
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery_seq INTEGER NOT NULL,
  tenant_seq   INTEGER NOT NULL
) STRICT;
