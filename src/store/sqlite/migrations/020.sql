-- What a job shows of itself, and when its next step may run.
ALTER TABLE jobs ADD COLUMN total INTEGER;
-- JSON: how many rows could not be changed, by reason.
ALTER TABLE jobs ADD COLUMN failures TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN per_second INTEGER;
ALTER TABLE jobs ADD COLUMN endpoint_seq INTEGER;
-- key, user or system, and the id of the key or the user.
ALTER TABLE jobs ADD COLUMN actor_kind TEXT;
ALTER TABLE jobs ADD COLUMN actor_id BLOB;
ALTER TABLE jobs ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET endpoint_seq = json_extract(cursor, '$.endpointSeq');
CREATE INDEX jobs_of_tenant ON jobs (tenant_seq, seq);
