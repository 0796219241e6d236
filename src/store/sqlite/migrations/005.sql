-- Inbound: sources, what was received from them, and what tells that it came before.

-- A deleted source stays as a tombstone without its secrets, since what came from it names it.
CREATE TABLE sources (
  -- AUTOINCREMENT: digests outlive a tombstone, so its number must never name another source.
  seq                    INTEGER PRIMARY KEY AUTOINCREMENT,
  id                     BLOB NOT NULL UNIQUE,
  tenant_seq             INTEGER NOT NULL REFERENCES tenants (seq),
  name                   TEXT NOT NULL,
  scheme                 TEXT NOT NULL,
  -- A JSON object: eventType, hmac and basic.
  settings               TEXT NOT NULL,
  -- AES-256-GCM; NULL for scheme none, and once deleted.
  secret_sealed          BLOB,
  previous_secret_sealed BLOB,
  previous_secret_until  INTEGER,
  created_at             INTEGER NOT NULL,
  updated_at             INTEGER NOT NULL,
  deleted_at             INTEGER
) STRICT;
CREATE UNIQUE INDEX sources_by_name ON sources (name) WHERE deleted_at IS NULL;
CREATE INDEX sources_live ON sources (tenant_seq) WHERE deleted_at IS NULL;

CREATE TABLE inbound (
  -- AUTOINCREMENT: the events that it published name it, and outlive it when it is deleted.
  seq            INTEGER PRIMARY KEY AUTOINCREMENT,
  id             BLOB NOT NULL UNIQUE,
  -- 0 pauseStatus, 1 any
  kind           INTEGER NOT NULL,
  -- NULL: of no source that is known, and so nobody's.
  source_seq     INTEGER,
  tenant_seq     INTEGER,
  source_name    TEXT,
  event_type     TEXT,
  valid          INTEGER NOT NULL,
  -- 0 PAUSE_ACTIVATED, 1 PAUSE_DEACTIVATED, 2 NONE; NULL, as the four below, unless it is a valid pauseStatus.
  direction      INTEGER,
  member_id      TEXT,
  old_status     TEXT,
  new_status     TEXT,
  changed_at     TEXT,
  -- NULL when it is valid.
  rejection      TEXT,
  explanation    TEXT,
  address        TEXT NOT NULL,
  received_at    INTEGER NOT NULL,
  processed_at   INTEGER,
  reprocessed_at INTEGER,
  notes          TEXT,
  -- Of the whole body, of which only the beginning may be kept.
  body_bytes     INTEGER NOT NULL,
  url            TEXT NOT NULL,
  -- A JSON object.
  headers        TEXT NOT NULL,
  -- Last: everything else is read without it.
  body           BLOB NOT NULL
) STRICT;
-- Everything that lists are filtered by, so that they count and skip without reading a row. In order of receipt, and
-- so written at its end.
CREATE INDEX inbound_of_tenant
  ON inbound (kind, tenant_seq, received_at, seq, valid, direction, source_seq, source_name, event_type);
-- What was refused: few, whatever came beside it.
CREATE INDEX inbound_refused_of_tenant
  ON inbound (kind, tenant_seq, received_at, seq, direction, source_seq, source_name, event_type)
  WHERE valid = 0;
CREATE INDEX inbound_refused ON inbound (source_seq, seq, address) WHERE valid = 0;

-- Which events it published: one when it was received, and one each time it was processed again.
CREATE TABLE inbound_events (
  event_seq    INTEGER PRIMARY KEY,
  inbound_seq  INTEGER NOT NULL,
  published_at INTEGER NOT NULL
) STRICT;
CREATE INDEX inbound_events_of ON inbound_events (inbound_seq);

-- What makes a repeat, and its answer, whatever became of the record.
CREATE TABLE inbound_digests (
  seq           INTEGER PRIMARY KEY,
  -- The first 48 bits of the digest.
  head          INTEGER NOT NULL,
  source_seq    INTEGER NOT NULL,
  -- SHA-256
  digest        BLOB NOT NULL,
  inbound_id    BLOB NOT NULL,
  direction     INTEGER,
  event_id      BLOB,
  remembered_at INTEGER NOT NULL
) STRICT;
-- The one index of a receipt that is written all over: as small as can be, for its pages are what it costs.
CREATE INDEX inbound_digests_by_head ON inbound_digests (head);
