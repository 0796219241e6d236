-- The first schema. Integer sequences are rowids in commit order; public ids are 16-byte values with a unique index,
-- and since they are UUIDv7 made in order, that index is written at its end.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE nodes (
  node       INTEGER PRIMARY KEY AUTOINCREMENT,
  entered_at INTEGER NOT NULL,
  seen_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
  seq              INTEGER PRIMARY KEY,
  id               BLOB NOT NULL UNIQUE,
  name             TEXT NOT NULL,
  -- Raised by every change of the tenant's endpoints: a publish that was matched against an older one is stale.
  endpoint_version INTEGER NOT NULL DEFAULT 1,
  created_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  seq           INTEGER PRIMARY KEY,
  id            BLOB NOT NULL UNIQUE,
  tenant_seq    INTEGER NOT NULL REFERENCES tenants (seq),
  email         TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  role          TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  seq        INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  tenant_seq INTEGER NOT NULL REFERENCES tenants (seq),
  -- SHA-256 of the whole key; the key itself is nowhere.
  hash       BLOB NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  test       INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE INDEX keys_of_tenant ON keys (tenant_seq);

CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  tenant_seq INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id   BLOB NOT NULL,
  data       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_of_tenant ON audit (tenant_seq);

-- A deleted endpoint stays as a tombstone: its deliveries keep the name and URL it had.
CREATE TABLE endpoints (
  -- AUTOINCREMENT: statistics outlive a tombstone, so its number must never name another endpoint.
  seq                     INTEGER PRIMARY KEY AUTOINCREMENT,
  id                      BLOB NOT NULL UNIQUE,
  tenant_seq              INTEGER NOT NULL REFERENCES tenants (seq),
  made_by                 TEXT NOT NULL,
  name                    TEXT NOT NULL,
  url                     TEXT NOT NULL,
  description             TEXT,
  event_types             TEXT,
  format                  TEXT NOT NULL,
  -- AES-256-GCM; NULL once deleted.
  headers_sealed          BLOB,
  secret_sealed           BLOB,
  previous_secret_sealed  BLOB,
  previous_secret_until   INTEGER,
  timeout_seconds         INTEGER NOT NULL,
  retry_schedule_seconds  TEXT NOT NULL,
  rate_limit_per_second   INTEGER,
  max_in_flight           INTEGER NOT NULL,
  ordered                 INTEGER NOT NULL,
  status                  TEXT NOT NULL,
  paused_at               INTEGER,
  -- From when on its backlog ages towards expiry; NULL unless DISABLED.
  disabled_at             INTEGER,
  disabled_reason         TEXT,
  generation              INTEGER NOT NULL DEFAULT 1,
  created_at              INTEGER NOT NULL,
  updated_at              INTEGER NOT NULL,
  deleted_at              INTEGER
) STRICT;
CREATE INDEX endpoints_of_tenant ON endpoints (tenant_seq);
CREATE INDEX endpoints_live ON endpoints (tenant_seq) WHERE deleted_at IS NULL;

-- What an endpoint's status and filter were when: `getEvent` and recover work out why an event did not go to it.
CREATE TABLE endpoint_history (
  endpoint_seq    INTEGER NOT NULL,
  -- Holds for events after this sequence, up to the next row.
  after_event_seq INTEGER NOT NULL,
  -- The endpoint's, and DELETED from its deletion on.
  status          TEXT NOT NULL,
  event_types     TEXT,
  PRIMARY KEY (endpoint_seq, after_event_seq)
) STRICT, WITHOUT ROWID;

-- One row per endpoint controls all its deliveries: holding, resting and deleting never touch a delivery.
CREATE TABLE lanes (
  endpoint_seq            INTEGER PRIMARY KEY,
  -- NULL when nothing waits in the store or the lane is held; else when a claim may find something.
  ready_at                INTEGER,
  -- The node that has it in memory.
  owner                   INTEGER,
  failure_streak          INTEGER NOT NULL DEFAULT 0,
  streak_since_active_ms  INTEGER,
  rest_until              INTEGER,
  rest_ms                 INTEGER NOT NULL DEFAULT 0,
  wait_until              INTEGER,
  held_since              INTEGER,
  held_ms                 INTEGER NOT NULL DEFAULT 0,
  -- Since when it is not held; NULL since it was made.
  active_since            INTEGER,
  -- Payload bytes that came while it was held: the tenant's quota.
  held_bytes              INTEGER NOT NULL DEFAULT 0,
  attempts_ok             INTEGER NOT NULL DEFAULT 0,
  attempts_failed         INTEGER NOT NULL DEFAULT 0,
  last_attempt_at         INTEGER
) STRICT;
CREATE INDEX lanes_ready ON lanes (ready_at) WHERE ready_at IS NOT NULL AND owner IS NULL;

CREATE TABLE event_types (
  seq        INTEGER PRIMARY KEY,
  tenant_seq INTEGER NOT NULL,
  name       TEXT NOT NULL,
  UNIQUE (tenant_seq, name)
) STRICT;

CREATE TABLE events (
  seq                INTEGER PRIMARY KEY,
  id                 BLOB NOT NULL UNIQUE,
  tenant_seq         INTEGER NOT NULL,
  type_seq           INTEGER NOT NULL,
  -- The payload's own JSON text, byte for byte.
  payload            TEXT NOT NULL,
  accepted_at        INTEGER NOT NULL,
  pause_id           BLOB,
  -- The deliveries made with it are consecutive; no index is needed to find them.
  first_delivery_seq INTEGER NOT NULL,
  delivery_count     INTEGER NOT NULL,
  named              INTEGER NOT NULL,
  -- JSON array of endpoint sequences that were named and got none because they were DISABLED.
  named_disabled     TEXT,
  -- 1 when an idempotency key names it: it lives at least as long as the key.
  keyed              INTEGER NOT NULL
) STRICT;
-- With deliveries_of_type it tells whether anything refers to a type; the success path never writes it.
CREATE INDEX events_alone ON events (type_seq) WHERE delivery_count = 0;

-- state: 0 waiting for the first attempt of its run, 1 waiting for a retry, 2 leased,
--        3 DELIVERED, 4 FAILED, 5 CANCELLED, 6 EXPIRED.
CREATE TABLE deliveries (
  seq                 INTEGER PRIMARY KEY,
  id                  BLOB NOT NULL UNIQUE,
  event_seq           INTEGER NOT NULL,
  endpoint_seq        INTEGER NOT NULL,
  tenant_seq          INTEGER NOT NULL,
  type_seq            INTEGER NOT NULL,
  state               INTEGER NOT NULL,
  -- Fixed at creation, so that the body's bytes never change.
  format              INTEGER NOT NULL,
  ordered             INTEGER NOT NULL,
  created_at          INTEGER NOT NULL,
  -- Its place in the lane, and unless ordered the time of its next attempt.
  due_at              INTEGER NOT NULL,
  lease               INTEGER,
  claims              INTEGER NOT NULL,
  attempts            INTEGER NOT NULL,
  -- Attempts and claims of earlier runs; a run begins with publish, retry or recover.
  attempts_before_run INTEGER NOT NULL,
  claims_before_run   INTEGER NOT NULL,
  run_started_at      INTEGER,
  run_first_active_ms INTEGER,
  last_attempt_at     INTEGER,
  -- Its latest attempt; each attempt names the one before it.
  last_attempt_seq    INTEGER,
  ended_at            INTEGER,
  reason              TEXT,
  cancel_requested    INTEGER NOT NULL,
  -- 1 when it was made after its event (replay, recover).
  later               INTEGER NOT NULL
) STRICT;
-- Insert-only: no state in them, so the success path never rewrites an entry.
CREATE INDEX deliveries_of_tenant ON deliveries (tenant_seq);
CREATE INDEX deliveries_of_endpoint ON deliveries (endpoint_seq);
CREATE INDEX deliveries_of_type ON deliveries (type_seq);
CREATE INDEX deliveries_later ON deliveries (event_seq) WHERE later = 1;
-- The one index of the success path that is deleted from: as small as what is on the wire.
CREATE INDEX deliveries_leased ON deliveries (lease) WHERE lease IS NOT NULL;
-- Exceptional states.
CREATE INDEX deliveries_waiting ON deliveries (endpoint_seq, due_at, seq) WHERE state < 2;
CREATE INDEX deliveries_exceptional_of_tenant ON deliveries (tenant_seq, state) WHERE state NOT IN (2, 3);
CREATE INDEX deliveries_exceptional_of_endpoint ON deliveries (endpoint_seq, state) WHERE state NOT IN (2, 3);

-- The URLs that attempts went to: an endpoint's may change.
CREATE TABLE urls (
  seq          INTEGER PRIMARY KEY,
  endpoint_seq INTEGER NOT NULL,
  url          TEXT NOT NULL,
  UNIQUE (endpoint_seq, url)
) STRICT;

-- In the order of their ends: the stream reads it from any place.
CREATE TABLE attempts (
  seq            INTEGER PRIMARY KEY,
  delivery_seq   INTEGER NOT NULL,
  -- The attempt of the same delivery before it.
  previous_seq   INTEGER,
  id             BLOB NOT NULL,
  number         INTEGER NOT NULL,
  started_at     INTEGER NOT NULL,
  latency_ms     INTEGER NOT NULL,
  -- 0 SUCCESS, 1 RETRYABLE_FAILURE, 2 NON_RETRYABLE_FAILURE
  outcome        INTEGER NOT NULL,
  classification TEXT NOT NULL,
  http_status    INTEGER,
  snippet        TEXT,
  error_detail   TEXT,
  url_seq        INTEGER NOT NULL
) STRICT;

-- Sums, one row per endpoint and hour, written once per group commit. endpoint_seq 0 is the whole tenant.
CREATE TABLE counters (
  tenant_seq     INTEGER NOT NULL,
  hour           INTEGER NOT NULL,
  endpoint_seq   INTEGER NOT NULL,
  total          INTEGER NOT NULL,
  delivered      INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  latency_sum_ms INTEGER NOT NULL,
  under_100_ms   INTEGER NOT NULL,
  under_300_ms   INTEGER NOT NULL,
  under_1000_ms  INTEGER NOT NULL,
  under_5000_ms  INTEGER NOT NULL,
  over_5000_ms   INTEGER NOT NULL,
  PRIMARY KEY (tenant_seq, hour, endpoint_seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  seq         INTEGER PRIMARY KEY,
  id          BLOB NOT NULL UNIQUE,
  tenant_seq  INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  -- JSON: what the job is about and how far it is.
  cursor      TEXT NOT NULL,
  done        INTEGER NOT NULL DEFAULT 0,
  created_at  INTEGER NOT NULL,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_running ON jobs (seq) WHERE finished_at IS NULL;
