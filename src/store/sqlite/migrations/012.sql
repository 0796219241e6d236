-- The latest changes that the command line made, so that a running server forgets what they concern and no more.
CREATE TABLE foreign_changes (
  -- AUTOINCREMENT: old rows are deleted, and a number must never name a second change.
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  -- keys, sessions or quotas
  kind       TEXT NOT NULL,
  -- Of quotas.
  tenant_seq INTEGER
) STRICT;
