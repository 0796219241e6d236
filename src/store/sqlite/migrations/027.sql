-- Listeners: endpoints whose deliveries go over the stream of a program that listens.
ALTER TABLE endpoints ADD COLUMN transport TEXT NOT NULL DEFAULT 'http';
-- Deliveries that came while the lane was held, as held_bytes.
ALTER TABLE lanes ADD COLUMN held_count INTEGER NOT NULL DEFAULT 0;

CREATE TABLE listeners (
  endpoint_seq INTEGER PRIMARY KEY,
  tenant_seq   INTEGER NOT NULL,
  name         TEXT NOT NULL,
  -- The node that has the stream of the reader, and the stream's own id. NULL while nobody listens.
  node         INTEGER,
  connection   BLOB,
  -- The process that reads, and who that is for people. They stay when it has gone.
  session      TEXT,
  reader       TEXT,
  connected_at INTEGER,
  -- When somebody listened last, or when it was made.
  seen_at      INTEGER NOT NULL
) STRICT;
-- The listener that a program adopts, and those of a tenant.
CREATE UNIQUE INDEX listeners_by_name ON listeners (tenant_seq, name);
-- Those of a node that is gone.
CREATE INDEX listeners_of_node ON listeners (node) WHERE node IS NOT NULL;

-- Results that a node got for a reader of another node, which takes them.
CREATE TABLE forwarded_reports (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  node    INTEGER NOT NULL,
  -- JSON.
  report  TEXT NOT NULL,
  sent_at INTEGER NOT NULL
) STRICT;
