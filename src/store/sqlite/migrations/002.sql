-- Human pauses, and an audit that can be asked for.

CREATE TABLE pauses (
  -- AUTOINCREMENT: an idempotency key names a pause by its number, which must never be another's.
  seq                   INTEGER PRIMARY KEY AUTOINCREMENT,
  id                    BLOB NOT NULL UNIQUE,
  tenant_seq            INTEGER NOT NULL REFERENCES tenants (seq),
  -- 0 pending, 1 responded, 2 timed_out, 3 cancelled
  status                INTEGER NOT NULL DEFAULT 0,
  message               TEXT NOT NULL,
  -- JSON array of strings.
  options               TEXT NOT NULL,
  allow_text_response   INTEGER NOT NULL,
  timeout_default       TEXT,
  -- The object's own JSON text.
  metadata              TEXT,
  -- 0 email, 1 slack, 2 sms; NULL: there is no recipient.
  channel               INTEGER,
  -- AES-256-GCM: a Slack URL is a secret, an address is personal data.
  recipient_sealed      BLOB,
  expires_at            INTEGER NOT NULL,
  created_at            INTEGER NOT NULL,
  choice                TEXT,
  text                  TEXT,
  -- When the ending was written down: for a time-out, after expires_at, which is what is shown.
  ended_at              INTEGER,
  -- What the audit was told of already; both are bounded.
  openings              INTEGER NOT NULL DEFAULT 0,
  refused_answers       INTEGER NOT NULL DEFAULT 0,
  -- 0 none, 1 pending, 2 sent, 3 failed
  notification          INTEGER NOT NULL,
  notification_reason   TEXT,
  -- NULL unless it waits for an attempt; then nobody has claimed it and the pause is pending.
  notification_due_at   INTEGER,
  -- The node that has claimed it.
  notification_node     INTEGER,
  notification_attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX pauses_of_tenant ON pauses (tenant_seq);
CREATE INDEX pauses_of_status ON pauses (tenant_seq, status);
CREATE INDEX pauses_due ON pauses (expires_at) WHERE status = 0;
CREATE INDEX notifications_due ON pauses (channel, notification_due_at) WHERE notification_due_at IS NOT NULL;
CREATE INDEX notifications_of_tenant ON pauses (channel, tenant_seq, notification_due_at)
  WHERE notification_due_at IS NOT NULL;
CREATE INDEX notifications_claimed ON pauses (notification_node) WHERE notification_node IS NOT NULL;

-- The audit gets public ids and pauses; a human and Signalbox itself have no id as actors.
ALTER TABLE audit RENAME TO audit_before;
DROP INDEX audit_of_tenant;
CREATE TABLE audit (
  seq        INTEGER PRIMARY KEY,
  id         BLOB NOT NULL,
  tenant_seq INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  -- key, user, human or system
  actor_kind TEXT NOT NULL,
  actor_id   BLOB,
  -- The pause's public id: an entry may outlive its pause.
  pause_id   BLOB,
  data       TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
-- UUIDv7 of when they were written.
INSERT INTO audit (seq, id, tenant_seq, event_type, actor_kind, actor_id, data, created_at)
SELECT
  seq,
  unhex(
    printf('%012x', created_at) || '7' || substr(hex(randomblob(2)), 2)
    || substr('89AB', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(8)), 2)),
  tenant_seq, event_type, actor_kind, actor_id, data, created_at
FROM audit_before;
DROP TABLE audit_before;
-- By time and not by sequence: its filters are exact, and times disagree a little with commit order.
CREATE INDEX audit_of_tenant ON audit (tenant_seq, created_at);
CREATE INDEX audit_of_type ON audit (tenant_seq, event_type, created_at);
CREATE INDEX audit_of_pause ON audit (pause_id, created_at) WHERE pause_id IS NOT NULL;
