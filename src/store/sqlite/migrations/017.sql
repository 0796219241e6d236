-- Attempts as they happen: counted, by hour in detail, and the last of each endpoint.

ALTER TABLE counters ADD COLUMN attempts_ok INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counters ADD COLUMN attempts_failed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE lanes ADD COLUMN last_success_at INTEGER;
-- A JSON object: when, and what happened.
ALTER TABLE lanes ADD COLUMN last_failure TEXT;

CREATE TABLE attempt_tallies (
  tenant_seq INTEGER NOT NULL,
  hour       INTEGER NOT NULL,
  -- '' is the whole tenant, e and its sequence an endpoint, t and its name an event type.
  scope      TEXT NOT NULL,
  -- JSON; see domain/history/tally.ts.
  tally      TEXT NOT NULL,
  PRIMARY KEY (tenant_seq, hour, scope)
) STRICT, WITHOUT ROWID;
